"""The emulator's codes that no documentation and no report confirms, and what a run says about them."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import sandbox.cloudflare
from sandbox.cloudflare.responses import Guessed
from scripts.live.replay import Comparison


@dataclass(frozen=True, order=True)
class Guess:
    """One code, with the module of the emulator that has it. The message ends at its first placeholder."""

    module: str
    code: int
    message: str


def guesses() -> list[Guess]:
    """Every guessed code in the emulator's source."""
    folder = Path(sandbox.cloudflare.__file__).parent
    return sorted({guess for file in folder.rglob("*.py") for guess in _in(file)})


def verdict(guess: Guess, comparisons: Sequence[Comparison]) -> str:
    """`guessed` where no call met it, or none that the token may make; `confirmed`; or what the service answers."""
    met = [each.exchange.reply for each in comparisons if _is_met(guess, each)]
    replies = [reply for reply in met if not reply.is_forbidden]
    if not replies:
        return "guessed; the token may not make the call" if met else "guessed"
    codes = sorted({reply.code or f"status {reply.status}" for reply in replies})
    return "confirmed" if codes == [str(guess.code)] else f"the service answers {', '.join(codes)}"


def _is_met(guess: Guess, comparison: Comparison) -> bool:
    """Codes repeat, so the message decides."""
    errors = comparison.emulated.errors
    return comparison.emulated.guess == str(guess.code) and str(errors[0].get("message")).startswith(guess.message)


def _in(file: Path) -> Iterator[Guess]:
    tree = ast.parse(file.read_text())
    messages = {id(first): second for first, second in _pairs(tree)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=Guessed.__name__), args=[ast.Constant(value=int(code))]):
                yield Guess(file.stem, code, _text(messages.get(id(node))).partition("{")[0])


def _pairs(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            yield node.elts[0], node.elts[1]


def _text(node: ast.expr | None) -> str:
    """The text that a string begins with."""
    if isinstance(node, ast.JoinedStr):
        return _text(node.values[0])
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""

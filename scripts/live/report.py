"""The report of a run, in Markdown: fit to be attached to an issue, since everything in it is masked."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scripts.live.exchange import Reply
from scripts.live.guesses import guesses, verdict
from scripts.live.masking import Mask
from scripts.live.replay import Comparison
from scripts.live.shapes import Shape, differences, shape


@dataclass
class Report:
    """What a run has to tell. `steps` and `notes` are texts for the reader, masked when they are written."""

    steps: list[tuple[str, str]] = field(default_factory=list)
    """Each step with its result."""
    notes: list[str] = field(default_factory=list)
    """What the run left out, and what else is worth knowing."""
    comparisons: Sequence[Comparison] = ()
    complete: bool = True
    """Whether every step succeeded."""
    left: list[str] = field(default_factory=list)
    """What the run could not delete."""

    @property
    def deviations(self) -> int:
        """Number of calls to which service and emulator answer differently."""
        return sum(1 for each in self.comparisons if any(_deviations(each)))

    def markdown(self, mask: Mask, title: str) -> str:
        """The whole report. `title` names versions and time."""
        return "\n".join(
            [
                *("# Cloudflare's API and the sandbox's emulator", "", mask.text(title), ""),
                f"{len(self.comparisons)} calls, {self.deviations} of them answered differently.",
                *("", "| step | result |", "|---|---|"),
                *(_row(step, mask.text(result)) for step, result in self.steps),
                *("", *(f"- {mask.text(note)}" for note in self.notes)),
                *(f"- Left behind, to be deleted by hand: {mask.text(each)}" for each in self.left),
                *("", "## Deviations", ""),
                *(self._deviation_lines(mask) or ["None."]),
                *("", "## Guessed codes", "", "| code | message | in the emulator | verdict |", "|---|---|---|---|"),
                *(_row(each.code, each.message, each.module, verdict(each, self.comparisons)) for each in guesses()),
                *("", "## Calls", "", "| # | step | call | service | emulator | |", "|---|---|---|---|---|---|"),
                *(_call(number, each, mask) for number, each in enumerate(self.comparisons, 1)),
                *("", "## Shapes of the service's answers", ""),
                *_shapes(self.comparisons, mask),
            ]
        )

    def _deviation_lines(self, mask: Mask) -> list[str]:
        lines: list[str] = []
        for number, each in enumerate(self.comparisons, 1):
            found = [mask.text(line) for line in _deviations(each)]
            if found:
                lines += [f"**{number}. `{each.exchange.method} {mask.path(each.exchange.path)}`**", ""]
                lines += [*(f"- {line}" for line in found), ""]
        return lines


def _deviations(comparison: Comparison) -> Iterator[str]:
    real, emulated = comparison.exchange.reply, comparison.emulated
    if _is_unknown(comparison):
        return
    if real.status != emulated.status:
        yield f"status {real.status}, {emulated.status} in the emulator"
    if real.code != emulated.code:
        guess = ", which is a guess" if emulated.guess else ""
        yield f"error code {_code(real)}, {_code(emulated)} in the emulator{guess}"
    if real.status == emulated.status:
        yield from differences(_shape(real), _shape(emulated))


def _is_unknown(comparison: Comparison) -> bool:
    """Whether the service refused the token, which says nothing about the emulator's answer to a token that may."""
    return comparison.exchange.reply.is_forbidden and not comparison.emulated.is_forbidden


def _code(reply: Reply) -> str:
    """The first error's code and message."""
    return f"{reply.code} ({reply.errors[0].get('message', '')})" if reply.errors else "none"


def _shape(reply: Reply) -> Shape:
    """The shape of a reply. `messages` holds the emulator's own words, and codes are compared by themselves."""
    body = reply.body
    if not isinstance(body, dict):
        return f"no JSON object but {reply.content_type.partition(';')[0]}" if reply.content else "nothing"
    return shape({key: value for key, value in body.items() if key != "messages"})


def _call(number: int, comparison: Comparison, mask: Mask) -> str:
    exchange, emulated = comparison.exchange, comparison.emulated
    verdict = "not permitted" if _is_unknown(comparison) else "differs" if any(_deviations(comparison)) else "agrees"
    call = f"`{exchange.method} {mask.path(exchange.path)}`"
    return _row(number, exchange.step, call, _status(exchange.reply), _status(emulated), verdict)


def _status(reply: Reply) -> str:
    status = str(reply.status or "no answer")
    return f"{status}, code {reply.code}{' (guessed)' if reply.guess else ''}" if reply.code else status


def _shapes(comparisons: Sequence[Comparison], mask: Mask) -> Iterator[str]:
    """Each shape once, below the first call that it answers."""
    shown: set[str] = set()
    for number, each in enumerate(comparisons, 1):
        text = mask.text(json.dumps(_shape(each.exchange.reply), indent=2))
        call = f"{each.exchange.method} {mask.path(each.exchange.path).partition('?')[0]}"
        if f"{call} {text}" not in shown:
            shown.add(f"{call} {text}")
            summary = f"<summary>{number}. {call}: {each.exchange.reply.status}</summary>"
            yield from ("<details>", summary, "", "```json", text, "```", "", "</details>", "")


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

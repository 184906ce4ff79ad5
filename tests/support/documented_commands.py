"""The blocks of commands in README and docs, with the comment above each that is not simply run.

`<!-- not run: REASON -->`, `<!-- run by TEST -->` (another test, at this path), or `<!-- run with a connector -->`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.paths import PROJECT

PAGES = (PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md")))
_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<note>(?:not run|run)\b[^>]*) -->\n\n)?^ *```(?P<kind>console|sh|bash)\n(?P<text>.*?)^ *```$",
    re.DOTALL | re.MULTILINE,
)
CONNECTOR = "run with a connector"
SHELL = ("docs/environments.md", "docs/sandbox.md", "docs/preflight.md", "docs/recover.md", "docs/troubleshooting.md")
"""Pages whose commands run in the shell of the sandbox, in an order in which each finds what it needs."""
WITH_CONNECTOR = ("docs/verify.md", "docs/access.md")
"""Those that follow where there is a connector."""


@dataclass(frozen=True)
class Block:
    """The commands of one block."""

    page: str
    """The page's path in the project."""
    note: str
    script: str

    @property
    def runs(self) -> bool:
        """Whether the test of documented commands runs it, if there is a connector."""
        return self.note in ("", CONNECTOR)


def blocks() -> Iterator[Block]:
    """Every block, page by page."""
    for page in PAGES:
        for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
            text = _typed(found["text"]) if found["kind"] == "console" else found["text"]
            yield Block(str(page.relative_to(PROJECT)), found["note"] or "", text)


def _typed(text: str) -> str:
    """What is typed in a console, without what it prints: lines after `$ `, and those that continue one."""
    lines: list[str] = []
    continued = False
    for line in text.splitlines():
        typed = re.match(r" *\$ (.*)", line)
        if typed or continued:
            lines.append(typed[1] if typed else line)
            continued = lines[-1].endswith("\\")
    return "\n".join([*lines, ""])

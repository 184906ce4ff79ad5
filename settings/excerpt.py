"""The two lines of a file that a problem of its syntax is about."""

import re
from collections.abc import Sequence

from settings.errors import REDACTED
from settings.plain_text import escaped, shortened

WIDTH = 100
# A token, a key or a ciphertext, none of which belongs in a message.
_SECRET = re.compile(r"[A-Za-z0-9+/=_-]{41,}|(?<=secure:)\s*\S+")


def excerpt(lines: Sequence[str], line: int, column: int, other_line: int = 0) -> tuple[str, ...]:
    """The other line, by default the one before, then the line with the problem and a mark below its column.

    Lines and columns count from 1; a line of 0 is no line, and has no excerpt. Secrets are hidden.
    """
    if not 0 < line <= len(lines) + 1:
        return ()
    lines = [*lines, ""]
    other = other_line if 0 < other_line < line else line - 1
    width = len(str(line))
    shown = [f"{number:>{width}} | {_shown(lines[number - 1])}" for number in (other, line) if number]
    start = lines[line - 1][: column - 1]
    # The mark is omitted where what precedes it is not shown as it is.
    marked = len(start) < WIDTH - 3 and _shown(start) == start.replace("\t", "\\t")
    mark = [f"{'':>{width}} | {'':>{len(_shown(start))}}^"] if marked else []
    return (*shown, *mark)


def _shown(line: str) -> str:
    return shortened(escaped(_SECRET.sub(REDACTED, line)), WIDTH)

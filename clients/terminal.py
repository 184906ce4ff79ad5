"""Standard output and error of a command line: any text can be printed, and an error that no code expects is one line.

Light to import: a command line needs it before it knows which command runs.
"""

import io
import os
import sys
import traceback
from pathlib import Path

VARIABLE = "CULVERT_TRACEBACK"
_PROJECT = Path(__file__).resolve().parents[1]


def make_printable() -> None:
    """Lets standard output and error print any text: what their encoding does not have is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def line_on(error: BaseException) -> str:
    """What to report of an error: its kind and place. Its own text may contain what was read, so it is left out.

    With `CULVERT_TRACEBACK=1` the traceback is printed on standard error.
    """
    return f"a fault of culvert: {place_of(error)}. Report this line, with the traceback that {VARIABLE}=1 prints"


def place_of(error: BaseException) -> str:
    """Kind and place of an error: `KeyError at ops/verify/checks/tunnel.py:47`. Prints the traceback as `line_on`."""
    if os.environ.get(VARIABLE):
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if Path(each.filename).is_relative_to(_PROJECT) and "/.venv/" not in each.filename]
    place = f" at {Path(own[-1].filename).relative_to(_PROJECT)}:{own[-1].lineno}" if own else ""
    return f"{type(error).__name__}{place}"

"""Output of the commands: results on standard output, progress on standard error."""

import json
import sys
from collections.abc import Callable


def print_progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def local_address(hostname: str, frontend: str) -> str:
    """The address of a hostname for browsers and curl on this machine, without a path: names under .localhost lead to
    it, and the edge, at `frontend`, takes that suffix off."""
    return frontend.replace("127.0.0.1", f"{hostname}.localhost")


def print_result(result: object, as_json: bool, print_text: Callable[[], None]) -> None:
    """Prints the result as JSON, or calls `print_text` to print it for people."""
    if as_json:
        print(json.dumps(result))
    else:
        print_text()

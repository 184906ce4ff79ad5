"""Output of the commands: results on standard output, progress on standard error."""

import json
import sys
from collections.abc import Callable


def print_progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def print_result(result: object, as_json: bool, print_text: Callable[[], None]) -> None:
    """Prints the result as JSON, or calls `print_text` to print it for people."""
    if as_json:
        print(json.dumps(result))
    else:
        print_text()

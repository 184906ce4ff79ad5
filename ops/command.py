"""How a command that looks at a real stack ends."""

import json
import os
import sys
from collections.abc import Callable

import typer

from ops.verify.result import Unread
from settings import SettingsError


def run(app: typer.Typer, why: Callable[[Exception], str | None] = lambda _: None) -> None:
    """Runs the command line; whatever keeps it from its work is told in a line, with exit status 2 (130 when interrupted).

    `why` says it of errors that this command alone can meet, and gives None for others.
    """
    os.environ.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
    try:
        status = app(standalone_mode=False)
    except KeyboardInterrupt:
        status = 130
    except Exception as error:
        told = why(error) or _why(error)
        if told is None:
            raise
        if "--json" in sys.argv[1:]:
            print(json.dumps({"status": 2, "errors": [{"message": told}]}))
        print(told, file=sys.stderr)
        status = 2
    sys.exit(status or 0)


def _why(error: Exception) -> str | None:
    match error:
        case typer.TyperException():
            return error.format_message()
        case FileNotFoundError():
            return f"{error.filename or error} is not there: name a stack with --stack, or its file with --config"
        case Unread(remedy=remedy) if remedy:
            return f"{error}: {remedy}"
        case SettingsError() | Unread() | ValueError():
            return str(error)
    return None

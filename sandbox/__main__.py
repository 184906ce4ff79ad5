"""`python -m sandbox`: the command line, run by the project's Python if the caller's lacks the packages."""

import atexit
import gc
import importlib.util
import os
import sys
from pathlib import Path

_VENV = Path(__file__).resolve().parent.parent / ".venv" / "bin" / "python"


def _main() -> None:
    if any(importlib.util.find_spec(package) is None for package in ("pydantic", "typer", "fastapi")):
        if not _VENV.exists() or Path(sys.executable) == _VENV:
            sys.exit("The sandbox's packages are not installed. Run `make setup` to install them into .venv.")
        # The `python` on the PATH is often not the one of `make setup`: continue with that one.
        os.execv(_VENV, [str(_VENV), "-m", "sandbox", *sys.argv[1:]])
    # Nearly all objects of a command live until it ends. To search for unused ones, also at the exit, took a third of
    # its processor time.
    gc.disable()
    atexit.register(gc.freeze)
    from sandbox.cli import run

    run()


if __name__ == "__main__":
    _main()

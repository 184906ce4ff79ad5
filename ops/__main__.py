"""`python -m ops`, continued with the project's `.venv` if the caller's Python lacks the packages."""

import atexit
import gc
import importlib.util
import os
import sys
from pathlib import Path

_VENV = Path(__file__).resolve().parent.parent / ".venv" / "bin" / "python"
_PACKAGES = ("typer", "pydantic", "urllib3", "cloudflare")


def _main() -> None:
    if any(importlib.util.find_spec(package) is None for package in _PACKAGES):
        if not _VENV.exists() or Path(sys.executable) == _VENV:
            sys.exit("The packages of these commands are not installed; `make setup` installs them into .venv.")
        os.execv(_VENV, [str(_VENV), "-m", "ops", *sys.argv[1:]])
    # At its exit, the interpreter would search the memory for unused objects, which takes a tenth of a second.
    atexit.register(gc.freeze)
    from clients import lazy_sdk

    # The commands read names and labels from the components, whose SDKs take three seconds to import as a whole.
    lazy_sdk.install()
    from ops.cli import run

    run()


if __name__ == "__main__":
    _main()

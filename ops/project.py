"""The Pulumi project that a command works on: this checkout, or the one that its stack file belongs to."""

from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[1]
"""The checkout, with the program."""

_used = PROJECT


def use_project_of(config: Path | None) -> None:
    """Works on the project of the stack file `config` from now on: that of the Pulumi.yaml beside it, if there is one.

    A project made from a template has its own name, and with it other names of everything that its stacks own.
    """
    global _used
    _used = config.resolve().parent if config and (config.parent / "Pulumi.yaml").is_file() else PROJECT


def project_folder() -> Path:
    """The folder with the project's Pulumi.yaml."""
    return _used


def project_name() -> str:
    """The name of the Pulumi project."""
    return yaml.safe_load((_used / "Pulumi.yaml").read_text())["name"]

"""The stack file: written where nothing is, and not before its settings are good."""

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import yaml

from ops.migrate.errors import MigrateError
from settings import Settings
from settings.errors import PREFIX

HEAD = """# yaml-language-server: $schema=culvert.schema.json
# Made by `python -m ops migrate`. What it could not carry over was printed: see docs/adoption.md.
"""


class _Dumper(yaml.SafeDumper):
    """Ids in quotes: some would be read as numbers."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if re.fullmatch(r"[0-9a-f]{32}", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def text(values: dict[str, Any]) -> str:
    """The file's text."""
    config = {f"{PREFIX}{key}": value for key, value in values.items()}
    return HEAD + yaml.dump({"config": config}, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def write(values: dict[str, Any], path: Path, force: bool) -> None:
    """Writes the file whole or not at all, once what stands in it is read back and found good."""
    if path.exists() and not force:
        raise MigrateError(f"{path} is there already, and was left as it is; --force overwrites it")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder) / path.name
        draft.write_text(text(values), encoding="utf-8")
        Settings.from_stack_file(draft)
        os.replace(draft, path)

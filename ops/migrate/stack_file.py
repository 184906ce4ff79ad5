"""The stack file: rendered as YAML, and written once its settings are valid."""

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import yaml

from ops.errors import OperatorError
from settings import Settings
from settings.errors import PREFIX
from settings.yaml_scalars import Resolver

HEAD = """# yaml-language-server: $schema=culvert.schema.json
# Written by `python -m ops migrate`, which printed what it could not migrate: see docs/migrate.md.
"""


class _Dumper(yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper):  # pyright: ignore[reportGeneralTypeIssues]
    """Quotes ids, since some would be read as numbers, and every other string that the engine would not read as one."""

    yaml_implicit_resolvers = {
        first: [
            *yaml.SafeDumper.yaml_implicit_resolvers.get(first, []),
            *Resolver.yaml_implicit_resolvers.get(first, []),
        ]
        for first in {*yaml.SafeDumper.yaml_implicit_resolvers, *Resolver.yaml_implicit_resolvers}
    }


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if re.fullmatch(r"[0-9a-f]{32}", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def render(values: dict[str, Any]) -> str:
    """The text of the stack file."""
    config = {f"{PREFIX}{key}": value for key, value in values.items()}
    return HEAD + yaml.dump({"config": config}, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def write(values: dict[str, Any], path: Path, force: bool) -> None:
    """Writes the file at once, after reading it back as settings. An existing file is kept unless `force`."""
    if path.exists() and not force:
        raise OperatorError(f"{path} exists and was not changed; --force overwrites it")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder) / path.name
        draft.write_text(render(values), encoding="utf-8")
        Settings.from_stack_file(draft)
        os.replace(draft, path)

"""A stack file with its lines: the settings in it, and the line of each key."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from settings import references, yaml_nodes
from settings.errors import PREFIX, SettingIssue, SettingsError

MERGE = "<<"
_PART = re.compile(r'\["(?P<quoted>[^"]*)"\]|\[(?P<index>[0-9]+)\]|\.?(?P<name>[^.\[]+)')


@dataclass(frozen=True)
class StackFile:
    """A parsed stack file. `values` are the settings of culvert by their full key."""

    name: str
    values: Mapping[str, Any]
    root: yaml.Node | None = None

    def locate(self, issues: Iterable[SettingIssue], keys: Iterable[str] | None = None) -> list[SettingIssue]:
        """The issues with their lines in this file: the line of the key, or where that is absent, of the innermost part
        of it that is present. `keys` are the top-level keys to locate, by default all."""
        known = None if keys is None else set(keys)
        return [
            issue if known is not None and top_level_key(issue.key) not in known else self._located(issue)
            for issue in issues
        ]

    def _located(self, issue: SettingIssue) -> SettingIssue:
        config = _find(self.root, "config") if issue.key.startswith(PREFIX) else None
        if config is None:
            return issue
        mark, node = config
        for part in _parts(issue.key):
            found = _find(node, part)
            if found is None:
                break
            mark, node = found
        return replace(issue, location=f"{self.name}:{mark.line + 1}")


def read(path: Path) -> StackFile:
    """Parse a stack file. Raises SettingsError, with line and column where it is not valid YAML."""
    root, document = parse(path)
    config = document.get("config") if isinstance(document, dict) else None
    config = config if isinstance(config, dict) else {}
    values = {key: value for key, value in config.items() if isinstance(key, str) and key.startswith(PREFIX)}
    return StackFile(path.name, values, root)


def parse(path: Path) -> tuple[yaml.Node | None, Any]:
    """Nodes and contents of a YAML file. Raises SettingsError."""
    try:
        return yaml_nodes.document(path.read_bytes())
    except yaml_nodes.YamlError as error:
        location = f"line {error.line}, column {error.column}" if error.line else ""
        problem, source = f"is not valid YAML: {error.problem}", references.PULUMI_CONFIGURATION
        issue = SettingIssue(path.name, path.name, problem, "a YAML document", source, location)
        raise SettingsError([issue]) from None


def top_level_key(key: str) -> str:
    """The top-level key of a path: `culvert:routes` of `culvert:routes[2].path`."""
    return re.split(r"[.\[]", key, maxsplit=1)[0]


def _parts(key: str) -> list[str | int]:
    """The parts of a path: `culvert:routes`, 2 and `path` of `culvert:routes[2].path`."""
    return [
        int(match["index"]) if match["index"] else match["quoted"] or match["name"] for match in _PART.finditer(key)
    ]


def _find(node: yaml.Node | None, part: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    """A part of a node: where it begins, its key's place in a mapping, and its node."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark, node.value[part]
    if not isinstance(node, yaml.MappingNode):
        return None
    for key, value in node.value:
        if key.value == part:
            return key.start_mark, value
    merged = [value for key, value in node.value if key.value == MERGE]
    inherited = [
        each for value in merged for each in (value.value if isinstance(value, yaml.SequenceNode) else [value])
    ]
    return next((found for each in inherited if (found := _find(each, part))), None)

"""A stack file with its lines: the settings in it, and the line of each key."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from settings import references, yaml_nodes
from settings.errors import PREFIX, SettingIssue, SettingsError
from settings.excerpt import excerpt
from settings.schema import Options
from settings.stack_file_layout import layout

MERGE = "<<"
_PART = re.compile(r'\["(?P<quoted>[^"]*)"\]|\[(?P<index>[0-9]+)\]|\.?(?P<name>[^.\[]+)')


@dataclass(frozen=True)
class StackFile:
    """A parsed stack file: its settings by their key without the prefix, and what is wrong with its layout.

    `misplaced` has the settings that are not where or as the engine expects them, each with an issue in `issues`.
    """

    name: str
    values: Mapping[str, Any]
    misplaced: Mapping[str, Any] = field(default_factory=dict)
    issues: Sequence[SettingIssue] = ()
    root: yaml.Node | None = field(default=None, compare=False)

    def locate(self, issues: Iterable[SettingIssue], keys: Iterable[str] | None = None) -> list[SettingIssue]:
        """The issues with their lines in this file: the line of the key, or where that is absent, of the innermost part
        of it that is present. `keys` are the top-level keys to locate, by default all."""
        known = None if keys is None else set(keys)
        return [
            issue if known is not None and top_level_key(issue.key) not in known else self._located(issue)
            for issue in issues
        ]

    def _located(self, issue: SettingIssue) -> SettingIssue:
        if not issue.key.startswith(PREFIX) or issue.location:
            return issue
        return replace(issue, location=_location(self.name, self.root, ["config", *_parts(issue.key)]))


def read(path: Path, model: type[Options]) -> StackFile:
    """Parse a stack file with the settings of `model`. Raises SettingsError, with line and column where it is not valid
    YAML."""
    root, document = parse(path)
    found = layout(document, model)
    issues = [
        replace(issue, key=issue.key or path.name, location=_location(path.name, root, place))
        for place, issue in found.issues
    ]
    return StackFile(path.name, found.values, found.misplaced, issues, root)


def provider_settings(path: Path, provider: str, keys: Iterable[str]) -> dict[str, str]:
    """What a stack file says about a provider: those of `keys` (`context` of `kubernetes:context`) that are plain
    strings. Raises SettingsError where it is not valid YAML."""
    _, document = parse(path)
    config = document.get("config") if isinstance(document, dict) else None
    values = {key: config.get(f"{provider}:{key}") for key in keys} if isinstance(config, dict) else {}
    return {key: value for key, value in values.items() if isinstance(value, str) and value}


def _location(name: str, root: yaml.Node | None, path: Sequence[str | int]) -> str:
    """The line of a path, or where a part of it is absent, of the innermost part that is present; empty if none is."""
    mark, node = None, root
    for part in path:
        found = _find(node, part)
        if found is None:
            break
        mark, node = found
    return f"{name}:{mark.line + 1}" if mark else ""


def parse(path: Path) -> tuple[yaml.Node | None, Any]:
    """Nodes and contents of a YAML file. Raises SettingsError."""
    content = path.read_bytes()
    try:
        return yaml_nodes.document(content)
    except yaml_nodes.YamlError as error:
        location = f"line {error.line}, column {error.column}" if error.line else ""
        lines = excerpt(content.decode(errors="replace").splitlines(), error.line, error.column, error.other_line)
        problem, source = f"is not valid YAML: {error.problem}", references.PULUMI_CONFIGURATION
        issue = SettingIssue(path.name, path.name, problem, "a YAML document", source, location, lines)
        raise SettingsError([issue]) from None


def top_level_key(key: str) -> str:
    """The top-level key of a path: `culvert:routes` of `culvert:routes[2].path`."""
    return re.split(r"[.\[]", key, maxsplit=1)[0]


def _parts(key: str) -> list[str | int]:
    """The parts of a path: `culvert:routes`, 2 and `path` of `culvert:routes[2].path`."""
    parts: list[str | int] = [
        int(match["index"]) if match["index"] else match["quoted"] or match["name"] for match in _PART.finditer(key)
    ]
    # A top-level key with a dot in it: `culvert:["connector.replicas"]`.
    return [f"{PREFIX}{parts[1]}", *parts[2:]] if parts[:1] == [PREFIX] and len(parts) > 1 else parts


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

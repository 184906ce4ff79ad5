"""Layout of a stack file: its settings, and those that are not where or as the engine expects them.

The engine ignores what is outside `config`. Below it, it takes a key without a prefix for one with the project's name;
where both are there, the last one wins (https://www.pulumi.com/docs/iac/concepts/config/).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from settings import references
from settings.errors import PREFIX, SettingIssue
from settings.key_paths import place_of
from settings.schema import Options, yaml_keys

NAMESPACE = PREFIX.removesuffix(":")
_OWN = ("config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt")
"""Keys that the engine reads: https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/."""


@dataclass
class Layout:
    """Settings of a stack file by their key without the prefix; `misplaced` has those that are not in place."""

    values: dict[str, Any] = field(default_factory=dict)
    misplaced: dict[str, Any] = field(default_factory=dict)
    issues: list[tuple[tuple[str, ...], SettingIssue]] = field(default_factory=list)
    """What is wrong with the layout, each with the path of its key in the file."""

    def reject(self, path: tuple[str, ...], problem: str, accepted: str) -> None:
        source = references.PULUMI_CONFIGURATION
        self.issues.append((path, SettingIssue(path[-1] if path else "", None, problem, accepted, source)))


def layout(document: Any, model: type[Options]) -> Layout:
    """The settings in a stack file's content, and what is wrong with their layout. `model` has the known keys."""
    found = Layout()
    if document is None:
        return found
    if not isinstance(document, dict):
        found.reject((), "must be an object with the key config", "config, and below it one key a line")
        return found
    config = document.get("config")
    for name, value in _entries(found, config, f"{PREFIX}accountId: …"):
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}config:"):
            found.values[name.removeprefix(PREFIX)] = value
        else:
            _other_key(found, model, name, value, config)
    for name, value in document.items():
        if name not in _OWN:
            _outside(found, model, name, value)
    return found


def _entries(found: Layout, config: Any, example: str) -> Iterator[tuple[str, Any]]:
    """The keys below `config`, also where they are wrongly written as a list."""
    if isinstance(config, dict):
        yield from config.items()
    elif isinstance(config, list) and config and all(isinstance(each, dict) for each in config):
        found.reject(("config",), "must be an object, but is a list", f"its keys without hyphens: {example}")
        for each in config:
            yield from each.items()
    elif config is not None:
        kind = "a list" if isinstance(config, list) else "a single value"
        found.reject(("config",), f"must be an object, but is {kind}", f"one key a line, indented: {example}")


def _other_key(found: Layout, model: type[Options], name: str, value: Any, config: Any) -> None:
    """A key below `config` that does not begin with the prefix."""
    known = yaml_keys(model)
    prefix, colon, rest = name.partition(":")
    if name == NAMESPACE and isinstance(value, dict):
        found.misplaced.update(value)
        first = next(iter(value), "accountId")
        problem = "is no group: the prefix belongs to each key"
        found.reject(("config", name), problem, f"{PREFIX}{first} and so on, directly below config")
    elif name.startswith(f"{PREFIX}config:"):
        key = name.removeprefix(f"{PREFIX}config:")
        _misplace(found, key, value)
        found.reject(("config", name), "is the engine's longer form of a key", f"{PREFIX}{key}")
    elif colon:
        if rest in known and get_close_matches(prefix.lower(), [NAMESPACE], cutoff=0.8):
            _misplace(found, rest, value)
            found.reject(("config", name), "is not a setting of culvert: the prefix is misspelled", f"{PREFIX}{rest}")
    elif name in known:
        _misplace(found, name, value)
        full = f"{PREFIX}{name}"
        both = isinstance(config, dict) and full in config
        problem = f"is {full} once more, and which of the two is used is chance" if both else "is without its prefix"
        found.reject(("config", name), problem, full)
    else:
        accepted = place_of(model, name) or f"keys that begin with {PREFIX}, or with the name of another package"
        found.reject(("config", name), "is neither a setting nor below the one that it belongs to", accepted)


def _outside(found: Layout, model: type[Options], name: str, value: Any) -> None:
    """A key beside `config`, where nothing of culvert's is."""
    key = name.removeprefix(PREFIX)
    if name.startswith(PREFIX) or name in yaml_keys(model):
        _misplace(found, key, value)
        found.reject((name,), "is outside config, where the engine does not read it", f"{PREFIX}{key} below config")
    elif isinstance(value, dict) and (
        name == NAMESPACE or any(str(each).startswith(PREFIX) for each in value) or get_close_matches(name, ["config"])
    ):
        for inner, each in value.items():
            _misplace(found, str(inner).removeprefix(PREFIX), each)
        found.reject((name,), "is not a key of a stack file", f"config, with {PREFIX}accountId and so on below it")


def _misplace(found: Layout, key: str, value: Any) -> None:
    found.misplaced.setdefault(key, value)

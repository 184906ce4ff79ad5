"""Unknown keys with an obvious correction: what is below one is checked as if its name were corrected."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from pydantic import ValidationError

from settings.key_paths import closest_key
from settings.pod_spec.fields import NESTED
from settings.pydantic_errors import SECRET_NAME, key_and_value, rule_at
from settings.schema import Group, yaml_keys

_OBVIOUS = 0.8
"""How alike the two names are at least, of 1. A name that is less so may be meant for something else."""

Path = tuple[Any, ...]


@dataclass(frozen=True)
class Correction:
    """An unknown key and the known one that is meant; `path` leads to the unknown key in the settings."""

    path: Path
    name: str
    key: str
    """The unknown key as in a stack file: `culvert:routes[1].hostnme`."""

    @property
    def corrected(self) -> str:
        """The known key as in a stack file."""
        return self.key.removesuffix(self.path[-1]) + self.name


def corrections(model: type[Group], data: Any, error: ValidationError) -> Iterator[Correction]:
    """The unknown keys among the errors of `model` about `data` that have an obvious correction."""
    for path, name in _obvious(model, data, error, ()):
        parent, unknown = _at(data, path[:-1]), path[-1]
        if not isinstance(parent, dict) or unknown not in parent or name in parent or "." in unknown:
            continue
        # What may be a secret is hidden, and would not be as the value of a known key.
        if isinstance(parent[unknown], (dict, list)) or not SECRET_NAME.search(unknown):
            yield Correction(path, name, key_and_value(path, data)[0])


def corrected(data: Any, found: Iterable[Correction]) -> Any:
    """A copy of the settings with these keys renamed, in their order."""
    for each in found:
        data = _renamed(data, each.path, each.name)
    return data


def as_written(key: str, found: Iterable[Correction]) -> str:
    """The key as it is in the stack file, of one with these corrections, the earliest first."""
    for each in reversed([*found]):
        if key == each.corrected or key.startswith((f"{each.corrected}.", f"{each.corrected}[")):
            key = each.key + key.removeprefix(each.corrected)
    return key


def _obvious(model: type[Group], data: Any, error: ValidationError, above: Path) -> Iterator[tuple[Path, str]]:
    for detail in error.errors(include_url=False):
        path = tuple(detail["loc"])
        if detail["type"] == NESTED:
            context = detail.get("ctx", {})
            yield from _obvious(context["group"], _at(data, path), context["error"], (*above, *path))
        elif detail["type"] == "extra_forbidden":
            unknown = str(path[-1])
            group, _ = rule_at(model, path)
            known = closest_key(yaml_keys(group), unknown)
            if known and SequenceMatcher(None, unknown.lower(), known.lower()).ratio() >= _OBVIOUS:
                yield (*above, *path), known


def _at(data: Any, path: Path) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _renamed(data: Any, path: Path, name: str) -> Any:
    first, *rest = path
    if rest:
        changed = _renamed(data[first], tuple(rest), name)
        if isinstance(data, dict):
            return {key: changed if key == first else value for key, value in data.items()}
        return [changed if number == first else value for number, value in enumerate(data)]
    return {name if key == first else key: value for key, value in data.items()}

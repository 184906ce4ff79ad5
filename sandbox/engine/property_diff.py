"""What differs about one resource: each property's old and new value, as a person may read them."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata

from clients.pulumi_values import SIGNATURE, UNKNOWN

SECRET = "[secret]"  # noqa: S105 - a mask, not a secret
LATER = "(known after the update)"
ABSENT = None
"""Stands where a property is not there, before or after; no input of a resource is null."""

_RANDOM = re.compile(r"\b(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
"""How ids look that an API makes up: they differ from one rehearsal to the next, and mean nothing outside of it."""

_MADE = re.compile(r"(?<=made )\d{4}-\d\d-\d\dT[\d:.]+Z")
"""When a record that is in the way was made: in a rehearsal, just now."""


@dataclass(frozen=True)
class Property:
    """One property that differs: its path in the inputs, and the value on either side, `None` where it is not there."""

    path: str
    old: Any
    new: Any


class Reader:
    """Makes values readable: secrets masked, and what is made up in a rehearsal named by what it belongs to.

    `steps` are all steps of a run, `known` the texts of the stack files: an id that stands there is shown as it is.
    """

    def __init__(self, steps: Iterable[StepEventMetadata], known: str) -> None:
        self._known = known
        names: dict[str, str] = {}
        for step in steps:
            name = step.urn.split("::")[-1]
            for state in filter(None, (step.old, step.new)):
                if _RANDOM.fullmatch(state.id or "") and state.id not in known:
                    names.setdefault(state.id, f"(id of {name})")
                if generated := _generated_name(state):
                    names[generated] = f"{name}-(generated)"
        self._names = dict(sorted(names.items(), key=lambda item: -len(item[0])))

    def value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            # Any marked value: among inputs without files, that is a secret.
            if SIGNATURE in value:
                return SECRET
            return {key: self.value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        text = text.replace(UNKNOWN, LATER)
        for made_up, shown in self._names.items():
            text = text.replace(made_up, shown)
        text = _MADE.sub("(time)", text)
        return _RANDOM.sub(lambda match: match[0] if match[0] in self._known else "(id)", text)


def properties(step: StepEventMetadata, reader: Reader) -> list[Property]:
    """The inputs that differ, in the program's words.

    Inputs are compared here, since what the engine tells is by position in a list and sometimes by top-level key alone. Where
    both sides are secret, or the difference is not in the inputs, the engine's word is taken that they differ.
    """
    told: list[str] = sorted({*(step.detailed_diff or {}), *(step.diffs or []), *(step.keys or [])})
    old = reader.value(step.old.inputs if step.old else {})
    new = reader.value(step.new.inputs if step.new else {})
    found = list(_differing("", old, new, told))
    return found or [Property(path, ABSENT, ABSENT) for path in told]


def forcing(step: StepEventMetadata) -> list[str]:
    """The properties for whose sake a resource is replaced."""
    detailed = step.detailed_diff or {}
    return sorted([*(step.keys or []), *(path for path, diff in detailed.items() if "replace" in diff.diff_kind.value)])


def _generated_name(state: StepEventStateMetadata) -> str | None:
    """The name that the kubernetes provider drew for an object, where it did."""
    metadata: dict[str, Any] = (state.inputs or {}).get("metadata") or {}
    annotations: dict[str, Any] = metadata.get("annotations") or {}
    return metadata["name"] if annotations.get("pulumi.com/autonamed") == "true" else None


def _differing(path: str, old: Any, new: Any, told: list[str]) -> Iterator[Property]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _differing(_below(path, key), old.get(key), new.get(key), told)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _differing_items(path, old, new, told)
    elif old != new or (old == SECRET and any(_related(path, other) for other in told)):
        yield Property(path, old, new)


def _differing_items(path: str, old: list[Any], new: list[Any], told: list[str]) -> Iterator[Property]:
    """Items matched by name where all have one, as Kubernetes does, else by what they are: one that is put in before others
    leaves the others alone."""
    named, renamed = _by_name(old), _by_name(new)
    if named and renamed:
        for name in dict.fromkeys([*named, *renamed]):
            yield from _differing(f"{path}[{name}]", named.get(name), renamed.get(name), told)
        return
    before, after = ([json.dumps(item, sort_keys=True) for item in items] for items in (old, new))
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        unmatched = [] if tag == "equal" else zip_longest(range(start, end), range(new_start, new_end))
        for was, now in unmatched:
            yield from _differing(
                f"{path}[{was if now is None else now}]",
                ABSENT if was is None else old[was],
                ABSENT if now is None else new[now],
                told,
            )


def _by_name(items: list[Any]) -> dict[str, Any]:
    """The items by their names; empty where they do not all have names of their own."""
    named = {item["name"]: item for item in items if isinstance(item, Mapping) and isinstance(item.get("name"), str)}
    return named if len(named) == len(items) else {}


def _below(path: str, key: str) -> str:
    if not re.fullmatch(r"[\w-]+", key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _related(path: str, other: str) -> bool:
    """Whether one path lies within the other, whichever items of lists they mean."""
    shorter, longer = sorted((re.sub(r"\[[^\]\"]*\]", "", text) for text in (path, other)), key=len)
    return longer == shorter or longer.startswith((f"{shorter}.", f"{shorter}["))

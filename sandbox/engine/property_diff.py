"""The properties in which a resource differs, each with its old and new value, formatted for people."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from pulumi.automation.events import StepEventMetadata, StepEventStateMetadata

from clients.pulumi_values import SIGNATURE, UNKNOWN
from ops.recover.state import urn_name

SECRET = "[secret]"  # noqa: S105 - a mask, not a secret
LATER = "(known after the update)"
ABSENT = None
"""The value of a property that a side lacks. No input of a resource is null."""

_ID = re.compile(r"\b(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
"""Ids as the emulated API generates them: they differ in each rehearsal and mean nothing outside of it."""

_CREATED = re.compile(r"\b(made|created) \d{4}-\d\d-\d\dT[\d:.]+Z")
"""The creation time of a conflicting record in a message; in a rehearsal it differs each time."""


@dataclass(frozen=True)
class Property:
    """One property that differs: its path in the inputs, and its old and new value or `ABSENT`."""

    path: str
    old: Any
    new: Any


class ValueFormatter:
    """Formats values so that a change reads the same in every rehearsal: secrets masked, generated ids named.

    `steps` are all steps of a run. `known` is the text of the stack files: an id that occurs there is shown as it is.
    """

    def __init__(self, steps: Iterable[StepEventMetadata], known: str) -> None:
        self._known = known
        names: dict[str, str] = {}
        for step in steps:
            name = urn_name(step.urn)
            for state in filter(None, (step.old, step.new)):
                if _ID.fullmatch(state.id or "") and state.id not in known:
                    names.setdefault(state.id, f"(id of {name})")
                if generated := _generated_name(state):
                    names[generated] = f"{name}-(generated)"
        self._names = dict(sorted(names.items(), key=lambda item: -len(item[0])))

    def value(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            # Among inputs without files, an object with a signature is a secret.
            if SIGNATURE in value:
                return SECRET
            return {key: self.value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        text = text.replace(UNKNOWN, LATER)
        for generated, replacement in self._names.items():
            text = text.replace(generated, replacement)
        text = _CREATED.sub(r"\1 (time)", text)
        return _ID.sub(lambda match: match[0] if match[0] in self._known else "(id)", text)


def changed_properties(step: StepEventMetadata, formatter: ValueFormatter) -> list[Property]:
    """The inputs that differ, by the program's names.

    Inputs are compared here, because the engine reports list items by position and sometimes only the top-level key.
    The engine's report decides where both sides are secret, and where no input differs.
    """
    reported: list[str] = sorted({*(step.detailed_diff or {}), *(step.diffs or []), *(step.keys or [])})
    old = formatter.value(step.old.inputs if step.old else {})
    new = formatter.value(step.new.inputs if step.new else {})
    changed = list(_compare("", old, new, reported))
    return changed or [Property(path, ABSENT, ABSENT) for path in reported]


def replacement_triggers(step: StepEventMetadata) -> list[str]:
    """The properties that force the replacement of a resource."""
    detailed = step.detailed_diff or {}
    return sorted([*(step.keys or []), *(path for path, diff in detailed.items() if "replace" in diff.diff_kind.value)])


def _generated_name(state: StepEventStateMetadata) -> str | None:
    """The name that the kubernetes provider generated for an object, if it did."""
    metadata: dict[str, Any] = (state.inputs or {}).get("metadata") or {}
    annotations: dict[str, Any] = metadata.get("annotations") or {}
    return metadata["name"] if annotations.get("pulumi.com/autonamed") == "true" else None


def _compare(path: str, old: Any, new: Any, reported: list[str]) -> Iterator[Property]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _compare(_child(path, key), old.get(key), new.get(key), reported)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_items(path, old, new, reported)
    elif old != new or (old == SECRET and any(_overlap(path, other) for other in reported)):
        yield Property(path, old, new)


def _compare_items(path: str, old: list[Any], new: list[Any], reported: list[str]) -> Iterator[Property]:
    """Matches items by name where all have one, as Kubernetes does, else by content: an inserted item leaves the others
    unchanged."""
    old_named, new_named = _by_name(old), _by_name(new)
    if old_named and new_named:
        for name in dict.fromkeys([*old_named, *new_named]):
            yield from _compare(f"{path}[{name}]", old_named.get(name), new_named.get(name), reported)
        return
    before, after = ([json.dumps(item, sort_keys=True) for item in items] for items in (old, new))
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        unmatched = [] if tag == "equal" else zip_longest(range(start, end), range(new_start, new_end))
        for was, now in unmatched:
            yield from _compare(
                f"{path}[{was if now is None else now}]",
                ABSENT if was is None else old[was],
                ABSENT if now is None else new[now],
                reported,
            )


def _by_name(items: list[Any]) -> dict[str, Any]:
    """The items by name; empty unless all have distinct names."""
    named = {item["name"]: item for item in items if isinstance(item, Mapping) and isinstance(item.get("name"), str)}
    return named if len(named) == len(items) else {}


def _child(path: str, key: str) -> str:
    if not re.fullmatch(r"[\w-]+", key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _overlap(path: str, other: str) -> bool:
    """Whether one path contains the other, list indexes ignored."""
    shorter, longer = sorted((re.sub(r"\[[^\]\"]*\]", "", text) for text in (path, other)), key=len)
    return longer == shorter or longer.startswith((f"{shorter}.", f"{shorter}["))

"""The formats of a comparison: Markdown for a pull request, plain text for a terminal, JSON for programs."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sandbox.diff.result import OPERATIONS, ResourceDiff, StackDiff
from sandbox.engine.property_diff import ABSENT, Property

_PAST_TENSE = {
    "replace": "replaced",
    "delete": "deleted",
    "import": "imported",
    "update": "updated",
    "create": "created",
}
_WIDTH = 120
"""Longest value shown in full, in characters."""


def as_json(stacks: Iterable[StackDiff]) -> dict[str, Any]:
    """`{"stacks": [{"stack", "basis", "notes", "gained", "lost", "resources", "unchanged", "errors", "summary"}]}`.

    A resource is `{"op", "type", "name", "forced_by", "properties": [{"path", "old", "new"}]}`.
    """
    return {"stacks": [{**asdict(stack), "summary": {op: stack.count(op) for op in OPERATIONS}} for stack in stacks]}


def markdown(stacks: Sequence[StackDiff]) -> str:
    """For a comment on a pull request: a line per stack, then replaced and deleted resources, then the others."""
    lines = ["## What this change does to each stack", ""]
    lines += [f"- {_summary_line(stack)}" for stack in stacks]
    for stack in stacks:
        if _is_unchanged(stack):
            continue
        lines += ["", f"### {stack.stack}"]
        for word, names in _hostname_changes(stack):
            lines += ["", f"**Hostnames {word}:** {', '.join(map(_code, names))}"]
        for note in stack.notes:
            lines += ["", *(f"> {line}" for line in note.splitlines())]
        for error in stack.errors:
            lines += ["", "**Failed:** " + "<br>".join(map(_code, str(error["message"]).splitlines()))]
        destructive = [resource for resource in stack.resources if resource.op in ("replace", "delete")]
        lines += _table("Replaced and deleted", destructive)
        lines += _table(
            "Updated and created", [resource for resource in stack.resources if resource not in destructive]
        )
    return "\n".join(lines) + "\n"


def text(stacks: Sequence[StackDiff]) -> str:
    """For a terminal."""
    lines: list[str] = []
    for stack in stacks:
        lines.append(_headline(stack))
        lines += [f"  hostnames {word}: {', '.join(names)}" for word, names in _hostname_changes(stack)]
        lines += [f"  note: {line}" for note in stack.notes for line in note.splitlines()]
        lines += [f"  error: {line}" for error in stack.errors for line in str(error["message"]).splitlines()]
        for resource in stack.resources:
            lines.append(f"  {resource.op} {_kind(resource)} {resource.name}")
            for prop in resource.properties:
                old, new = _sides(prop)
                lines.append(f"      {_path(resource, prop, str)}: {old or '-'} → {new or '-'}")
    return "\n".join(lines) + "\n"


def _headline(stack: StackDiff) -> str:
    if stack.errors:
        return f"{stack.stack}: failed"
    parts = [f"{stack.count(op)} {_PAST_TENSE[op]}" for op in OPERATIONS if stack.count(op)]
    parts += [
        f"{len(names)} {'hostname' if len(names) == 1 else 'hostnames'} {word}"
        for word, names in _hostname_changes(stack)
    ]
    return f"{stack.stack}: {', '.join(parts) or 'no changes'}"


def _summary_line(stack: StackDiff) -> str:
    important = stack.errors or stack.lost or stack.count("replace") or stack.count("delete")
    return f"**{_headline(stack)}**" if important else _headline(stack)


def _is_unchanged(stack: StackDiff) -> bool:
    return not (stack.resources or stack.gained or stack.lost or stack.notes or stack.errors)


def _hostname_changes(stack: StackDiff) -> list[tuple[str, list[str]]]:
    return [(word, names) for word, names in (("gained", stack.gained), ("lost", stack.lost)) if names]


def _table(title: str, resources: Sequence[ResourceDiff]) -> list[str]:
    """One row per property that differs; a created or deleted resource has one row."""
    if not resources:
        return []
    lines = ["", f"**{title}**", "", "| | resource | property | before | after |", "|---|---|---|---|---|"]
    for resource in resources:
        heading = [resource.op, f"{_kind(resource)} {_code(resource.name)}"]
        cells = [[_path(resource, prop, _code), *map(_code, _sides(prop))] for prop in resource.properties]
        for row in cells or [[]]:
            lines.append(f"| {' | '.join([*heading, *row])} |")
            heading = ["", ""]
    return lines


def _kind(resource: ResourceDiff) -> str:
    return resource.type.split(":")[-1]


def _path(resource: ResourceDiff, prop: Property, quote: Callable[[str], str]) -> str:
    return quote(prop.path) + (", forces replacement" if prop.path in resource.forced_by else "")


def _sides(prop: Property) -> tuple[str, str]:
    """Both values as text; long ones start shortly before the first difference."""
    old, new = (_as_text(value) for value in (prop.old, prop.new))
    start = 0
    if old and new and max(len(old), len(new)) > _WIDTH:
        pairs = enumerate(zip(old, new, strict=False))
        start = max(0, next((at for at, (was, now) in pairs if was != now), min(len(old), len(new))) - 20)
    return _window(old, start), _window(new, start)


def _window(value: str, start: int) -> str:
    end = start + _WIDTH
    return ("…" if start else "") + value[start:end] + ("…" if len(value) > end else "")


def _as_text(value: Any) -> str:
    if value is ABSENT:
        return ""
    return value.replace("\n", "⏎") if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _code(value: str) -> str:
    """A code span for any text, in a table cell too: nothing in it is read as Markdown, HTML or a mention."""
    if not value:
        return ""
    fence = "`"
    while fence in value:
        fence += "`"
    padding = " " if len(fence) > 1 else ""
    return f"{fence}{padding}{value.replace('|', chr(92) + '|')}{padding}{fence}"

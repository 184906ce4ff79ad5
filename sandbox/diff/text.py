"""A comparison of stacks as people read it: Markdown for a pull request, plain text for a terminal, JSON for programs."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sandbox.diff.result import OPERATIONS, Resource, StackDiff
from sandbox.engine.property_diff import ABSENT, Property

_DONE = {
    "replace": "replaced",
    "delete": "deleted",
    "import": "taken over",
    "update": "updated",
    "create": "created",
}
_WIDTH = 120
"""Longest value shown whole, in characters."""


def as_json(stacks: Iterable[StackDiff]) -> dict[str, Any]:
    """`{"stacks": [{"stack", "basis", "notes", "gained", "lost", "resources", "unchanged", "errors", "summary"}]}`.

    A resource is `{"op", "type", "name", "forced_by", "properties": [{"path", "old", "new"}]}`.
    """
    return {"stacks": [{**asdict(stack), "summary": {op: stack.count(op) for op in OPERATIONS}} for stack in stacks]}


def markdown(stacks: Sequence[StackDiff]) -> str:
    """For a comment on a pull request: first each stack in a line, then what a reviewer must not miss, then the rest."""
    lines = ["## What this change does to each stack", ""]
    lines += [f"- {_bold_where_lost(stack)}" for stack in stacks]
    for stack in stacks:
        if _quiet(stack):
            continue
        lines += ["", f"### {stack.stack}"]
        for word, names in _hostnames(stack):
            lines += ["", f"**Hostnames {word}:** {', '.join(map(_code, names))}"]
        for note in stack.notes:
            lines += ["", *(f"> {line}" for line in note.splitlines())]
        for error in stack.errors:
            lines += ["", "**Refused:** " + "<br>".join(map(_code, str(error["message"]).splitlines()))]
        grave = [resource for resource in stack.resources if resource.op in ("replace", "delete")]
        lines += _table("Replaced and deleted", grave)
        lines += _table("Updated and created", [resource for resource in stack.resources if resource not in grave])
    return "\n".join(lines) + "\n"


def text(stacks: Sequence[StackDiff]) -> str:
    """For a terminal."""
    lines: list[str] = []
    for stack in stacks:
        lines.append(_headline(stack))
        lines += [f"  hostnames {word}: {', '.join(names)}" for word, names in _hostnames(stack)]
        lines += [f"  note: {line}" for note in stack.notes for line in note.splitlines()]
        lines += [f"  refused: {line}" for error in stack.errors for line in str(error["message"]).splitlines()]
        for resource in stack.resources:
            lines.append(f"  {resource.op} {_kind(resource)} {resource.name}")
            for prop in resource.properties:
                old, new = _sides(prop)
                lines.append(f"      {_path(resource, prop, str)}: {old or '-'} → {new or '-'}")
    return "\n".join(lines) + "\n"


def _headline(stack: StackDiff) -> str:
    if stack.errors:
        return f"{stack.stack}: refused"
    parts = [f"{stack.count(op)} {_DONE[op]}" for op in OPERATIONS if stack.count(op)]
    parts += [
        f"{len(names)} {'hostname' if len(names) == 1 else 'hostnames'} {word}" for word, names in _hostnames(stack)
    ]
    return f"{stack.stack}: {', '.join(parts) or 'nothing changes'}"


def _bold_where_lost(stack: StackDiff) -> str:
    grave = stack.errors or stack.lost or stack.count("replace") or stack.count("delete")
    return f"**{_headline(stack)}**" if grave else _headline(stack)


def _quiet(stack: StackDiff) -> bool:
    return not (stack.resources or stack.gained or stack.lost or stack.notes or stack.errors)


def _hostnames(stack: StackDiff) -> list[tuple[str, list[str]]]:
    return [(word, names) for word, names in (("gained", stack.gained), ("lost", stack.lost)) if names]


def _table(title: str, resources: Sequence[Resource]) -> list[str]:
    """One row for each property that differs; a resource that comes or goes whole has one row."""
    if not resources:
        return []
    lines = ["", f"**{title}**", "", "| | resource | property | before | after |", "|---|---|---|---|---|"]
    for resource in resources:
        named = [resource.op, f"{_kind(resource)} {_code(resource.name)}"]
        cells = [[_path(resource, prop, _code), *map(_code, _sides(prop))] for prop in resource.properties]
        for row in cells or [[]]:
            lines.append(f"| {' | '.join([*named, *row])} |")
            named = ["", ""]
    return lines


def _kind(resource: Resource) -> str:
    return resource.type.split(":")[-1]


def _path(resource: Resource, prop: Property, shown: Callable[[str], str]) -> str:
    return shown(prop.path) + (", forces replacement" if prop.path in resource.forced_by else "")


def _sides(prop: Property) -> tuple[str, str]:
    """Both values as texts, long ones from a little before where they part."""
    old, new = (_shown(value) for value in (prop.old, prop.new))
    start = 0
    if old and new and max(len(old), len(new)) > _WIDTH:
        pairs = enumerate(zip(old, new, strict=False))
        start = max(0, next((at for at, (was, now) in pairs if was != now), min(len(old), len(new))) - 20)
    return _window(old, start), _window(new, start)


def _window(value: str, start: int) -> str:
    end = start + _WIDTH
    return ("…" if start else "") + value[start:end] + ("…" if len(value) > end else "")


def _shown(value: Any) -> str:
    if value is ABSENT:
        return ""
    return value.replace("\n", "⏎") if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _code(value: str) -> str:
    """A code span that holds any text, in a table's cell too: nothing in it is taken for Markdown, HTML or a mention."""
    if not value:
        return ""
    fence = "`"
    while fence in value:
        fence += "`"
    padding = " " if len(fence) > 1 else ""
    return f"{fence}{padding}{value.replace('|', chr(92) + '|')}{padding}{fence}"

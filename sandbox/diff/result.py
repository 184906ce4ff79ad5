"""The result of a comparison: the resources of each stack that would change."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ops.recover.state import urn_name
from sandbox.engine.property_diff import Property, ValueFormatter, changed_properties, replacement_triggers
from sandbox.engine.update_result import UpdateResult

OPERATIONS = ("replace", "delete", "import", "update", "create")
"""The operations on a resource, most important first."""


@dataclass(frozen=True)
class ResourceDiff:
    """One resource that would change. `forced_by` names the properties that force its replacement."""

    op: str
    type: str
    name: str
    forced_by: list[str] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)


@dataclass(frozen=True)
class StackDiff:
    """The effect on one stack.

    `basis` is what the head was previewed against: `base`, or `nothing` if the base has no such stack or cannot bring
    it up; `notes` say why. `errors` (as `--json` prints them) are those of the head.
    """

    stack: str
    basis: str
    notes: list[str] = field(default_factory=list)
    gained: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    resources: list[ResourceDiff] = field(default_factory=list)
    unchanged: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def count(self, op: str) -> int:
        return sum(resource.op == op for resource in self.resources)


def resource_diffs(result: UpdateResult, known: str) -> tuple[list[ResourceDiff], int]:
    """The resources that would change, and the number of those that would not; components and the stack do not count.

    `known` is the text of the stack files, whose ids are shown as they are.
    """
    formatter = ValueFormatter(result.steps, known)
    changed: list[ResourceDiff] = []
    unchanged = 0
    for step in result.steps:
        state = step.new or step.old
        if state is None or not state.custom:
            continue
        op, name = step.op.value, urn_name(step.urn)
        if op == "same":
            unchanged += 1
        elif op in ("update", "replace"):
            forced_by = replacement_triggers(step) if op == "replace" else []
            changed.append(ResourceDiff(op, step.type, name, forced_by, changed_properties(step, formatter)))
        else:
            changed.append(ResourceDiff(op if op in ("delete", "import") else "create", step.type, name))
    return in_order(changed), unchanged


def in_order(resources: Iterable[ResourceDiff]) -> list[ResourceDiff]:
    """Sorted, because the engine works on many resources at once, in varying order."""
    return sorted(resources, key=lambda r: (OPERATIONS.index(r.op), r.type, r.name))

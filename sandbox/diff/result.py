"""What a comparison found: the resources of each stack that would change."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.engine.engine import Report
from sandbox.engine.property_diff import Property, Reader, forcing, properties

OPERATIONS = ("replace", "delete", "import", "update", "create")
"""What may happen to a resource, in the order in which a reader wants to know."""


@dataclass(frozen=True)
class Resource:
    """One resource that would change. `forced_by` names the properties for whose sake it is replaced."""

    op: str
    type: str
    name: str
    forced_by: list[str] = field(default_factory=list)
    properties: list[Property] = field(default_factory=list)


@dataclass(frozen=True)
class StackDiff:
    """What would happen to one stack.

    `basis` is what the head was previewed against: `base`, or `nothing` where the base has no such stack or does not come
    up; `notes` say which, and why. `errors` (as `--json` prints them) are there where the head itself is refused.
    """

    stack: str
    basis: str
    notes: list[str] = field(default_factory=list)
    gained: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    unchanged: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def count(self, op: str) -> int:
        return sum(resource.op == op for resource in self.resources)


def resources_of(report: Report, known: str) -> tuple[list[Resource], int]:
    """The resources that would change, and how many would not; components and the stack itself are no resources here."""
    reader = Reader(report.steps, known)
    changed: list[Resource] = []
    unchanged = 0
    for step in report.steps:
        state = step.new or step.old
        if state is None or not state.custom:
            continue
        op = step.op.value
        if op == "same":
            unchanged += 1
        elif op in ("update", "replace"):
            forced = forcing(step) if op == "replace" else []
            changed.append(Resource(op, step.type, step.urn.split("::")[-1], forced, properties(step, reader)))
        else:
            changed.append(
                Resource(op if op in ("delete", "import") else "create", step.type, step.urn.split("::")[-1])
            )
    return in_order(changed), unchanged


def in_order(resources: Iterable[Resource]) -> list[Resource]:
    """The engine works on many at once, in no order that lasts."""
    return sorted(resources, key=lambda r: (OPERATIONS.index(r.op), r.type, r.name))

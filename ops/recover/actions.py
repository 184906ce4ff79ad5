"""Taking leftovers into the state, and clearing them away."""

from collections.abc import Iterable
from typing import Any

from pulumi import automation

from ops.recover.live_resources import KUBERNETES, RECORD, ROUTE, Outside
from ops.recover.orphans import Leftover
from ops.recover.pending_operations import cleared
from ops.recover.state import Resource, add, keep, pending, resources


def adopt(
    stack: automation.Stack,
    state: dict[str, Any],
    taken: Iterable[Leftover],
    planned: Iterable[Resource],
    outside: Outside,
) -> None:
    """Adds the entries to the state, with the components and providers that they belong to, and reads everything again."""
    cleared(state, outside)
    entries = {leftover.entry["urn"]: leftover.entry for leftover in taken if leftover.entry}
    plan = {entry["urn"]: entry for entry in planned}
    there = {resource["urn"] for resource in resources(state)}
    for urn in list(entries):
        _belonging(entries[urn], plan, entries, there)
    # What was noted is no part of the plan where its parent is in the state; the plan's order has parents first.
    order = [urn for urn in plan if urn in entries] + [urn for urn in entries if urn not in plan]
    add(state, (entries[urn] for urn in order))
    keep(stack, state)
    stack.refresh(show_secrets=False)


def remove(stack: automation.Stack, state: dict[str, Any], gone: Iterable[Leftover], outside: Outside) -> None:
    """Deletes what is out there: names and private routes first, then what is in the cluster, and the tunnel and the virtual
    network last, as a destroy does."""

    def turn(leftover: Leftover) -> int:
        return 0 if leftover.thing.type in (RECORD, ROUTE) else 1 if leftover.thing.type.startswith(KUBERNETES) else 2

    for leftover in sorted(gone, key=turn):
        outside.remove(leftover.thing)
    if pending(state):
        cleared(state, outside)
        keep(stack, state)
        stack.refresh(show_secrets=False)


def _belonging(entry: Resource, plan: dict[str, Resource], entries: dict[str, Resource], there: set[str]) -> None:
    """Adds what an entry hangs on, where the state does not have it."""
    provider = entry.get("provider", "").rpartition("::")[0]
    for urn in (entry.get("parent"), provider):
        if urn and urn not in there and urn not in entries and urn in plan:
            entries[urn] = plan[urn]
            _belonging(plan[urn], plan, entries, there)

"""What `recover` does with orphaned resources: adopt them into the state, or delete them."""

from collections.abc import Iterable
from typing import Any

from pulumi import automation

from clients.errors import CheckUnavailable
from ops.recover.kinds import KINDS
from ops.recover.live_resources import LiveResources
from ops.recover.orphans import OrphanedResource
from ops.recover.pending_operations import drop_pending
from ops.recover.state import (
    Resource,
    add_resources,
    drop_stale_outputs,
    export_state,
    import_state,
    pending_operations,
    resources,
)
from ops.recover.state_entries import set_missing_secrets


def adopt(
    stack: automation.Stack,
    state: dict[str, Any],
    adopted: Iterable[OrphanedResource],
    planned: Iterable[Resource],
    live: LiveResources,
) -> None:
    """Adds their entries to the state, with the components and providers they refer to; refreshes the stack."""
    drop_pending(state, live)
    entries = {orphan.entry["urn"]: orphan.entry for orphan in adopted if orphan.entry}
    plan = {entry["urn"]: entry for entry in planned}
    present = {resource["urn"] for resource in resources(state)}
    for urn in list(entries):
        _add_references(entries[urn], plan, entries, present)
    # The plan lists parents first. A pending operation's resource is not in it if its parents are in the state.
    order = [urn for urn in plan if urn in entries] + [urn for urn in entries if urn not in plan]
    add_resources(state, (entries[urn] for urn in order))
    set_missing_secrets(resources(state))
    import_state(stack, state)
    _refresh(stack)


def delete(
    stack: automation.Stack,
    state: dict[str, Any],
    deleted: Iterable[OrphanedResource],
    live: LiveResources,
    owner: str,
) -> tuple[list[OrphanedResource], list[str]]:
    """Deletes them in the order of `KINDS`. Returns those that are gone, and why each of the others is not."""
    order = list(KINDS)
    gone: list[OrphanedResource] = []
    refusals: list[str] = []
    for orphan in sorted(deleted, key=lambda orphan: order.index(orphan.live.type)):
        try:
            live.delete(orphan.live, owner)
        except CheckUnavailable as error:
            refusals.append(f"{orphan.live.noun} {orphan.live.name} is not deleted: {error}")
        else:
            gone.append(orphan)
    if pending_operations(state):
        drop_pending(state, live)
        import_state(stack, state)
        _refresh(stack)
    return gone, refusals


def _refresh(stack: automation.Stack) -> None:
    """Removes from the state what no longer exists, whether an interrupted run noted the deletion or not."""
    stack.refresh(show_secrets=False)
    state = export_state(stack)
    if drop_stale_outputs(state):
        import_state(stack, state)


def _add_references(
    entry: Resource, plan: dict[str, Resource], entries: dict[str, Resource], present: set[str]
) -> None:
    """Adds the parent and the provider of an entry, and theirs, from the plan where the state does not have them."""
    provider = entry.get("provider", "").rpartition("::")[0]
    for urn in (entry.get("parent"), provider):
        if urn and urn not in present and urn not in entries and urn in plan:
            entries[urn] = plan[urn]
            _add_references(plan[urn], plan, entries, present)

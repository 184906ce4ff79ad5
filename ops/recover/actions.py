"""What `recover` does with orphaned resources: adopt them into the state, or delete them."""

from collections.abc import Iterable
from typing import Any

from pulumi import automation

from ops.recover.live_resources import KUBERNETES, RECORD, ROUTE, LiveResources
from ops.recover.orphans import OrphanedResource
from ops.recover.pending_operations import drop_pending
from ops.recover.state import Resource, add_resources, import_state, pending_operations, resources


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
    import_state(stack, state)
    stack.refresh(show_secrets=False)


def delete(
    stack: automation.Stack, state: dict[str, Any], deleted: Iterable[OrphanedResource], live: LiveResources
) -> None:
    """Deletes them in the order of a destroy: records and private routes, then the cluster's objects, then the rest."""

    def position(orphan: OrphanedResource) -> int:
        return 0 if orphan.live.type in (RECORD, ROUTE) else 1 if orphan.live.type.startswith(KUBERNETES) else 2

    for orphan in sorted(deleted, key=position):
        live.delete(orphan.live)
    if pending_operations(state):
        drop_pending(state, live)
        import_state(stack, state)
        stack.refresh(show_secrets=False)


def _add_references(
    entry: Resource, plan: dict[str, Resource], entries: dict[str, Resource], present: set[str]
) -> None:
    """Adds the parent and the provider of an entry, and theirs, from the plan where the state does not have them."""
    provider = entry.get("provider", "").rpartition("::")[0]
    for urn in (entry.get("parent"), provider):
        if urn and urn not in present and urn not in entries and urn in plan:
            entries[urn] = plan[urn]
            _add_references(plan[urn], plan, entries, present)

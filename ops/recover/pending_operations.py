"""Pending operations, which the engine records before each provider call; after a kill their outcome is unknown."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pulumi import automation

from ops.recover.state import (
    Resource,
    add_resources,
    export_state,
    import_state,
    pending_operations,
    resources,
    urn_name,
)

if TYPE_CHECKING:
    # Its clients take a second to import, and a state without pending operations needs none of them.
    from ops.recover.live_resources import LiveResource, LiveResources

Created = list[tuple[Resource, "LiveResource"]]
"""Resources as their pending operations describe them, each with the live resource that was created."""


def repair_state(
    stack: automation.Stack, environ: Mapping[str, str], say: Callable[[str], None], *, cut_off: bool = False
) -> None:
    """Removes the pending operations from a stack's state, and what no longer exists; adds what was created to it.

    Does nothing without pending operations, unless something else shows that the last run was `cut_off`. Pending
    creations that did not take place are created by the next update. `environ` says how to reach the API and the cluster. The
    engine's own remedy, `refresh --import-pending-creates`, marks such a resource as an import and then forgets it.
    """
    state = export_state(stack)
    if not (cut_off or pending_operations(state)):
        return
    from ops.recover.live_resources import LiveResources
    from ops.recover.state_entries import from_pending, loses_secret

    say("an earlier run was interrupted; looking for the resources that it was creating")
    live = LiveResources(environ)
    created = completed_creations(state, live)
    found = {resource["urn"]: live_resource for resource, live_resource in created}
    for operation in pending_operations(state):
        if operation["type"] == "creating":
            urn = operation["resource"]["urn"]
            outcome = "found and added to the state" if urn in found else "not found: to be created"
            lost = "; its secret was lost, so it is replaced" if urn in found and loses_secret(found[urn]) else ""
            say(f"  {urn_name(urn)}: {outcome}{lost}")
    drop_pending(state, live)
    add_resources(state, (from_pending(resource, live_resource) for resource, live_resource in created))
    import_state(stack, state)
    # Whether an interrupted update or deletion took place shows when everything is read. A destroy that runs the program
    # notes no deletion.
    stack.refresh(show_secrets=False)


def completed_creations(state: dict[str, Any], live: "LiveResources") -> Created:
    """Pending creations that took place, except of resources that the state has anyway."""
    known = {(resource["type"], resource.get("id", "")) for resource in resources(state)}
    created: Created = []
    for operation in pending_operations(state):
        if operation["type"] != "creating":
            continue
        resource = operation["resource"]
        found = live.find(resource["type"], resource.get("inputs") or {}, known)
        if found and found.key not in known:
            known.add(found.key)
            created.append((resource, found))
    return created


def drop_pending(state: dict[str, Any], live: "LiveResources") -> None:
    """Removes the pending operations from the state, and the deleted resources that a refresh would keep."""
    state["deployment"].pop("pending_operations", None)
    deleted = {resource["urn"] for resource in resources(state) if live.is_deleted(resource)}
    # A resource that others refer to is left to the engine, which knows the order of dependencies.
    remaining = [resource for resource in resources(state) if resource["urn"] not in deleted]
    referenced = {urn for one in remaining for urn in [one.get("parent"), *(one.get("dependencies") or [])]}
    state["deployment"]["resources"] = [
        resource for resource in resources(state) if resource["urn"] not in deleted or resource["urn"] in referenced
    ]

"""Pending operations, which the engine records before each provider call; after a kill their outcome is unknown."""

from typing import TYPE_CHECKING, Any

from ops.recover.state import Resource, pending_operations, resources

if TYPE_CHECKING:
    # Its clients take a second to import, and a state without pending operations needs none of them.
    from ops.recover.live_resources import LiveResource, LiveResources

Created = list[tuple[Resource, "LiveResource"]]
"""Resources as their pending operations describe them, each with the live resource that was created."""


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

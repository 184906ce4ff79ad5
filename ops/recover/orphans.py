"""Orphaned resources: live resources of the stack that its state does not have."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ops.recover.cloudflare_kinds import CloudflareKind
from ops.recover.live_resources import LiveResource
from ops.recover.object_kinds import ObjectKind
from ops.recover.state import Resource, resources, urn_name
from ops.recover.state_entries import from_pending, from_preview


@dataclass(frozen=True)
class OrphanedResource:
    """A live resource that the state does not have."""

    live: LiveResource
    entry: Resource | None
    """Its entry for the state; None if the program does not create such a resource, so that it can only be deleted."""

    def as_json(self) -> dict[str, Any]:
        resource = urn_name(self.entry["urn"]) if self.entry else None
        return {**describe(self.live), "resource": resource}


def describe(live: LiveResource) -> dict[str, Any]:
    """`{kind, name, id}` of a live resource."""
    return {"kind": live.noun, "name": live.id if isinstance(live.kind, ObjectKind) else live.name, "id": live.id}


def orphans(
    found: Iterable[LiveResource],
    created: Iterable[tuple[Resource, LiveResource]],
    planned: Iterable[Resource],
    state: dict[str, Any],
) -> list[OrphanedResource]:
    """Live resources that the state does not have, each with its entry from a pending operation or a preview.

    `created` are pending creations that took place, `planned` the resources that the next update would create. If two
    live resources match one planned resource, the first gets its entry.
    """
    present = {(resource["type"], resource.get("id")) for resource in resources(state)}
    pending = {live.key: (entry, live) for entry, live in created}
    unmatched = {entry["urn"]: entry for entry in planned}
    result: list[OrphanedResource] = []
    for live in {live.key: live for live in [*found, *(live for _, live in created)]}.values():
        if live.key in present:
            continue
        if live.key in pending:
            entry = pending[live.key][0]
            unmatched.pop(entry["urn"], None)
            result.append(OrphanedResource(live, from_pending(entry, live)))
            continue
        match = next((entry for entry in unmatched.values() if _matches(entry, live)), None)
        if match:
            del unmatched[match["urn"]]
        result.append(OrphanedResource(live, from_preview(match, live) if match else None))
    return result


def _matches(entry: Resource, live: LiveResource) -> bool:
    """Whether a planned resource is this live resource, by type and name: the parents in a URN may change."""
    if entry["type"] != live.type:
        return False
    if isinstance(live.kind, CloudflareKind):
        return live.kind.matches(live.body, entry["inputs"])
    metadata, live_metadata = entry["inputs"]["metadata"], live.body["metadata"]
    if metadata.get("namespace", live_metadata.get("namespace")) != live_metadata.get("namespace"):
        return False
    generated = (metadata.get("annotations") or {}).get("pulumi.com/autonamed") == "true"
    return live.name.startswith(f"{urn_name(entry['urn'])}-") if generated else live.name == metadata["name"]

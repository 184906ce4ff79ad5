"""Orphaned resources: live resources with the stack's name that its state does not have."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from clients.pulumi_values import UNKNOWN
from components.records import COMMENT_LIMIT
from ops.expected_stack import ExpectedStack
from ops.recover.live_resources import KUBERNETES, NETWORK, RECORD, ROUTE, TUNNEL, LiveResource, LiveResources
from ops.recover.state import Resource, resources, urn_name
from ops.recover.state_entries import from_pending, from_preview


@dataclass(frozen=True)
class OrphanedResource:
    """A live resource that the state does not have."""

    live: LiveResource
    entry: Resource | None
    """Its entry for the state; None if the program does not create such a resource, so that it can only be deleted."""

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.live.kind,
            "name": self.live.id if self.live.type.startswith(KUBERNETES) else self.live.name,
            "id": self.live.id,
            "resource": urn_name(self.entry["urn"]) if self.entry else None,
        }


def named_after(stack: ExpectedStack, project: str, state: dict[str, Any], live: LiveResources) -> list[LiveResource]:
    """Live resources with the stack's name: its tunnel, records and private networks by comment, objects by labels."""
    settings = stack.settings
    zone_ids = {
        zone_id or live.cloudflare.zone_id(settings.account_id, zone) for zone, zone_id in settings.zones.items()
    }
    # A zone may have been removed from the stack file since.
    zone_ids |= {resource["inputs"]["zoneId"] for resource in resources(state) if resource["type"] == RECORD}
    comment = f"{project}/{stack.stack}"[:COMMENT_LIMIT]
    # Listed only if the stack has or had any, since it takes two more calls.
    private = settings.private_networks or any(resource["type"] in (ROUTE, NETWORK) for resource in resources(state))
    return [
        *live.tunnels(settings.account_id, stack.name),
        *(live.private_networks(settings.account_id, lambda text: is_own(text, comment)) if private else ()),
        *live.records(sorted(zone_ids), comment),
        *live.objects(stack.name),
    ]


def is_own(text: str, comment: str) -> bool:
    """Whether the comment of a private network is the stack's: alone, or as a prefix of the user's own comment."""
    return text == comment or text.startswith(f"{comment}: ")


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
    pending = {(live.type, live.id): (entry, live) for entry, live in created}
    unmatched = {entry["urn"]: entry for entry in planned}
    result: list[OrphanedResource] = []
    for live in {(live.type, live.id): live for live in [*found, *(live for _, live in created)]}.values():
        key = (live.type, live.id)
        if key in present:
            continue
        if key in pending:
            entry = pending[key][0]
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
    inputs = entry["inputs"]
    if live.type in (TUNNEL, NETWORK):
        return inputs["name"] == live.name
    if live.type == ROUTE:
        network = inputs.get("virtualNetworkId", UNKNOWN)
        return inputs["network"] == live.name and network in (UNKNOWN, live.body["virtualNetworkId"])
    if live.type == RECORD:
        return (inputs["name"], inputs["type"]) == (live.name, live.body["type"])
    metadata, live_metadata = inputs["metadata"], live.body["metadata"]
    if metadata.get("namespace", live_metadata.get("namespace")) != live_metadata.get("namespace"):
        return False
    generated = (metadata.get("annotations") or {}).get("pulumi.com/autonamed") == "true"
    return live.name.startswith(f"{urn_name(entry['urn'])}-") if generated else live.name == metadata["name"]

"""What bears the stack's name out there and is not in its state."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from clients.pulumi_values import UNKNOWN
from components.records import COMMENT_LIMIT
from ops.recover.live_resources import KUBERNETES, NETWORK, RECORD, ROUTE, TUNNEL, Outside, Thing
from ops.recover.state import Resource, last, resources
from ops.recover.state_entries import as_planned, as_taken
from ops.verify.expected_stack import Declared


@dataclass(frozen=True)
class Leftover:
    """`entry` is how it would stand in the state; None where the program has no use for it, so that it can only go."""

    thing: Thing
    entry: Resource | None

    def as_json(self) -> dict[str, Any]:
        entry = self.entry
        return {
            "kind": self.thing.kind,
            "name": self.thing.id if self.thing.type.startswith(KUBERNETES) else self.thing.name,
            "id": self.thing.id,
            "resource": last(entry["urn"]) if entry else None,
        }


def things(declared: Declared, project: str, state: dict[str, Any], outside: Outside) -> list[Thing]:
    """Everything that bears the stack's name: its tunnel, records and private routes with its comment, objects with its labels."""
    settings = declared.settings
    zones = {number or outside.cloudflare.zone_id(settings.account_id, zone) for zone, number in settings.zones.items()}
    # A zone may have left the stack file since.
    zones |= {resource["inputs"]["zoneId"] for resource in resources(state) if resource["type"] == RECORD}
    comment = f"{project}/{declared.stack}"[:COMMENT_LIMIT]
    # Asked only where there are or were some: it is two calls more.
    private = settings.private_networks or any(resource["type"] in (ROUTE, NETWORK) for resource in resources(state))
    return [
        *outside.tunnels(settings.account_id, declared.name),
        *(outside.private(settings.account_id, lambda said: _ours(said, comment)) if private else ()),
        *outside.records(sorted(zones), comment),
        *outside.objects(declared.name),
    ]


def _ours(said: str, comment: str) -> bool:
    """Whether a private network's comment is the stack's, by itself or before what its owner wrote."""
    return said == comment or said.startswith(f"{comment}: ")


def leftovers(
    found: Iterable[Thing], noted: Iterable[tuple[Resource, Thing]], planned: Iterable[Resource], state: dict[str, Any]
) -> list[Leftover]:
    """What the state does not hold, each with its entry where a note or the plan has one.

    `noted` are resources as they were noted, each with what it was made into. Where two things would be the same resource,
    the first is.
    """
    held = {(resource["type"], resource.get("id")) for resource in resources(state)}
    by_note = {(thing.type, thing.id): (entry, thing) for entry, thing in noted}
    wanted = {entry["urn"]: entry for entry in planned}
    result: list[Leftover] = []
    for thing in {(thing.type, thing.id): thing for thing in [*found, *(thing for _, thing in noted)]}.values():
        key = (thing.type, thing.id)
        if key in held:
            continue
        if key in by_note:
            entry = by_note[key][0]
            wanted.pop(entry["urn"], None)
            result.append(Leftover(thing, as_taken(entry, thing)))
            continue
        match = next((entry for entry in wanted.values() if _is(entry, thing)), None)
        if match:
            del wanted[match["urn"]]
        result.append(Leftover(thing, as_planned(match, thing) if match else None))
    return result


def _is(entry: Resource, thing: Thing) -> bool:
    """Whether a thing is what this resource would be made into."""
    if entry["type"] != thing.type:
        return False
    inputs = entry["inputs"]
    if thing.type in (TUNNEL, NETWORK):
        return inputs["name"] == thing.name
    if thing.type == ROUTE:
        wanted = inputs.get("virtualNetworkId", UNKNOWN)
        return inputs["network"] == thing.name and wanted in (UNKNOWN, thing.body["virtualNetworkId"])
    if thing.type == RECORD:
        return (inputs["name"], inputs["type"]) == (thing.name, thing.body["type"])
    metadata, live = inputs["metadata"], thing.body["metadata"]
    if metadata.get("namespace", live.get("namespace")) != live.get("namespace"):
        return False
    generated = (metadata.get("annotations") or {}).get("pulumi.com/autonamed") == "true"
    return thing.name.startswith(f"{last(entry['urn'])}-") if generated else thing.name == metadata["name"]

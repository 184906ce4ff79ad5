"""Adoption: objects that existed before a run, and those that the stack takes over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from settings.options.routes import Route


@dataclass(frozen=True)
class ExistingRecord:
    """A DNS record; `made` is its creation time as in the API: `2024-03-01T09:30:00Z`."""

    id: str
    type: str
    content: str
    made: str
    comment: str = ""

    def __str__(self) -> str:
        comment = f', comment "{self.comment}"' if self.comment else ""
        return f"{self.type} {self.content} (created {self.made or 'at an unknown time'}{comment}, id {self.id})"


@dataclass(frozen=True)
class ExistingTunnel:
    """A tunnel of the account; `managed` is `cloudflare`, or `local` where a file beside the connector has the
    rules."""

    name: str
    managed: str
    deleted: str = ""
    """Time of its deletion; empty where it was not deleted."""


@dataclass(frozen=True)
class Existing:
    """Objects that existed before a run.

    `tunnel_id` and `record_ids` (by hostname) are the stack's own. `tunnel` is the one to adopt, None where it was not
    looked up, a string where it could not be read: the reason. `records` has, for each hostname that is new to the
    stack, the records that conflict with a CNAME; hostnames of a zone that could not be listed are missing. `zone_ids`
    are those that the hostnames need. `refused` has what the API refused to list: of a zone its records or, without an
    id, the zone itself; of None the account's tunnels. The values are the reasons.
    """

    tunnel_id: str | None = None
    record_ids: Mapping[str, str] = field(default_factory=dict)
    tunnel: ExistingTunnel | str | None = None
    records: Mapping[str, tuple[ExistingRecord, ...]] = field(default_factory=dict)
    zone_ids: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str | None, str] = field(default_factory=dict)


def adopted(
    tunnel: str | None, routes: Sequence[Route], hostnames: Mapping[str, str], existing: Existing
) -> tuple[str | None, dict[str, str]]:
    """What this run adopts: the tunnel's id, if any, and records by hostname as `pulumi import` expects them,
    `zone/record`. `hostnames` has the zone of each."""
    records: dict[str, str] = {}
    for hostname, zone in hostnames.items():
        _, record_id = adopting_route(hostname, routes)
        if record_id and hostname not in existing.record_ids:
            records[hostname] = f"{existing.zone_ids.get(zone, '')}/{record_id}"
    return None if existing.tunnel_id else tunnel, records


def adopting_route(hostname: str, routes: Sequence[Route]) -> tuple[int, str | None]:
    """The route of a hostname that adopts a record, else its first: index and record id."""
    candidates = [(number, route.adopt) for number, route in enumerate(routes) if route.hostname == hostname]
    return next((candidate for candidate in candidates if candidate[1]), candidates[0])

"""Adoption: objects that existed before a run, those that the stack takes over, and those that conflict with it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from settings import references
from settings.errors import PREFIX, SettingIssue, SettingsError
from settings.options.routes import Route
from settings.options.tunnel import TUNNEL_DOMAIN

SOURCE = references.CLOUDFLARE_RECORDS
TUNNEL_KEY = f"{PREFIX}tunnel.adopt"


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
    are those that the hostnames need.
    """

    tunnel_id: str | None = None
    record_ids: Mapping[str, str] = field(default_factory=dict)
    tunnel: ExistingTunnel | str | None = None
    records: Mapping[str, tuple[ExistingRecord, ...]] = field(default_factory=dict)
    zone_ids: Mapping[str, str] = field(default_factory=dict)


def adopted(
    tunnel: str | None, routes: Iterable[Route], hostnames: Mapping[str, str], existing: Existing, comment: str
) -> tuple[str | None, dict[str, str]]:
    """What this run adopts: the tunnel's id, if any, and records by hostname as `pulumi import` expects them,
    `zone/record`. `hostnames` has the zone of each. Raises SettingsError with every conflict."""
    issues = list(_tunnel_issues(tunnel, existing))
    records: dict[str, str] = {}
    for hostname, zone in hostnames.items():
        number, record_id = _route_of(hostname, routes)
        issues += _record_issues(f"{PREFIX}routes[{number}]", hostname, record_id, existing, comment)
        if record_id and hostname not in existing.record_ids:
            records[hostname] = f"{existing.zone_ids.get(zone, '')}/{record_id}"
    if issues:
        raise SettingsError(issues)
    return None if existing.tunnel_id else tunnel, records


def _route_of(hostname: str, routes: Iterable[Route]) -> tuple[int, str | None]:
    """The route of a hostname that adopts a record, else its first: index and record id."""
    candidates = [(number, route.adopt) for number, route in enumerate(routes) if route.hostname == hostname]
    return next((candidate for candidate in candidates if candidate[1]), candidates[0])


def _tunnel_issues(tunnel_id: str | None, existing: Existing) -> Iterator[SettingIssue]:
    if tunnel_id is None or tunnel_id == existing.tunnel_id:
        return
    found = existing.tunnel
    if existing.tunnel_id:
        problem = f"cannot be adopted: the stack already has a tunnel, {existing.tunnel_id}"
        yield SettingIssue.of(TUNNEL_KEY, tunnel_id, problem, "no adopt, or a new stack", SOURCE)
    elif isinstance(found, str):
        yield SettingIssue.of(TUNNEL_KEY, tunnel_id, f"cannot be read: {found}", "a tunnel of the account", SOURCE)
    elif found and found.deleted:
        problem = f"is the tunnel {found.name}, which was deleted at {found.deleted}"
        yield SettingIssue.of(TUNNEL_KEY, tunnel_id, problem, "a tunnel that exists", SOURCE)
    elif found and found.managed != "cloudflare":
        problem = f"is the tunnel {found.name}, whose rules are in a file beside its connector; that cannot be changed"
        accepted = "no adopt: the stack creates a tunnel of its own, and adopts the records"
        yield SettingIssue.of(TUNNEL_KEY, tunnel_id, problem, accepted, SOURCE)


def _record_issues(
    route: str, hostname: str, record_id: str | None, existing: Existing, comment: str
) -> Iterator[SettingIssue]:
    own = existing.record_ids.get(hostname)
    if own is not None:
        if record_id not in (None, own):
            problem = f"cannot be adopted: the stack already has a record for {hostname}, {own}"
            yield SettingIssue.of(f"{route}.adopt", record_id, problem, "no adopt", SOURCE)
        return
    if hostname not in existing.records:
        return
    found = existing.records[hostname]
    foreign = [record for record in found if not _is_own(record, existing.tunnel_id, comment)]
    listed = " and ".join(map(str, found)) or "none"
    cnames = [record for record in foreign if record.type == "CNAME"]
    if record_id and record_id not in [record.id for record in found]:
        accepted = " or ".join(record.id for record in cnames) or "no adopt"
        problem = f"is not a record of {hostname}; existing: {listed}"
        yield SettingIssue.of(f"{route}.adopt", record_id, problem, accepted, SOURCE)
    elif any(record.type != "CNAME" for record in foreign):
        problem = f"has a record outside this stack, {listed}; only a CNAME leads to a tunnel and can be adopted"
        accepted = "another hostname, or that record deleted"
        yield SettingIssue.of(f"{route}.hostname", hostname, problem, accepted, SOURCE)
    elif foreign and not record_id:
        accepted = f'adopt: "{foreign[0].id}" with it to adopt that record, another hostname, or that record deleted'
        problem = f"has a record outside this stack, {listed}"
        yield SettingIssue.of(f"{route}.hostname", hostname, problem, accepted, SOURCE)


def _is_own(record: ExistingRecord, tunnel_id: str | None, comment: str) -> bool:
    """Whether an earlier run of this stack created the record, and was interrupted before the state had it."""
    target = f"{tunnel_id or ''}.{TUNNEL_DOMAIN}"
    return record.type == "CNAME" and record.comment == comment and record.content.endswith(target)

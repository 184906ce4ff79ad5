"""What was there before a run: what of it is taken over, and what is in the way."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from settings import references
from settings.errors import PREFIX, SettingIssue, SettingsError
from settings.options.routes import Route

SOURCE = references.CLOUDFLARE_RECORDS
TUNNEL_DOMAIN = ".cfargotunnel.com"
TUNNEL_KEY = f"{PREFIX}tunnel.adopt"


@dataclass(frozen=True)
class ExistingRecord:
    """A DNS record; `made` is when, as the API says it: `2024-03-01T09:30:00Z`."""

    id: str
    type: str
    content: str
    made: str
    comment: str = ""

    def __str__(self) -> str:
        comment = f', comment "{self.comment}"' if self.comment else ""
        return f"{self.type} {self.content} (made {self.made or 'nobody knows when'}{comment}, id {self.id})"


@dataclass(frozen=True)
class ExistingTunnel:
    """A tunnel of the account; `managed` is `cloudflare`, or `local` where a file beside the connector has the rules."""

    name: str
    managed: str
    deleted: str = ""
    """When it was; empty where it was not."""


@dataclass(frozen=True)
class Existing:
    """What was there before a run.

    `tunnel_id` and `record_ids` (by hostname) are the stack's own. `tunnel` is the one to be taken over, None where it was not
    looked for, a text where it could not be read: why. `records` holds, for each hostname that is new to the stack, what
    stands in the way of a CNAME; hostnames of a zone that could not be listed are missing. `zone_ids` are those that the hostnames in
    it need.
    """

    tunnel_id: str | None = None
    record_ids: Mapping[str, str] = field(default_factory=dict)
    tunnel: ExistingTunnel | str | None = None
    records: Mapping[str, tuple[ExistingRecord, ...]] = field(default_factory=dict)
    zone_ids: Mapping[str, str] = field(default_factory=dict)


def unclear(routes: Iterable[tuple[int, Route]]) -> Iterator[SettingIssue]:
    """Hostnames with two records to be taken over or none to have, and records with two hostnames."""
    records: dict[str, tuple[int, Route]] = {}
    hostnames: dict[str, tuple[int, str]] = {}
    for number, route in routes:
        if not route.adopt:
            continue
        key = f"{PREFIX}routes[{number}].adopt"
        if route.dns == "none":
            why = "with dns: none the stack has no record for the hostname"
            yield SettingIssue.of(key, route.adopt, why, "one of adopt and dns: none", SOURCE)
        first, other = records.setdefault(route.adopt, (number, route))
        if other.hostname != route.hostname:
            why = f"routes[{first}] takes that record over for {other.hostname}"
            yield SettingIssue.of(key, route.adopt, why, "each record once", SOURCE)
        first, adopted_before = hostnames.setdefault(route.hostname, (number, route.adopt))
        if adopted_before != route.adopt:
            why = f"routes[{first}] takes another record over for the same hostname"
            yield SettingIssue.of(key, route.adopt, why, "one record a hostname", SOURCE)


def adopted(
    tunnel: str | None, routes: Iterable[Route], hostnames: Mapping[str, str], existing: Existing, comment: str
) -> tuple[str | None, dict[str, str]]:
    """What this run takes over: the tunnel's id where it does, and records as `pulumi import` takes them, `zone/record` by
    hostname. `hostnames` says which zone each is in. Raises SettingsError with everything that is in the way."""
    mistakes = list(_tunnel(tunnel, existing))
    records: dict[str, str] = {}
    for hostname, zone in hostnames.items():
        number, wanted = _wanted(hostname, routes)
        mistakes += _record(f"{PREFIX}routes[{number}]", hostname, wanted, existing, comment)
        if wanted and hostname not in existing.record_ids:
            records[hostname] = f"{existing.zone_ids.get(zone, '')}/{wanted}"
    if mistakes:
        raise SettingsError(mistakes)
    return None if existing.tunnel_id else tunnel, records


def _wanted(hostname: str, routes: Iterable[Route]) -> tuple[int, str | None]:
    """The route of a hostname that says what to take over, else the first one."""
    those = [(number, route.adopt) for number, route in enumerate(routes) if route.hostname == hostname]
    return next((one for one in those if one[1]), those[0])


def _tunnel(wanted: str | None, existing: Existing) -> Iterator[SettingIssue]:
    if wanted is None or wanted == existing.tunnel_id:
        return
    found = existing.tunnel
    if existing.tunnel_id:
        why = f"the stack has a tunnel of its own by now, {existing.tunnel_id}"
        yield SettingIssue.of(TUNNEL_KEY, wanted, why, "no adopt, or a stack that is new", SOURCE)
    elif isinstance(found, str):
        yield SettingIssue.of(TUNNEL_KEY, wanted, f"it cannot be read: {found}", "a tunnel of the account", SOURCE)
    elif found and found.deleted:
        why = f"that tunnel, {found.name}, was deleted {found.deleted}"
        yield SettingIssue.of(TUNNEL_KEY, wanted, why, "a tunnel that is there", SOURCE)
    elif found and found.managed != "cloudflare":
        why = f"{found.name} takes its rules from a file beside its connector, and cannot be changed to take them from here"
        accepted = "no adopt: the stack makes a tunnel of its own, and takes over the records"
        yield SettingIssue.of(TUNNEL_KEY, wanted, why, accepted, SOURCE)


def _record(route: str, hostname: str, wanted: str | None, existing: Existing, comment: str) -> Iterator[SettingIssue]:
    own = existing.record_ids.get(hostname)
    if own is not None:
        if wanted not in (None, own):
            why = f"the stack has a record for {hostname} by now, {own}"
            yield SettingIssue.of(f"{route}.adopt", wanted, why, "no adopt", SOURCE)
        return
    if hostname not in existing.records:
        return
    found = existing.records[hostname]
    theirs = [record for record in found if not _ours(record, existing.tunnel_id, comment)]
    there = " and ".join(map(str, found)) or "none"
    cnames = [record for record in theirs if record.type == "CNAME"]
    if wanted and wanted not in [record.id for record in found]:
        accepted = " or ".join(record.id for record in cnames) or "no adopt"
        yield SettingIssue.of(
            f"{route}.adopt", wanted, f"{hostname} has no such record; there is {there}", accepted, SOURCE
        )
    elif any(record.type != "CNAME" for record in theirs):
        why = f"somebody else made its record, {there}, and only a CNAME leads to a tunnel and can be taken over"
        yield SettingIssue.of(f"{route}.hostname", hostname, why, "another hostname, or that record deleted", SOURCE)
    elif theirs and not wanted:
        accepted = (
            f'adopt: "{theirs[0].id}" beside it to take that record over, another hostname, or that record deleted'
        )
        why = f"somebody else made its record, {there}"
        yield SettingIssue.of(f"{route}.hostname", hostname, why, accepted, SOURCE)


def _ours(record: ExistingRecord, tunnel_id: str | None, comment: str) -> bool:
    """Whether an earlier run of this stack made it, and was cut off before it could say so."""
    target = f"{tunnel_id or ''}{TUNNEL_DOMAIN}"
    return record.type == "CNAME" and record.comment == comment and record.content.endswith(target)

"""Checks of what existed before a run: records and tunnels of others or not adoptable, and refusals of the API."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from settings import references
from settings.derived.adoption import Existing, ExistingRecord, adopting_route
from settings.errors import PREFIX, SettingIssue
from settings.options.routes import Route
from settings.options.tunnel import TUNNEL_DOMAIN

SOURCE = references.CLOUDFLARE_RECORDS
ACCOUNT_KEY, TUNNEL_KEY = f"{PREFIX}accountId", f"{PREFIX}tunnel.adopt"


def refusals(account_id: str, zones: Mapping[str, str | None], existing: Existing) -> Iterator[SettingIssue]:
    """The account and the zones of which the API refused a list: a wrong id, or an API token without the right."""
    by = "an API token (CLOUDFLARE_API_TOKEN, or cloudflare:apiToken) with"
    for zone, reason in existing.refused.items():
        if zone is None:
            accepted = f"the id of the account, and {by} Account > Cloudflare Tunnel: Edit on it"
            key, value, problem = ACCOUNT_KEY, account_id, f"is an account whose tunnels cannot be listed: {reason}"
        else:
            key, value = f'{PREFIX}zones["{zone}"]', zones.get(zone)
            if value:
                problem = f"is a zone whose records cannot be listed: {reason}"
                accepted = f"the id of the zone {zone}, and {by} Zone > DNS: Edit on it"
            else:
                problem = f"is not an id, and the zone cannot be looked up: {reason}"
                accepted = f"the id of a zone {zone} of the account, or {by} Zone > Zone: Read on it"
        yield SettingIssue.of(key, value, problem, accepted, references.CLOUDFLARE_PERMISSIONS)


def existing_conflicts(
    tunnel: str | None, routes: Sequence[Route], hostnames: Iterable[str], existing: Existing, comment: str
) -> Iterator[SettingIssue]:
    """Records and tunnels outside the stack that conflict with it, or cannot be adopted. `comment` is the comment of
    the stack's own records."""
    yield from _tunnel_issues(tunnel, existing)
    for hostname in hostnames:
        number, record_id = adopting_route(hostname, routes)
        yield from _record_issues(f"{PREFIX}routes[{number}]", hostname, record_id, existing, comment)


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

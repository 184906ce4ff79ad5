"""Check of a zone: its id and its name are one zone's, and that zone is the account's."""

from collections.abc import Mapping
from typing import Any

from clients.cloudflare import DNS, TOKENS_PAGE, CloudflareApi
from clients.errors import ApiUnreachable, CheckUnavailable, CloudflareApiError
from clients.reply_shape import documented_shape
from ops.verify.result import Check, CheckResult, Status
from settings import Settings

ZONE = Check("api", "zone")
REFUSED = (400, 401, 403, 404)
"""Statuses of a refusal that lasts: by the token, the id, or the account."""
_IMPACT = "no record can be made; pulumi up ends before anything is made"


def run(api: CloudflareApi, settings: Settings) -> tuple[list[CheckResult], dict[str, str]]:
    """A result for each zone, and the ids of those that are not another zone's."""
    results: list[CheckResult] = []
    ids: dict[str, str] = {}
    for zone, declared in settings.zones.items():
        try:
            with documented_shape():
                zone_id = declared or api.zone_id(settings.account_id, zone)
                result = belongs(api, settings.account_id, zone, zone_id)
        except CheckUnavailable as error:
            unavailable = isinstance(error, CloudflareApiError) and error.status not in REFUSED
            if declared or unavailable or isinstance(error, ApiUnreachable):
                results.append(ZONE.unavailable(zone, error))
            else:
                results.append(_not_found(zone, error))
            continue
        results.append(result)
        if result.status is not Status.FAILED:
            ids[zone] = zone_id
    return results, ids


def belongs(api: CloudflareApi, account: str, zone: str, zone_id: str) -> CheckResult:
    """Whether the zone with this id has this name, and is the account's."""
    try:
        found = api.find(f"/zones/{zone_id}", "Zone")
    except CloudflareApiError as error:
        if error.status not in REFUSED:
            raise
        found = None
    return _by_records(api, zone, zone_id) if found is None else _described(found, account, zone)


def _not_found(zone: str, error: CheckUnavailable) -> CheckResult:
    cause = "the token lacks Zone > Zone: Read on the zone, or the account has no such zone"
    remedy = f"write the zone's id beside its name, or give the token Zone > Zone: Read, at {TOKENS_PAGE}"
    return ZONE.failed(zone, error.reason, impact=_IMPACT, cause=cause, remedy=remedy)


def _described(found: Mapping[str, Any], account: str, zone: str) -> CheckResult:
    """The verdict by the API's description of the zone with this id."""
    owner, name, status = found.get("account") or {}, str(found["name"]), str(found.get("status", "active"))
    if name.lower() != zone:
        return _another(zone, f"the id is that of {name}")
    if owner.get("id") not in (None, account):
        return ZONE.failed(
            zone,
            f"belongs to account {owner['id']} ({owner.get('name', 'without a name')})",
            impact="error 1014 on every hostname of the zone: a record leads only to tunnels of its own account",
            cause="accountId is another account's, or the zone is",
            remedy="use a zone of the account, or the account of the zone",
        )
    if status != "active" or found.get("paused"):
        return ZONE.failed(
            zone,
            "paused" if found.get("paused") else status,
            impact="no such name (NXDOMAIN), or the site at another address",
            cause="its domain does not have Cloudflare's name servers, or Cloudflare is paused for it",
            remedy="set the name servers that the zone's overview shows at the domain's registrar, or resume it there",
        )
    return ZONE.passed(zone, "the id, the name and the account belong together")


def _by_records(api: CloudflareApi, zone: str, zone_id: str) -> CheckResult:
    """The verdict by the zone's records, for a token without Zone: Read: each has a name in the zone."""
    try:
        records = api.items(f"/zones/{zone_id}/dns_records", DNS, paged=False, per_page="20")
    except CloudflareApiError as error:
        if error.status not in REFUSED:
            raise
        return ZONE.failed(
            zone,
            error.reason,
            impact=_IMPACT,
            cause="the id is another zone's or mistyped, or the token lacks Zone > DNS: Edit on this zone",
            remedy=f"compare the id with the zone's overview, or give the token that permission, at {TOKENS_PAGE}",
        )
    names = [str(record.get("name", "")).lower() for record in records]
    foreign = [name for name in names if name != zone and not name.endswith(f".{zone}")]
    if foreign:
        return _another(zone, f"the zone with this id has the record {foreign[0]}")
    if not names:
        unclear = "the zone with this id has no record, and the token may not read the zone itself"
        return ZONE.unknown(zone, unclear, "compare the id with the zone's overview, or give the token Zone: Read")
    return ZONE.passed(zone, "the records of the zone with this id are below this name")


def _another(zone: str, observed: str) -> CheckResult:
    return ZONE.failed(
        zone,
        observed,
        impact="records would be made in another zone",
        cause="the ids of two zones are mixed up",
        remedy="copy the id from the overview of this zone",
    )

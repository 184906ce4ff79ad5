"""What is there before anything is made: the stack's own records and tunnel, and what somebody else made.

Nothing here is provisioned. It is asked before the first resource, and only for what is new to the stack: a run that adds no
hostname and takes nothing over reads nothing of Cloudflare.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare

from settings import Existing, ExistingRecord, ExistingTunnel

BLOCKING = {"A", "AAAA", "CNAME", "NS"}
"""Kinds of record that stand in the way of a CNAME of the same name; others (TXT, MX …) may be beside a proxied one."""
AT_MOST = 1_000_000
"""Records read of a zone: the look-up's own limit is 1000, and the one that matters may be the next."""


def existing(
    account_id: str, zones: Mapping[str, str | None], hostnames: Mapping[str, str], adopt: str | None
) -> Existing:
    """What was there, for these hostnames (each with the name of its zone) and the tunnel to be taken over.

    Reads of Cloudflare: none for hostnames that the stack has; one for a new one, or, where a zone has several, one for each
    hundred of the zone's records and one more; two for a zone without an id that has a new hostname; one for the tunnel.
    A zone that cannot be listed is a warning: the API refuses a second record later on, it overwrites none.
    """
    outputs = _outputs()
    tunnel_id, record_ids = outputs.get("tunnelId"), outputs.get("records") or {}
    new: dict[str, list[str]] = {}
    for hostname, zone in hostnames.items():
        if hostname not in record_ids:
            new.setdefault(zone, []).append(hostname)
    records: dict[str, tuple[ExistingRecord, ...]] = {}
    zone_ids: dict[str, str] = {}
    for zone, names in new.items():
        try:
            zone_ids[zone] = zones.get(zone) or _zone_id(account_id, zone)
            records |= _records(zone_ids[zone], names)
        except Exception as error:  # the SDK raises nothing narrower
            pulumi.log.warn(
                f"The records of {zone} cannot be listed, so whether somebody else has a record for {', '.join(names)} shows "
                f"only when it is made: {_reason(error)}"
            )
    tunnel = _tunnel(account_id, adopt) if adopt and not tunnel_id else None
    return Existing(tunnel_id, record_ids, tunnel, records, zone_ids)


def _outputs() -> dict[str, Any]:
    """The outputs of the last run that came to its end; without any, everything counts as new."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        # What a StackReference asks for, without a resource in every preview.
        found = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack}).value
    except Exception as error:
        pulumi.log.debug(f"the stack's own outputs cannot be read: {error}")
        return {}
    return (found or {}).get("outputs") or {}


def _zone_id(account_id: str, zone: str) -> str:
    found = cloudflare.get_zone(filter={"name": zone, "account": {"id": account_id}, "match": "all"})
    return found.id or ""


def _records(zone_id: str, names: Iterable[str]) -> dict[str, tuple[ExistingRecord, ...]]:
    """Of each name, the records that block it."""
    names = list(names)
    one: Any = {"name": {"exact": names[0]}} if len(names) == 1 else {}
    found: dict[str, list[ExistingRecord]] = {name: [] for name in names}
    results: Any = cloudflare.get_dns_records(zone_id=zone_id, max_items=AT_MOST, **one).results
    for record in results:
        if record.name in found and record.type in BLOCKING:
            made = ExistingRecord(record.id, record.type, record.content, record.created_on, record.comment or "")
            found[record.name].append(made)
    return {name: tuple(those) for name, those in found.items()}


def _tunnel(account_id: str, tunnel_id: str) -> ExistingTunnel | str:
    try:
        found = cloudflare.get_zero_trust_tunnel_cloudflared(account_id=account_id, tunnel_id=tunnel_id)
    except Exception as error:
        return _reason(error)
    return ExistingTunnel(found.name, found.config_src, found.deleted_at or "")


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())

"""Checks of DNS records: each hostname is a proxied CNAME to the tunnel, and no other record points at it."""

from typing import Any

from ops.verify.faults import cloudflare as faults
from ops.verify.result import Check, CheckResult
from settings import TUNNEL_DOMAIN

RECORDS = Check("api", "records")
ORPHANED_RECORDS = Check("api", "orphaned-records")

_ADDRESS_TYPES = ("A", "AAAA", "CNAME")


def points_at_tunnel(hostname: str, target: str, records: list[dict[str, Any]]) -> CheckResult:
    """Whether the hostname is a proxied CNAME to `target` (`<tunnel>.cfargotunnel.com`). `records` are its zone's."""
    present = [one for one in records if one["name"] == hostname and one["type"] in _ADDRESS_TYPES]
    if not present:
        return RECORDS.finds(hostname, "there is no record", faults.RECORD_MISSING)
    wrong = [one for one in present if (one["type"], str(one["content"]).rstrip(".").lower()) != ("CNAME", target)]
    if wrong:
        other_tunnel = str(wrong[0]["content"]).endswith(f".{TUNNEL_DOMAIN}")
        return RECORDS.finds(
            hostname,
            ", ".join(f"{one['type']} to {one['content']}" for one in wrong) + f" instead of CNAME to {target}",
            faults.RECORD_OTHER,
            impact="error 1016 (530), or the site of another tunnel" if other_tunnel else "",
        )
    if not present[0].get("proxied"):
        return RECORDS.finds(hostname, "the record is not proxied", faults.RECORD_NOT_PROXIED)
    return RECORDS.passed(hostname, f"proxied CNAME to {target}")


def no_orphans(zone: str, hostnames: list[str], target: str, records: list[dict[str, Any]]) -> CheckResult:
    """Whether no record of the zone points at the tunnel except those of `hostnames`."""
    orphans = sorted(
        str(one["name"])
        for one in records
        if str(one.get("content") or "").rstrip(".").lower() == target and one["name"] not in hostnames
    )
    if orphans:
        observed = f"points at this tunnel without being declared: {', '.join(orphans)}"
        return ORPHANED_RECORDS.finds(zone, observed, faults.RECORD_ORPHANED)
    return ORPHANED_RECORDS.passed(zone, "no other record points at the tunnel")

"""Checks of DNS records: each hostname is a proxied CNAME to the tunnel, and no other record points at it."""

from typing import Any

from ops.verify.result import Check, CheckResult
from settings import TUNNEL_DOMAIN

RECORDS = Check("api", "records")
ORPHANED_RECORDS = Check("api", "orphaned-records")

_ADDRESS_TYPES = ("A", "AAAA", "CNAME")
_REDEPLOY = "pulumi refresh, then pulumi up"


def points_at_tunnel(hostname: str, target: str, records: list[dict[str, Any]]) -> CheckResult:
    """Whether the hostname is a proxied CNAME to `target` (`<tunnel>.cfargotunnel.com`). `records` are its zone's."""
    present = [one for one in records if one["name"] == hostname and one["type"] in _ADDRESS_TYPES]
    if not present:
        return RECORDS.failed(
            hostname,
            "there is no record",
            impact="no such name (NXDOMAIN)",
            cause="the record was deleted manually, or the stack file was changed and not deployed",
            remedy=_REDEPLOY,
        )
    wrong = [one for one in present if (one["type"], str(one["content"]).rstrip(".").lower()) != ("CNAME", target)]
    if wrong:
        other_tunnel = str(wrong[0]["content"]).endswith(f".{TUNNEL_DOMAIN}")
        return RECORDS.failed(
            hostname,
            ", ".join(f"{one['type']} to {one['content']}" for one in wrong) + f" instead of CNAME to {target}",
            impact="error 1016 (530), or the site of another tunnel" if other_tunnel else "the site at that address",
            cause="the record was changed manually, or is managed elsewhere",
            remedy=f"{_REDEPLOY}; if the record is managed elsewhere, agree with its owner first",
        )
    if not present[0].get("proxied"):
        return RECORDS.failed(
            hostname,
            "the record is not proxied",
            impact="no address: the tunnel's name resolves only inside Cloudflare",
            cause="the proxy was switched off manually",
            remedy=_REDEPLOY,
        )
    return RECORDS.passed(hostname, f"proxied CNAME to {target}")


def no_orphans(zone: str, hostnames: list[str], target: str, records: list[dict[str, Any]]) -> CheckResult:
    """Whether no record of the zone points at the tunnel except those of `hostnames`."""
    orphans = sorted(
        str(one["name"])
        for one in records
        if str(one.get("content") or "").rstrip(".").lower() == target and one["name"] not in hostnames
    )
    if orphans:
        return ORPHANED_RECORDS.failed(
            zone,
            f"points at this tunnel without being declared: {', '.join(orphans)}",
            impact="404 on these names, or the site of a wildcard route that matches them",
            cause="the record was created manually, or an interrupted update left it behind",
            remedy="delete the record, or declare its hostname and pulumi import it",
        )
    return ORPHANED_RECORDS.passed(zone, "no other record points at the tunnel")

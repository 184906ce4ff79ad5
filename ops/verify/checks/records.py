"""The public names as the API shows them: each declared hostname points at the tunnel, and nothing else does."""

from typing import Any

from ops.verify.result import Check, Finding

RECORDS = Check("api", "records")
STRAYS = Check("api", "strays")

_REACHABLE = ("A", "AAAA", "CNAME")
_UP = "pulumi refresh, then pulumi up"


def points_at(hostname: str, target: str, records: list[dict[str, Any]]) -> Finding:
    """Whether the hostname's record is a proxied CNAME to `target` (`<tunnel>.cfargotunnel.com`); `records` are its zone's."""
    found = [each for each in records if each["name"] == hostname and each["type"] in _REACHABLE]
    if not found:
        return RECORDS.failed(
            hostname,
            "there is no record",
            visitor="no such name (NXDOMAIN)",
            cause="the record was deleted by hand, or the stack file was changed and not brought up",
            remedy=_UP,
        )
    wrong = [each for each in found if (each["type"], each["content"].rstrip(".").lower()) != ("CNAME", target)]
    if wrong:
        other = str(wrong[0]["content"]).endswith(".cfargotunnel.com")
        return RECORDS.failed(
            hostname,
            ", ".join(f"{each['type']} to {each['content']}" for each in wrong) + f", and not CNAME to {target}",
            visitor="error 1016 (530), or another tunnel's site" if other else "whatever answers at that other address",
            cause="the record was changed by hand, or belongs to somebody else",
            remedy=f"{_UP}; where the record is somebody else's, agree with them first",
        )
    if not found[0].get("proxied"):
        return RECORDS.failed(
            hostname,
            "the record is not proxied",
            visitor="no address: the tunnel's name resolves inside Cloudflare alone",
            cause="the proxy was switched off by hand",
            remedy=_UP,
        )
    return RECORDS.passed(hostname, f"proxied CNAME to {target}")


def no_strays(zone: str, hostnames: list[str], target: str, records: list[dict[str, Any]]) -> Finding:
    """Whether no other record of the zone points at the tunnel."""
    strays = sorted(
        str(each["name"])
        for each in records
        if str(each.get("content") or "").rstrip(".").lower() == target and each["name"] not in hostnames
    )
    if strays:
        return STRAYS.failed(
            zone,
            f"not declared, and at this tunnel: {', '.join(strays)}",
            visitor="404 on these names, or a site where a wildcard's rule takes them",
            cause="a record was made by hand, or left behind by an update that was cut off",
            remedy="delete the record, or declare its hostname and pulumi import it",
        )
    return STRAYS.passed(zone, "no other record points at the tunnel")

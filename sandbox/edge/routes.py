"""From a hostname to what serves it: the emulated zone's records, read as a resolver and Cloudflare's edge read them."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.cloudflare import tunnels
from sandbox.cloudflare.state import TUNNEL_DOMAIN
from sandbox.cloudflare.store import Row, Store


@dataclass(frozen=True)
class Route:
    """A hostname's zone (None outside every one) and its tunnel; `why` says what stands between where there is none."""

    zone: Row | None
    tunnel: Row | None = None
    why: str = ""


def find(store: Store, hostname: str) -> Route:
    """Where visitors of `hostname` (lower case, no port) are sent. Reads the store anew: what the API says now counts."""
    names = _upwards(hostname)
    zone = store.one(
        f"SELECT id, name, account FROM zones WHERE name IN ({_marks(names)}) ORDER BY length(name) DESC LIMIT 1",
        *names,
    )
    if zone is None:
        return Route(None, why=f"{hostname} is in none of the zones here")
    record = _record(store, zone, hostname)
    if record is None:
        return Route(zone, why=f"{hostname} has no DNS record")
    if not record["proxied"]:
        return Route(zone, why=f"the record of {hostname} is not proxied: visitors are sent past Cloudflare")
    content = record["content"] or ""
    if record["type"] != "CNAME" or not content.endswith(TUNNEL_DOMAIN):
        return Route(zone, why=f"the record of {hostname} points at {content}, which is no tunnel")
    tunnel = tunnels.find(store, content.removesuffix(TUNNEL_DOMAIN))
    if tunnel is None or tunnel["account"] != zone["account"]:
        return Route(zone, why=f"the record of {hostname} points at a tunnel that is not here")
    if tunnel["deleted"]:
        return Route(zone, why=f"the record of {hostname} points at the deleted tunnel {tunnel['name']}")
    return Route(zone, tunnel)


def _record(store: Store, zone: Row, hostname: str) -> dict[str, Any] | None:
    """The address or alias record that answers for `hostname`.

    A wildcard answers at any depth, unless a name between it and the hostname exists (RFC 4592).
    """
    inside = [name for name in _upwards(hostname) if len(name) >= len(zone["name"])]
    wanted = [*inside, *(f"*.{name}" for name in inside)]
    found: dict[str, list[dict[str, Any]]] = {}
    query = f"SELECT name, body FROM records WHERE zone = ? AND name IN ({_marks(wanted)})"
    for row in store.all(query, zone["id"], *wanted):
        found.setdefault(row["name"], []).append(json.loads(row["body"]))
    for name in inside:
        if name == hostname and name in found:
            return _pointing(found[name])
        if name != hostname and f"*.{name}" in found:
            return _pointing(found[f"*.{name}"])
        if name in found:
            return None
    return None


def _pointing(records: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((record for record in records if record["type"] in ("A", "AAAA", "CNAME")), None)


def _upwards(name: str) -> list[str]:
    """`a.b.c` → `a.b.c`, `b.c`, `c`; at most as many labels as a name can have."""
    labels = name.split(".")[-127:]
    return [".".join(labels[first:]) for first in range(len(labels))]


def _marks(values: list[str]) -> str:
    return ",".join("?" * len(values))

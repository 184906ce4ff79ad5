"""From a hostname to what serves it: the emulated zone's load balancers and records, read as a resolver and Cloudflare's edge read them."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.cloudflare import connections
from sandbox.cloudflare.resources import tunnels
from sandbox.cloudflare.snapshot import TUNNEL_DOMAIN
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
    balancer = next(
        (b for b in store.bodies("load_balancers", zone["id"]) if b["name"] == hostname and b["enabled"]), None
    )
    if balancer:
        return _balanced(store, zone, balancer)
    record = _record(store, zone, hostname)
    if record is None:
        return Route(zone, why=f"{hostname} has no DNS record")
    if not record["proxied"]:
        return Route(zone, why=f"the record of {hostname} is not proxied: visitors are sent past Cloudflare")
    if record["type"] != "CNAME":
        return Route(zone, why=f"the record of {hostname} points at {record['content']}, which is no tunnel")
    return _to(store, zone, f"the record of {hostname}", record["content"] or "")


def _balanced(store: Store, zone: Row, balancer: dict[str, Any]) -> Route:
    """To the first pool with a tunnel that is connected, whatever the steering: that is what fails over."""
    called = f"the load balancer of {balancer['name']}"
    if not balancer["proxied"]:
        return Route(zone, why=f"{called} is not proxied: visitors are sent past Cloudflare")
    pools = {pool["id"]: pool for pool in store.bodies("load_balancer_pools", zone["account"])}
    order = [pools[number] for number in (*balancer["default_pools"], balancer["fallback_pool"]) if number in pools]
    origins = [origin for pool in order if pool["enabled"] for origin in pool["origins"] if origin["enabled"]]
    routes = [_to(store, zone, called, origin["address"]) for origin in origins]
    alive = (route for route in routes if route.tunnel and connections.of_tunnel(store, route.tunnel["id"]))
    last = routes[-1] if routes else Route(zone, why=f"{called} has no pool that is enabled")
    return next(alive, last)


def _to(store: Store, zone: Row, called: str, address: str) -> Route:
    """To the tunnel at an address such as `<id>.cfargotunnel.com`."""
    if not address.endswith(TUNNEL_DOMAIN):
        return Route(zone, why=f"{called} points at {address}, which is no tunnel")
    tunnel = tunnels.find(store, address.removesuffix(TUNNEL_DOMAIN))
    if tunnel is None or tunnel["account"] != zone["account"]:
        return Route(zone, why=f"{called} points at a tunnel that is not here")
    if tunnel["deleted"]:
        return Route(zone, why=f"{called} points at the deleted tunnel {tunnel['name']}")
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

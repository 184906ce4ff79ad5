"""Resolution of a hostname to its tunnel, by the zone's load balancers and DNS records, as at Cloudflare's edge."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.cloudflare import connections
from sandbox.cloudflare.resources import tunnels
from sandbox.cloudflare.snapshot import TUNNEL_SUFFIX
from sandbox.cloudflare.store import Row, Store


@dataclass(frozen=True)
class Route:
    """A hostname's zone and tunnel. Where either is missing it is None, and `reason` says why."""

    zone: Row | None
    tunnel: Row | None = None
    reason: str = ""


def resolve(store: Store, hostname: str) -> Route:
    """The route of `hostname` (lower case, no port) by the store's current content."""
    names = _parents(hostname)
    zone = store.one(
        f"SELECT id, name, account FROM zones WHERE name IN ({_placeholders(names)}) "
        "ORDER BY length(name) DESC LIMIT 1",
        *names,
    )
    if zone is None:
        return Route(None, reason=f"{hostname} is in none of the account's zones")
    balancers = store.bodies("load_balancers", zone["id"])
    balancer = next((each for each in balancers if each["name"] == hostname and each["enabled"]), None)
    if balancer:
        return _resolve_load_balancer(store, zone, balancer)
    record = _address_record(store, zone, hostname)
    if record is None:
        return Route(zone, reason=f"{hostname} has no DNS record")
    if not record["proxied"]:
        return Route(zone, reason=f"the record of {hostname} is not proxied: its visitors bypass Cloudflare")
    if record["type"] != "CNAME":
        return Route(zone, reason=f"the record of {hostname} points to {record['content']}, which is not a tunnel")
    return _resolve_address(store, zone, f"the record of {hostname}", record["content"] or "")


def served_hostnames(store: Store) -> list[str]:
    """The hostnames that lead to a tunnel, in their order; of a wildcard, one name that it applies to."""
    names = {row["name"] for row in store.all("SELECT DISTINCT name FROM records")}
    for zone in store.all("SELECT id FROM zones"):
        names |= {each["name"] for each in store.bodies("load_balancers", zone["id"])}
    hostnames = {name.replace("*", "any") for name in names}
    return sorted(name for name in hostnames if resolve(store, name).tunnel)


def _resolve_load_balancer(store: Store, zone: Row, balancer: dict[str, Any]) -> Route:
    """The first pool with a connected tunnel, whatever the steering policy: that suffices to rehearse a failover."""
    source = f"the load balancer of {balancer['name']}"
    if not balancer["proxied"]:
        return Route(zone, reason=f"{source} is not proxied: its visitors bypass Cloudflare")
    pools = {pool["id"]: pool for pool in store.bodies("load_balancer_pools", zone["account"])}
    order = [pools[pool_id] for pool_id in (*balancer["default_pools"], balancer["fallback_pool"]) if pool_id in pools]
    origins = [origin for pool in order if pool["enabled"] for origin in pool["origins"] if origin["enabled"]]
    routes = [_resolve_address(store, zone, source, origin["address"]) for origin in origins]
    connected = (route for route in routes if route.tunnel and connections.of_tunnel(store, route.tunnel["id"]))
    last = routes[-1] if routes else Route(zone, reason=f"{source} has no enabled pool")
    return next(connected, last)


def _resolve_address(store: Store, zone: Row, source: str, address: str) -> Route:
    """The tunnel at an address such as `<id>.cfargotunnel.com`."""
    if not address.endswith(TUNNEL_SUFFIX):
        return Route(zone, reason=f"{source} points to {address}, which is not a tunnel")
    tunnel = tunnels.find(store, address.removesuffix(TUNNEL_SUFFIX))
    if tunnel is None or tunnel["account"] != zone["account"]:
        return Route(zone, reason=f"{source} points to a tunnel that does not exist in this account")
    if tunnel["deleted"]:
        return Route(zone, reason=f"{source} points to the deleted tunnel {tunnel['name']}")
    return Route(zone, tunnel)


def _address_record(store: Store, zone: Row, hostname: str) -> dict[str, Any] | None:
    """The A, AAAA or CNAME record that applies to `hostname`.

    A wildcard applies at any depth, unless a name between it and the hostname exists (RFC 4592).
    """
    inside = [name for name in _parents(hostname) if len(name) >= len(zone["name"])]
    names = [*inside, *(f"*.{name}" for name in inside)]
    records: dict[str, list[dict[str, Any]]] = {}
    query = f"SELECT name, body FROM records WHERE zone = ? AND name IN ({_placeholders(names)})"
    for row in store.all(query, zone["id"], *names):
        records.setdefault(row["name"], []).append(json.loads(row["body"]))
    for name in inside:
        if name == hostname and name in records:
            return _first_address(records[name])
        if name != hostname and f"*.{name}" in records:
            return _first_address(records[f"*.{name}"])
        if name in records:
            return None
    return None


def _first_address(records: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((record for record in records if record["type"] in ("A", "AAAA", "CNAME")), None)


def _parents(name: str) -> list[str]:
    """`a.b.c` → `a.b.c`, `b.c`, `c`; at most as many labels as a DNS name can have."""
    labels = name.split(".")[-127:]
    return [".".join(labels[first:]) for first in range(len(labels))]


def _placeholders(values: list[str]) -> str:
    return ",".join("?" * len(values))

"""Snapshot of everything the emulator stores, without secrets."""

import json
from typing import Any

from sandbox.cloudflare import crud, frontend, request_log
from sandbox.cloudflare.resources import accounts, configurations, dns_records, tunnel_connections, tunnels
from sandbox.cloudflare.store import Row, Store

TUNNEL_SUFFIX = ".cfargotunnel.com"


def take(store: Store, *, recent_calls: int = 60) -> dict[str, Any]:
    """Accounts, zones with their records, tunnels with configuration, connections and connectors, other objects,
    tokens, recent calls, recent calls that write, and the port of the edge's front end (None without an edge).

    A record that points at a tunnel has that tunnel's status in `target`, `deleted` or `unknown`.
    """
    rows = store.all("SELECT * FROM tunnels ORDER BY deleted IS NOT NULL, created")
    described = [_tunnel(store, row) for row in rows]
    statuses = {each["id"]: "deleted" if each["deleted_at"] else each["status"] for each in described}
    return {
        "accounts": [accounts.describe(row) for row in store.all("SELECT * FROM accounts ORDER BY name")],
        "zones": [_zone(store, row, statuses) for row in store.all("SELECT * FROM zones ORDER BY name")],
        "tunnels": described,
        "objects": [
            {**crud.visible(json.loads(row["body"])), "kind": row["kind"], "scope": row["scope"]}
            for row in store.all("SELECT * FROM objects ORDER BY kind")
        ],
        "tokens": store.all("SELECT id, name, grants, created FROM tokens ORDER BY created"),
        "calls": _shown(request_log.since(store, request_log.last_mark(store) - recent_calls)[::-1]),
        "writes": _shown(request_log.recent_writes(store, recent_calls)),
        "call_count": request_log.last_mark(store),
        "frontend": frontend.port(store),
    }


def _tunnel(store: Store, row: dict[str, Any]) -> dict[str, Any]:
    current = configurations.current(store, row["id"])
    configuration = {"version": current["version"], "config": current["config"]} if current else None
    connectors = tunnel_connections.connectors(store, row["id"])
    return {**tunnels.describe(store, row), "configuration": configuration, "connectors": connectors}


def _zone(store: Store, row: dict[str, Any], statuses: dict[str, str]) -> dict[str, Any]:
    records = dns_records.of_zone(store, row["id"])
    for record in records:
        content = record["content"] or ""
        if content.endswith(TUNNEL_SUFFIX):
            record["target"] = statuses.get(content.removesuffix(TUNNEL_SUFFIX), "unknown")
    return {"id": row["id"], "name": row["name"], "account": row["account"], "records": records}


def _shown(calls: list[Row]) -> list[dict[str, Any]]:
    return [{key: call[key] for key in ("mark", "time", "method", "path", "status")} for call in calls]

"""Everything the emulator holds, in one picture, without a secret in it."""

import json
from typing import Any

from sandbox.cloudflare import request_log
from sandbox.cloudflare.resources import access, configurations, connections, dns_records, tunnels, zones
from sandbox.cloudflare.store import Store

TUNNEL_DOMAIN = ".cfargotunnel.com"


def picture(store: Store, *, recent_calls: int = 60) -> dict[str, Any]:
    """Accounts, zones with their records, tunnels with rules, connections and connectors, other objects, tokens, recent calls.

    A record that points at a tunnel says in `target` how that tunnel is doing: its status, `deleted`, or `unknown`.
    """
    found = store.all("SELECT * FROM tunnels ORDER BY deleted IS NOT NULL, created")
    shown = [_tunnel(store, row) for row in found]
    health = {each["id"]: "deleted" if each["deleted_at"] else each["status"] for each in shown}
    return {
        "accounts": [zones.account_shown(row) for row in store.all("SELECT * FROM accounts ORDER BY name")],
        "zones": [_zone(store, row, health) for row in store.all("SELECT * FROM zones ORDER BY name")],
        "tunnels": shown,
        "objects": [
            {**_open(json.loads(row["body"])), "group": row["kind"], "scope": row["scope"]}
            for row in store.all("SELECT * FROM objects ORDER BY kind")
        ],
        "tokens": store.all("SELECT id, name, grants, created FROM tokens ORDER BY created"),
        "calls": _recent(store, recent_calls),
        "call_count": request_log.last_mark(store),
    }


def _tunnel(store: Store, row: dict[str, Any]) -> dict[str, Any]:
    current = configurations.current(store, row["id"])
    configuration = {"version": current["version"], "config": current["config"]} if current else None
    live = connections.by_connector(connections.of_tunnel(store, row["id"]), current["version"] if current else 0)
    return {**tunnels.shown(store, row), "configuration": configuration, "connectors": live}


def _zone(store: Store, row: dict[str, Any], health: dict[str, str]) -> dict[str, Any]:
    kept = dns_records.of_zone(store, row["id"])
    for record in kept:
        content = record["content"] or ""
        if content.endswith(TUNNEL_DOMAIN):
            record["target"] = health.get(content.removesuffix(TUNNEL_DOMAIN), "unknown")
    return {"id": row["id"], "name": row["name"], "account": row["account"], "records": kept}


def _open(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != access.HASHED}


def _recent(store: Store, count: int) -> list[dict[str, Any]]:
    rows = request_log.since(store, request_log.last_mark(store) - count)
    return [{key: row[key] for key in ("mark", "time", "method", "path", "status")} for row in reversed(rows)]

"""Tunnels as they are kept: found, shown, and their connector's token. A deleted one stays."""

import base64
import json
import secrets
from typing import Any

from sandbox.cloudflare import ids
from sandbox.cloudflare.resources import connections
from sandbox.cloudflare.responses import ApiError, no_route
from sandbox.cloudflare.store import Row, Store

MISSING = (1003, "Tunnel not found")
"""With 404. The code is a guess; the status is what the providers go by."""


def find(store: Store, tunnel: str) -> Row | None:
    """A tunnel's row, `secret` (base64) among it; a deleted one has `deleted`."""
    return store.one("SELECT * FROM tunnels WHERE id = ?", tunnel.lower())


def seed(store: Store, tunnel: str, account: str, name: str) -> None:
    """Makes a remotely configured tunnel with this id unless it is there; a deleted one is there no more, and comes back."""
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    store.run(
        "INSERT INTO tunnels VALUES (?, ?, ?, ?, 'cloudflare', ?, NULL, NULL, NULL) "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, secret = excluded.secret, created = excluded.created, "
        "deleted = NULL, active_since = NULL, inactive_since = NULL WHERE deleted IS NOT NULL",
        *(tunnel, account, name, secret, ids.now()),
    )


def of_account(store: Store, account: str, tunnel: str, *, alive: bool = False) -> Row:
    """The tunnel a path names, or ApiError; `alive` also refuses a deleted one."""
    if not ids.UUID.fullmatch(tunnel):
        raise no_route(f"/client/v4/accounts/{account}/cfd_tunnel/{tunnel}")
    row = find(store, tunnel)
    if row is None or row["account"] != account or (alive and row["deleted"]):
        raise ApiError(404, *MISSING)
    return row


def has_routes(store: Store, tunnel: str) -> bool:
    """Whether private networks are routed through it."""
    route = "SELECT 1 FROM objects WHERE kind = 'routes' AND body ->> 'tunnel_id' = ?"
    return store.one(route, tunnel) is not None


def connector_token(row: Row) -> str:
    """What the connector is started with: base64 of `{"a": account, "t": tunnel, "s": secret}`, without spaces."""
    claims = {"a": row["account"], "t": row["id"], "s": row["secret"]}
    return base64.b64encode(json.dumps(claims, separators=(",", ":")).encode()).decode()


def status(row: Row, live: list[Row]) -> str:
    """`inactive` before the first connection, `down` after the last, `healthy` while every connector has its four."""
    if not live:
        return "down" if row["inactive_since"] else "inactive"
    counts: dict[str, int] = {}
    for connection in live:
        counts[connection["connector"]] = counts.get(connection["connector"], 0) + 1
    return "healthy" if min(counts.values()) >= 4 else "degraded"


def shown(store: Store, row: Row) -> dict[str, Any]:
    """A tunnel as the API shows it, without its secret."""
    live = connections.of_tunnel(store, row["id"])
    return {
        "id": row["id"],
        "account_tag": row["account"],
        "name": row["name"],
        "created_at": row["created"],
        "deleted_at": row["deleted"],
        "connections": [connections.shown(each) for each in live],
        "conns_active_at": row["active_since"],
        "conns_inactive_at": None if live else row["inactive_since"] or row["created"],
        "tun_type": "cfd_tunnel",
        "metadata": {},
        "status": status(row, live),
        "remote_config": row["config_src"] == "cloudflare",
        "config_src": row["config_src"],
    }

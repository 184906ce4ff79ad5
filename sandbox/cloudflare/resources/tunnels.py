"""Tunnels: created, listed, renamed, rotated, and deleted softly; a deleted tunnel stays in the list."""

import base64
import binascii
import json
import secrets
from typing import Annotated, Any, Literal

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from sandbox.cloudflare import connections, crud, ids
from sandbox.cloudflare.crud import Body, Query
from sandbox.cloudflare.resources import tunnel_filters
from sandbox.cloudflare.responses import ApiError, Guessed, no_route, success
from sandbox.cloudflare.store import Row, Store
from sandbox.cloudflare.tokens import requires

PERMISSION = "Cloudflare Tunnel"
MISSING = (Guessed(1003), "Tunnel not found")
"""With 404; providers go by the status."""
MALFORMED = (1030, "Could not parse input. Json deserialize error: {why}")
"""Not JSON, or a field of the wrong type: linuxserver/docker-mods#307."""
BAD_SECRET = (Guessed(1004), "Invalid tunnel secret: must be at least 32 bytes and encoded as a base64 string")
"""With 400. The rule is in the API's reference; the message is a guess too."""
NAME_TAKEN = (
    1013,
    "You already have a tunnel with this name. Delete the existing tunnel, or choose a different name for your new "
    "tunnel",
)
"""With 409, as clients report it."""
CONNECTED = (
    1022,
    "Cannot delete tunnel because it has active connections. Please run `cloudflared tunnel cleanup <TUNNEL>` to clean "
    "up the connections and try again.",
)
"""With 400: cloudflare/terraform-provider-cloudflare#5255."""
ROUTED = (
    1023,
    "Cannot delete tunnel because it has Warp routing configured. You can delete the route with `cloudflared tunnel "
    "route ip delete`.",
)
"""With 400: cloudflare/terraform-provider-cloudflare#2607."""


class Tunnel(BaseModel):
    model_config = ConfigDict(strict=True)
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    config_src: Literal["local", "cloudflare"] = "local"
    tunnel_secret: str | None = None


class Tunnels(crud.Resource):
    """Stored in a table of their own: the edge reads them and updates their activity."""

    kind = "tunnels"
    path = "/accounts/{account}/cfd_tunnel"
    permission = PERMISSION
    model = Tunnel
    missing = MISSING
    malformed = MALFORMED
    update_methods = ("PATCH",)
    created = "created"
    shown_once = frozenset({"credentials_file", "token"})

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:
        if old and old["deleted"]:
            raise ApiError(404, *MISSING)
        if "tunnel_secret" in fields and not _is_secret(fields["tunnel_secret"]):
            raise ApiError(400, *BAD_SECRET)
        same_name = "SELECT 1 FROM tunnels WHERE account = ? AND name = ? AND deleted IS NULL AND id != ?"
        if store.one(same_name, scope, fields["name"], old["id"] if old else ""):
            raise ApiError(409, *NAME_TAKEN)
        return {**fields, "account": scope}

    def build(self, fields: Body, old: Body | None, stamp: Body) -> Body:
        if old:
            return {**old, "name": fields["name"], "secret": fields.get("tunnel_secret", old["secret"])}
        row: Row = {
            **{key: stamp[key] for key in ("id", "created")},
            **{"account": fields["account"], "name": fields["name"]},
            "secret": fields.get("tunnel_secret") or new_secret(),
            "config_src": fields.get("config_src", "local"),
            **dict.fromkeys(("deleted", "active_since", "inactive_since")),
        }
        identity = {"AccountTag": row["account"], "TunnelID": row["id"], "TunnelName": row["name"]}
        credentials = {**identity, "TunnelSecret": row["secret"]}
        return {**row, "credentials_file": credentials, "token": connector_token(row)}

    def show(self, store: Store, stored: Body) -> Body:
        return describe(store, stored)

    def before_delete(self, store: Store, scope: str, stored: Body, query: Query) -> None:  # noqa: ARG002 - a hook
        if has_routes(store, stored["id"]):
            raise ApiError(400, *ROUTED)
        if query.get("cascade") == "true":
            connections.close(store, stored["id"])
        if store.one("SELECT 1 FROM connections WHERE tunnel = ?", stored["id"]):
            raise ApiError(400, *CONNECTED)

    def all(self, store: Store, scope: str) -> list[Body]:
        return store.all("SELECT * FROM tunnels WHERE account = ? ORDER BY created DESC", scope)

    def find(self, store: Store, scope: str, id: str) -> Body:
        return of_account(store, scope, id)

    def save(self, store: Store, scope: str, stored: Body) -> None:  # noqa: ARG002 - the row has its account
        store.run(
            "INSERT INTO tunnels VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, NULL) "
            "ON CONFLICT (id) DO UPDATE SET name = excluded.name, secret = excluded.secret",
            *(stored[key] for key in ("id", "account", "name", "secret", "config_src", "created")),
        )

    def remove(self, store: Store, stored: Body) -> None:
        store.run("UPDATE tunnels SET deleted = coalesce(deleted, ?) WHERE id = ?", ids.now(), stored["id"])

    def listed(self, store: Store, scope: str, query: Query) -> list[Body]:
        return [tunnel for tunnel in super().listed(store, scope, query) if tunnel_filters.matches(tunnel, query)]

    def deleted(self, store: Store, stored: Body) -> Response:
        return success(describe(store, find(store, stored["id"]) or stored))


router = crud.router(Tunnels())


@router.get("/accounts/{account}/tunnels", dependencies=[requires(PERMISSION, "Read")])
async def list_every_kind(request: Request, account: str) -> Response:
    """Tunnels of the kinds in `tun_types`, by default of all."""
    kinds = [kind for each in request.query_params.getlist("tun_types") for kind in each.split(",")]
    resource = Tunnels()
    found = resource.listed(request.app.state.store, account, request.query_params)
    return resource.page(request, found if not kinds or tunnel_filters.KIND in kinds else [])


@router.get(f"{Tunnels.path}/{{tunnel}}/token", dependencies=[requires(PERMISSION, "Edit")])
async def read_token(request: Request, account: str, tunnel: str) -> Response:
    return success(connector_token(of_account(request.app.state.store, account, tunnel, alive=True)))


def find(store: Store, tunnel: str) -> Row | None:
    """A tunnel's row with its `secret` (base64); `deleted` is set on a deleted one."""
    return store.one("SELECT * FROM tunnels WHERE id = ?", tunnel.lower())


def of_account(store: Store, account: str, tunnel: str, *, alive: bool = False) -> Row:
    """The tunnel that a path names. Raises ApiError where there is none; with `alive`, for a deleted one too."""
    if not ids.UUID.fullmatch(tunnel):
        raise no_route(f"/client/v4/accounts/{account}/cfd_tunnel/{tunnel}")
    row = find(store, tunnel)
    if row is None or row["account"] != account or (alive and row["deleted"]):
        raise ApiError(404, *MISSING)
    return row


def seed(store: Store, tunnel: str, account: str, name: str) -> None:
    """Creates a remotely configured tunnel with this id unless there is one. A deleted one is created again, without
    its rules."""
    store.run(
        "DELETE FROM configurations WHERE tunnel IN (SELECT id FROM tunnels WHERE id = ? AND deleted IS NOT NULL)",
        tunnel,
    )
    store.run(
        "INSERT INTO tunnels VALUES (?, ?, ?, ?, 'cloudflare', ?, NULL, NULL, NULL) "
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, secret = excluded.secret, created = excluded.created, "
        "deleted = NULL, active_since = NULL, inactive_since = NULL WHERE deleted IS NOT NULL",
        *(tunnel, account, name, new_secret(), ids.now()),
    )


def has_routes(store: Store, tunnel: str) -> bool:
    """Whether private networks are routed through it."""
    route = "SELECT 1 FROM objects WHERE kind IN ('routes', 'hostname_routes') AND body ->> 'tunnel_id' = ?"
    return store.one(route, tunnel) is not None


def new_secret() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _is_secret(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) >= 32
    except (binascii.Error, ValueError):
        return False


def connector_token(row: Row) -> str:
    """The token a connector runs with: base64 of `{"a": account, "t": tunnel, "s": secret}`, without spaces."""
    claims = {"a": row["account"], "t": row["id"], "s": row["secret"]}
    return base64.b64encode(json.dumps(claims, separators=(",", ":")).encode()).decode()


def status(row: Row, live: list[Row]) -> str:
    """`inactive` before the first connection, `down` after the last, `healthy` while every connector has all four."""
    if not live:
        return "down" if row["inactive_since"] else "inactive"
    counts: dict[str, int] = {}
    for connection in live:
        counts[connection["connector"]] = counts.get(connection["connector"], 0) + 1
    return "healthy" if min(counts.values()) >= 4 else "degraded"


def describe(store: Store, row: Row) -> dict[str, Any]:
    """A tunnel as the API shows it, without its secret."""
    live = connections.of_tunnel(store, row["id"])
    return {
        "id": row["id"],
        "account_tag": row["account"],
        "name": row["name"],
        "created_at": row["created"],
        "deleted_at": row["deleted"],
        "connections": [connections.describe(each) for each in live],
        "conns_active_at": row["active_since"],
        "conns_inactive_at": None if live else row["inactive_since"] or row["created"],
        "tun_type": tunnel_filters.KIND,
        "metadata": {},
        "status": status(row, live),
        "remote_config": row["config_src"] == "cloudflare",
        "config_src": row["config_src"],
    }

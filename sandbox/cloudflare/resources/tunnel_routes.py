"""The calls on tunnels: made, listed, renamed, rotated, deleted (softly), and their token and connections."""

import base64
import binascii
import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from sandbox.cloudflare import ids, request_body
from sandbox.cloudflare.resources import connections
from sandbox.cloudflare.resources.tunnels import connector_token, has_routes, of_account, shown
from sandbox.cloudflare.responses import ApiError, page, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import needs

UNREADABLE = (1030, "Could not parse input. Json deserialize error: {why}")
"""A body that is no JSON, or whose fields have the wrong types: linuxserver/docker-mods#307."""
BAD_SECRET = (1004, "Invalid tunnel secret: must be at least 32 bytes and encoded as a base64 string")
"""With 400. The rule is in the API's reference; code and words are a guess."""
TAKEN = (
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

router = APIRouter(prefix="/accounts/{account}/cfd_tunnel")
_read, _edit = [needs("Cloudflare Tunnel", "Read")], [needs("Cloudflare Tunnel", "Edit")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class NewTunnel(BaseModel):
    model_config = ConfigDict(strict=True)
    name: Name
    config_src: Literal["local", "cloudflare"] = "local"
    tunnel_secret: str | None = None


class Change(BaseModel):
    model_config = ConfigDict(strict=True)
    name: Name | None = None
    tunnel_secret: str | None = None


def _checked_secret(secret: str) -> str:
    try:
        if len(base64.b64decode(secret, validate=True)) < 32:
            raise ApiError(400, *BAD_SECRET)
    except (binascii.Error, ValueError) as mistake:
        raise ApiError(400, *BAD_SECRET) from mistake
    return secret


def _refuse_taken(store: Store, account: str, name: str, but: str = "") -> None:
    same = "SELECT 1 FROM tunnels WHERE account = ? AND name = ? AND deleted IS NULL AND id != ?"
    if store.one(same, account, name, but):
        raise ApiError(409, *TAKEN)


@router.post("", dependencies=_edit)
async def create(request: Request, account: str) -> Response:
    store: Store = request.app.state.store
    body = request_body.parse(NewTunnel, await request_body.json_object(request, *UNREADABLE), *UNREADABLE)
    if body.tunnel_secret is None:
        secret = base64.b64encode(secrets.token_bytes(32)).decode()
    else:
        secret = _checked_secret(body.tunnel_secret)
    tunnel = ids.new_uuid()
    with store.transaction():
        _refuse_taken(store, account, body.name)
        values = (tunnel, account, body.name, secret, body.config_src, ids.now())
        store.run("INSERT INTO tunnels VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, NULL)", *values)
    row = of_account(store, account, tunnel)
    credentials = {"AccountTag": account, "TunnelID": tunnel, "TunnelName": row["name"], "TunnelSecret": secret}
    return success({**shown(store, row), "credentials_file": credentials, "token": connector_token(row)})


@router.get("", dependencies=_read)
async def index(request: Request, account: str) -> Response:
    store: Store = request.app.state.store
    rows = store.all("SELECT * FROM tunnels WHERE account = ? ORDER BY created DESC", account)
    wanted = request.query_params
    if "name" in wanted:
        rows = [row for row in rows if row["name"] == wanted["name"]]
    if "uuid" in wanted:
        rows = [row for row in rows if row["id"] == wanted["uuid"].lower()]
    if "is_deleted" in wanted:
        rows = [row for row in rows if bool(row["deleted"]) == (wanted["is_deleted"].lower() == "true")]
    found = [shown(store, row) for row in rows]
    if "status" in wanted:
        found = [each for each in found if each["status"] == wanted["status"]]
    return page(request, found)


@router.get("/{tunnel}", dependencies=_read)
async def read(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    return success(shown(store, of_account(store, account, tunnel)))


@router.patch("/{tunnel}", dependencies=_edit)
async def change(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    row = of_account(store, account, tunnel, alive=True)
    body = request_body.parse(Change, await request_body.json_object(request, *UNREADABLE), *UNREADABLE)
    name = row["name"] if body.name is None else body.name
    secret = row["secret"] if body.tunnel_secret is None else _checked_secret(body.tunnel_secret)
    with store.transaction():
        _refuse_taken(store, account, name, but=row["id"])
        store.run("UPDATE tunnels SET name = ?, secret = ? WHERE id = ?", name, secret, row["id"])
    return success(shown(store, of_account(store, account, tunnel)))


@router.delete("/{tunnel}", dependencies=_edit)
async def delete(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    row = of_account(store, account, tunnel)
    if has_routes(store, row["id"]):
        raise ApiError(400, *ROUTED)
    if request.query_params.get("cascade") == "true":
        connections.close(store, row["id"])
    with store.transaction():
        if store.one("SELECT 1 FROM connections WHERE tunnel = ?", row["id"]):
            raise ApiError(400, *CONNECTED)
        store.run("UPDATE tunnels SET deleted = coalesce(deleted, ?) WHERE id = ?", ids.now(), row["id"])
    return success(shown(store, of_account(store, account, tunnel)))


@router.get("/{tunnel}/token", dependencies=_edit)
async def token(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    return success(connector_token(of_account(store, account, tunnel, alive=True)))


@router.get("/{tunnel}/connections", dependencies=_read)
async def list_connections(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    row = of_account(store, account, tunnel)
    found = store.one("SELECT version FROM configurations WHERE tunnel = ?", row["id"])
    live = connections.of_tunnel(store, row["id"])
    return success(connections.by_connector(live, found["version"] if found else 0))


@router.delete("/{tunnel}/connections", dependencies=_edit)
async def drop_connections(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    row = of_account(store, account, tunnel)
    connections.close(store, row["id"], connector=request.query_params.get("client_id"))
    return success(None)

"""The hostname rules of tunnels: one document a tunnel, replaced as a whole, with a version that only rises."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from sandbox.cloudflare import ids, request_body
from sandbox.cloudflare.resources import configuration_validation, tunnels
from sandbox.cloudflare.resources.tunnel_routes import UNREADABLE
from sandbox.cloudflare.responses import ApiError, success
from sandbox.cloudflare.store import Row, Store
from sandbox.cloudflare.tokens import needs

BAD_CONFIGURATION = 1056
"""With 400; the words start as in cloudflare/terraform-provider-cloudflare#2327."""

router = APIRouter(prefix="/accounts/{account}/cfd_tunnel/{tunnel}/configurations")


class Body(BaseModel):
    model_config = ConfigDict(strict=True)
    config: configuration_validation.Configuration
    source: str | None = None


def current(store: Store, tunnel: str) -> Row | None:
    """A tunnel's document: `version` (from 1 up), `config` (a dict), `source`, `created`; None before the first.

    Whether it has private routes is told in it and not written: in the API's reference `warp-routing` is read-only, "enabled if
    the tunnel has an assigned route".
    """
    row = store.one("SELECT * FROM configurations WHERE tunnel = ?", tunnel)
    if row is None:
        return None
    config = json.loads(row["config"])
    routed = {"enabled": tunnels.has_routes(store, tunnel)}
    return {**row, "config": {**config, "warp-routing": {**(config.get("warp-routing") or {}), **routed}}}


@router.get("", dependencies=[needs("Cloudflare Tunnel", "Read")])
async def read(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    row = tunnels.of_account(store, account, tunnel)
    found = current(store, row["id"])
    if found is None:
        found = {"version": 0, "config": None, "source": row["config_src"], "created": row["created"]}
    return success(_shown(row["id"], found))


@router.put("", dependencies=[needs("Cloudflare Tunnel", "Edit")])
async def replace(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    row = tunnels.of_account(store, account, tunnel, alive=True)
    document = await request_body.json_object(request, *UNREADABLE)
    body = request_body.parse(Body, document, BAD_CONFIGURATION, "Bad Configuration: {why}")
    try:
        configuration_validation.check(body.config)
    except configuration_validation.Refused as refusal:
        raise ApiError(400, BAD_CONFIGURATION, f"Bad Configuration: Validation failed: {refusal}") from refusal
    # Kept as it was sent, not as it was parsed: what a program reads back must be what it wrote.
    config = document["config"]
    store.run(
        "INSERT INTO configurations VALUES (?1, 1, ?2, ?3, ?4) "
        "ON CONFLICT (tunnel) DO UPDATE SET version = version + 1, config = ?2, source = ?3, created = ?4",
        row["id"],
        json.dumps(config),
        body.source or row["config_src"],
        ids.now(),
    )
    written = current(store, row["id"])
    assert written is not None
    return success(_shown(row["id"], written))


def _shown(tunnel: str, found: Row) -> dict[str, Any]:
    return {
        "tunnel_id": tunnel,
        "version": found["version"],
        "config": found["config"],
        "source": found["source"],
        "created_at": found["created"],
    }

"""Configuration of a tunnel: one document, replaced as a whole, whose version only rises."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from sandbox.cloudflare import ids, request_body
from sandbox.cloudflare.resources import configuration_validation, tunnels
from sandbox.cloudflare.responses import ApiError, success
from sandbox.cloudflare.store import Row, Store
from sandbox.cloudflare.tokens import requires

BAD_CONFIGURATION = 1056
"""With 400; the message starts as in cloudflare/terraform-provider-cloudflare#2327."""

router = APIRouter()
_PATH = f"{tunnels.Tunnels.path}/{{tunnel}}/configurations"


class Body(BaseModel):
    model_config = ConfigDict(strict=True)
    config: configuration_validation.Configuration
    source: str | None = None


def current(store: Store, tunnel: str) -> Row | None:
    """A tunnel's document: `version` (from 1 up), `config` (a dict), `source`, `created`; None before the first.

    `warp-routing` is read-only in the API's reference, "enabled if the tunnel has an assigned route": it is computed
    here and never stored.
    """
    row = store.one("SELECT * FROM configurations WHERE tunnel = ?", tunnel)
    if row is None:
        return None
    config = json.loads(row["config"])
    routed = {"enabled": tunnels.has_routes(store, tunnel)}
    return {**row, "config": {**config, "warp-routing": {**(config.get("warp-routing") or {}), **routed}}}


@router.get(_PATH, dependencies=[requires(tunnels.PERMISSION, "Read")])
async def read(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    row = tunnels.of_account(store, account, tunnel)
    document = current(store, row["id"])
    if document is None:
        document = {"version": 0, "config": None, "source": row["config_src"], "created": row["created"]}
    return success(_describe(row["id"], document))


@router.put(_PATH, dependencies=[requires(tunnels.PERMISSION, "Edit")])
async def replace(request: Request, account: str, tunnel: str) -> Response:
    store: Store = request.app.state.store
    row = tunnels.of_account(store, account, tunnel, alive=True)
    raw = await request_body.json_object(request, *tunnels.MALFORMED)
    body = request_body.parse(Body, raw, BAD_CONFIGURATION, "Bad Configuration: {why}")
    try:
        configuration_validation.check(body.config)
    except configuration_validation.ConfigurationRejected as rejection:
        message = f"Bad Configuration: Validation failed: {rejection}"
        raise ApiError(400, BAD_CONFIGURATION, message) from rejection
    # Stored as it was sent, not as it was parsed: a program must read back what it wrote.
    config = json.dumps(raw["config"])
    store.run(
        "INSERT INTO configurations VALUES (?1, 1, ?2, ?3, ?4) "
        "ON CONFLICT (tunnel) DO UPDATE SET version = version + 1, config = ?2, source = ?3, created = ?4",
        *(row["id"], config, body.source or row["config_src"], ids.now()),
    )
    written = current(store, row["id"])
    assert written is not None
    return success(_describe(row["id"], written))


def _describe(tunnel: str, document: Row) -> dict[str, Any]:
    return {
        "tunnel_id": tunnel,
        "version": document["version"],
        "config": document["config"],
        "source": document["source"],
        "created_at": document["created"],
    }

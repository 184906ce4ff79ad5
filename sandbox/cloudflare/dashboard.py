"""The dashboard at the root and its data, for browsers on this machine only."""

import json
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from sandbox.cloudflare import snapshot
from sandbox.cloudflare.store import Store

_HTML = Path(__file__).with_name("dashboard.html")
_POLICY = "default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
router = APIRouter()


def _local_only(request: Request) -> None:
    """Refuses foreign names in the Host header: DNS rebinding by a site that a local browser visits."""
    if request.url.hostname not in ("127.0.0.1", "localhost"):
        raise HTTPException(403, "the dashboard is served under loopback names only")


@router.get("/")
async def page(request: Request) -> Response:
    _local_only(request)
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store"}
    return Response(_HTML.read_bytes(), headers=headers, media_type="text/html")


@router.get("/state.json")
async def state(request: Request) -> Response:
    """The data of the dashboard; 304 to a client that has the latest."""
    _local_only(request)
    store: Store = request.app.state.store
    tag = f'"{store.generation()}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(json.dumps(snapshot.take(store)), headers=headers, media_type="application/json")

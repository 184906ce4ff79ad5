"""The page at the root, and the picture it draws itself from. Both are for this machine's own browser."""

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
    """A foreign name in the Host header is another site's page reaching in through its visitor's browser."""
    if request.url.hostname not in ("127.0.0.1", "localhost"):
        raise HTTPException(403, "the page is served under loopback names only")


@router.get("/")
async def page(request: Request) -> Response:
    _local_only(request)
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store"}
    return Response(_HTML.read_bytes(), headers=headers, media_type="text/html")


@router.get("/state.json")
async def picture(request: Request) -> Response:
    """What the page shows; nothing anew (304) to a client that has the newest already."""
    _local_only(request)
    store: Store = request.app.state.store
    tag = f'"{store.generation()}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(json.dumps(snapshot.picture(store)), headers=headers, media_type="application/json")

"""The page at the root, and the picture it draws itself from. Both are for this machine's own browser."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from . import state

_HTML = Path(__file__).with_name("page.html")
router = APIRouter()


def _local_only(request: Request) -> None:
    """A foreign name in the Host header is another site's page reaching in through its visitor's browser."""
    if request.url.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise HTTPException(403, "the page is served under loopback names only")


@router.get("/")
async def page(request: Request) -> HTMLResponse:
    _local_only(request)
    return HTMLResponse(_HTML.read_text(encoding="utf-8"))


@router.get("/state.json")
async def picture(request: Request) -> dict[str, Any]:
    _local_only(request)
    return state.picture(request.app.state.store)

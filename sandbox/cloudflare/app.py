"""The application: the API behind its gate, the owner's endpoints, and the page."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from sandbox.cloudflare import admin, crud, dashboard
from sandbox.cloudflare.faults import Trouble
from sandbox.cloudflare.middleware import API, Gate
from sandbox.cloudflare.resources import (
    configurations,
    connections,
    dns_records,
    load_balancers,
    private_networks,
    rulesets,
    tunnel_routes,
    zones,
)
from sandbox.cloudflare.responses import ApiError, as_json, no_route
from sandbox.cloudflare.store import Store


def build(database: Path | str, admin_secret: str) -> FastAPI:
    """An emulator on this database; `/sandbox/*` asks for the secret, and is shut where it is empty."""
    app = FastAPI(title="culvert sandbox: Cloudflare", openapi_url=None, redirect_slashes=False)
    app.state.store = Store(database)
    app.state.trouble = Trouble()
    connections.take_away(app.state.store, ())  # a restart ends all trouble
    app.state.admin = admin_secret
    api = (
        zones.router,
        tunnel_routes.router,
        configurations.router,
        dns_records.router,
        *rulesets.routers(),
        *crud.routers(),
        *load_balancers.routers(),
        private_networks.router(),
    )
    for router in api:
        app.include_router(router, prefix=API)
    app.include_router(admin.router)
    app.include_router(dashboard.router)
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_middleware(Gate)
    return app


async def _refused(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, ApiError)
    return refusal.reply()


async def _not_served(request: Request, refusal: Exception) -> Response:
    """Outside the API a plain detail; in it the envelope, with the service's codes for unknown paths and methods."""
    assert isinstance(refusal, HTTPException)
    if not request.url.path.startswith(API):
        return as_json({"detail": refusal.detail}, refusal.status_code)
    if refusal.status_code == 405:
        return ApiError(405, 7001, f"Method {request.method} not available for that URI.").reply()
    return no_route(request.url.path).reply()

"""The application: the API behind its middleware, the owner's endpoints, and the dashboard."""

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from sandbox.cloudflare import admin, dashboard, edge_locations
from sandbox.cloudflare.faults import FaultInjector
from sandbox.cloudflare.middleware import API, ApiMiddleware
from sandbox.cloudflare.resources import (
    access_applications,
    access_identity_providers,
    access_organizations,
    access_policies,
    access_service_tokens,
    accounts,
    configurations,
    dns_record_batches,
    dns_records,
    hostname_routes,
    load_balancer_monitors,
    load_balancer_pools,
    load_balancers,
    notifications,
    private_routes,
    ruleset_rules,
    rulesets,
    tunnel_connections,
    tunnels,
    user_tokens,
    virtual_networks,
    zone_files,
    zones,
)
from sandbox.cloudflare.responses import ApiError, as_json, not_emulated
from sandbox.cloudflare.store import Store

RESOURCES = (
    user_tokens,
    accounts,
    zones,
    tunnels,
    configurations,
    tunnel_connections,
    private_routes,
    hostname_routes,
    virtual_networks,
    zone_files,  # before the records, since its path has a word in the place of an id
    dns_records,
    dns_record_batches,
    rulesets,
    ruleset_rules,
    access_policies,
    access_applications,
    access_service_tokens,
    access_organizations,
    access_identity_providers,
    notifications,
    load_balancers,
    load_balancer_pools,
    load_balancer_monitors,
)
"""Every resource of the API: a module each, with its endpoints in `router`."""


def build(database: Path | str, admin_secret: str) -> FastAPI:
    """An emulator on this database. `/sandbox/*` requires the secret and refuses all calls where it is empty."""
    app = FastAPI(title="culvert sandbox: Cloudflare", openapi_url=None, redirect_slashes=False)
    app.state.store = Store(database)
    app.state.faults = FaultInjector()
    edge_locations.set_down(app.state.store, ())  # faults end with a restart
    app.state.admin = admin_secret
    for resource in RESOURCES:
        app.include_router(resource.router, prefix=API)
    app.include_router(admin.router)
    app.include_router(dashboard.router)
    app.add_exception_handler(ApiError, _refused)
    app.add_exception_handler(HTTPException, _not_found)
    app.add_middleware(ApiMiddleware)
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error.reply()


async def _not_found(request: Request, error: Exception) -> Response:
    """Unknown paths and methods: 501 in the envelope under the API's prefix, a detail elsewhere."""
    assert isinstance(error, HTTPException)
    if not request.url.path.startswith(API):
        return as_json({"detail": error.detail}, error.status_code)
    return not_emulated(request.method, request.url.path).reply()

"""Load balancers of a zone, and the pools and monitors of an account that they are made of.

Codes: 1002 for what does not validate (hashicorp/terraform#17948), 1005 with 412 for what is still referred to
(cloudflare/terraform-provider-cloudflare#66), 1003 for a name that is taken (#6275 there). Whether a pool is healthy is
the edge's to say: monitors are kept and not played.
"""

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudflare import ids, request_body
from sandbox.cloudflare.resources.shapes import Body, Text
from sandbox.cloudflare.responses import ApiError, page, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import needs

INVALID = (1002, "{why}: validation failed")
TAKEN = (1003, "value not unique")
REFERRED = (1005, "This object is referenced by other objects, delete them first.")
MISSING = (1001, "not found")
"""With 404; the code is a guess."""


class _Open(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class Monitor(_Open):
    type: Text = "http"


class Origin(_Open):
    name: Text
    address: Text


class Pool(_Open):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    origins: Annotated[list[Origin], Field(min_length=1)]
    monitor: str | None = None


class Balancer(_Open):
    name: Text
    default_pools: Annotated[list[str], Field(min_length=1)]
    fallback_pool: Text


@dataclass(frozen=True)
class Collection:
    """One of the three: what it is called, where it is, and what must be in it."""

    kind: str
    scope: str
    path: str
    permission: str
    model: type[BaseModel]
    defaults: tuple[tuple[str, Any], ...] = ()


MONITORS = Collection(
    "load_balancer_monitors",
    "account",
    "load_balancers/monitors",
    "Load Balancers: Monitors And Pools",
    Monitor,
    (("method", "GET"), ("path", "/")),
)
POOLS = Collection(
    "load_balancer_pools",
    "account",
    "load_balancers/pools",
    "Load Balancers: Monitors And Pools",
    Pool,
    (("enabled", True), ("minimum_origins", 1), ("networks", ["cloudflare"])),
)
BALANCERS = Collection(
    "load_balancers",
    "zone",
    "load_balancers",
    "Load Balancers",
    Balancer,
    (("enabled", True), ("proxied", False), ("steering_policy", ""), ("session_affinity", "none")),
)


def routers() -> list[APIRouter]:
    return [_routes(collection) for collection in (MONITORS, POOLS, BALANCERS)]


def of_scope(store: Store, collection: Collection, scope: str) -> list[Body]:
    """All there are in one account or zone."""
    return store.bodies(collection.kind, scope)


def _routes(collection: Collection) -> APIRouter:
    router = APIRouter(prefix=f"/{collection.scope}s/{{{collection.scope}}}/{collection.path}")
    read, edit = [needs(collection.permission, "Read")], [needs(collection.permission, "Edit")]

    async def index(request: Request) -> Response:
        return page(request, of_scope(request.app.state.store, collection, _scope(request)))

    async def create(request: Request) -> Response:
        return success(await _keep(request, collection, None))

    async def fetch(request: Request, number: str) -> Response:
        return success(_found(request, collection, number))

    async def change(request: Request, number: str) -> Response:
        return success(await _keep(request, collection, _found(request, collection, number)))

    async def delete(request: Request, number: str) -> Response:
        _found(request, collection, number)
        store: Store = request.app.state.store
        with store.transaction():
            if _referred(store, collection, number):
                raise ApiError(412, *REFERRED)
            store.run("DELETE FROM objects WHERE id = ?", number)
        return success({"id": number})

    router.add_api_route("", index, methods=["GET"], dependencies=read)
    router.add_api_route("", create, methods=["POST"], dependencies=edit)
    router.add_api_route("/{number}", fetch, methods=["GET"], dependencies=read)
    router.add_api_route("/{number}", change, methods=["PUT"], dependencies=edit)
    router.add_api_route("/{number}", delete, methods=["DELETE"], dependencies=edit)
    return router


async def _keep(request: Request, collection: Collection, old: Body | None) -> Body:
    body = await request_body.json_object(request, *INVALID)
    request_body.parse(collection.model, body, *INVALID)
    store: Store = request.app.state.store
    scope, moment = _scope(request), ids.now()
    number = old["id"] if old else ids.new_hex_id()
    given = {key: value for key, value in body.items() if value is not None}
    made = {"id": number, "created_on": old["created_on"] if old else moment, "modified_on": moment}
    with store.transaction():
        _check(store, collection, scope, number, given)
        kept = {**dict(collection.defaults), **given, **made}
        if collection is POOLS:
            kept["origins"] = [{"enabled": True, "weight": 1, **origin} for origin in kept["origins"]]
        store.run(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", number, collection.kind, scope, json.dumps(kept)
        )
    return kept


def _check(store: Store, collection: Collection, scope: str, number: str, body: Body) -> None:
    others = [each for each in of_scope(store, collection, scope) if each["id"] != number]
    if body.get("name") is not None and body["name"] in [each.get("name") for each in others]:
        raise ApiError(400, *TAKEN)
    named = [(MONITORS, body["monitor"])] if collection is POOLS and body.get("monitor") else []
    if collection is BALANCERS:
        named = [(POOLS, pool) for pool in (*body["default_pools"], body["fallback_pool"])]
    for where, identity in named:
        if store.one("SELECT 1 FROM objects WHERE kind = ? AND id = ?", where.kind, identity) is None:
            raise ApiError(400, INVALID[0], INVALID[1].format(why=f"{where.path.split('/')[-1]}: {identity} not found"))


def _referred(store: Store, collection: Collection, number: str) -> bool:
    user = {MONITORS.kind: POOLS, POOLS.kind: BALANCERS}.get(collection.kind)
    if user is None:
        return False
    rows = store.all("SELECT body FROM objects WHERE kind = ?", user.kind)
    bodies_ = [json.loads(row["body"]) for row in rows]
    return any(
        number in (body.get("monitor"), body.get("fallback_pool"), *body.get("default_pools", ())) for body in bodies_
    )


def _found(request: Request, collection: Collection, number: str) -> Body:
    found = [each for each in of_scope(request.app.state.store, collection, _scope(request)) if each["id"] == number]
    if not found:
        raise ApiError(404, *MISSING)
    return found[0]


def _scope(request: Request) -> str:
    return request.path_params.get("account") or request.path_params["zone"]

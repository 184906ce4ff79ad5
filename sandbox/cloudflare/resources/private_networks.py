"""Private networks of an account: virtual networks, and the routes in them that lead to tunnels.

Every account has a default virtual network, which routes are in that name none. Codes: 1014 with 409 for a network that is
routed already (reports of "You already have a route defined for this exact IP subnet"; another prefix is another network, and
the longest wins), 1015 with 404 for a route that is not there (cloudflare/terraform-provider-cloudflare#6492). Those of virtual
networks are guesses; the statuses are what clients go by. No packet of a client is carried here.
"""

import json
from ipaddress import ip_network
from typing import Annotated, Any
from uuid import NAMESPACE_URL, uuid5

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from sandbox.cloudflare import ids, request_body
from sandbox.cloudflare.resources import tunnels
from sandbox.cloudflare.resources.shapes import Body
from sandbox.cloudflare.responses import ApiError, page, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import needs

UNREADABLE = (10400, "The request body is invalid: {why}")
"""With 400; the code is a guess."""
ROUTED = (1014, "You already have a route defined for this exact IP subnet")
NO_ROUTE = (
    1015,
    "You are trying to modify the route for a network that isn't routed. Please add the network before modifying it. Or, "
    "check that you specified the correct network.",
)
TAKEN = (1016, "You already have a virtual network with this name")
NO_NETWORK = (1017, "Virtual network not found")
IN_USE = (1018, "Cannot delete the virtual network because routes are in it")
DEFAULT = (1019, "The default virtual network cannot be deleted")

Words = Annotated[str, StringConstraints(max_length=100)]
PERMISSION = "Cloudflare Tunnel"
"""The service takes *Cloudflare One Networks* in its place too."""


class Route(BaseModel):
    model_config = ConfigDict(strict=True)
    network: str
    tunnel_id: str
    comment: Words = ""
    virtual_network_id: str | None = None


class VirtualNetwork(BaseModel):
    model_config = ConfigDict(strict=True)
    name: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    comment: Words = ""
    is_default_network: bool = False


def networks(store: Store, account: str) -> list[Body]:
    """All virtual networks, the one that the account began with first; one of them is its default."""
    made = store.bodies("virtual_networks", account)
    first = {
        "id": str(uuid5(NAMESPACE_URL, account)),
        "name": "default",
        "comment": "",
        "is_default_network": not any(each["is_default_network"] for each in made),
    }
    return [{**first, "created_at": None, "deleted_at": None}, *made]


def seed(store: Store, number: str, account: str, name: str) -> None:
    """Makes a virtual network with this id unless it is there."""
    kept = {"id": number, **VirtualNetwork(name=name).model_dump(), "created_at": ids.now(), "deleted_at": None}
    store.run("INSERT OR IGNORE INTO objects VALUES (?, 'virtual_networks', ?, ?)", number, account, json.dumps(kept))


def router() -> APIRouter:
    made = APIRouter(prefix="/accounts/{account}/teamnet")
    for path, kind, index, write, delete in (
        ("/routes", "routes", _list_routes, _write_route, _delete_route),
        ("/virtual_networks", "virtual_networks", _list_networks, _write_network, _delete_network),
    ):
        _add(made, path, kind, index, write, delete)
    return made


def _add(router: APIRouter, path: str, kind: str, index: Any, write: Any, delete: Any) -> None:
    read, edit = [needs(PERMISSION, "Read")], [needs(PERMISSION, "Edit")]

    async def listed(request: Request, account: str) -> Response:
        return page(request, index(request, request.app.state.store, account))

    async def create(request: Request, account: str) -> Response:
        return success(
            write(request.app.state.store, account, await request_body.json_object(request, *UNREADABLE), None)
        )

    async def fetch(request: Request, account: str, number: str) -> Response:
        return success(_found(request.app.state.store, kind, account, number))

    async def change(request: Request, account: str, number: str) -> Response:
        old = _found(request.app.state.store, kind, account, number)
        return success(
            write(request.app.state.store, account, await request_body.json_object(request, *UNREADABLE), old)
        )

    async def remove(request: Request, account: str, number: str) -> Response:
        store: Store = request.app.state.store
        with store.transaction():
            found = _found(store, kind, account, number)
            delete(store, account, found)
            store.run("DELETE FROM objects WHERE id = ?", number)
        return success({**found, "deleted_at": ids.now()})

    router.add_api_route(path, listed, methods=["GET"], dependencies=read)
    router.add_api_route(path, create, methods=["POST"], dependencies=edit)
    router.add_api_route(f"{path}/{{number}}", fetch, methods=["GET"], dependencies=read)
    router.add_api_route(f"{path}/{{number}}", change, methods=["PATCH"], dependencies=edit)
    router.add_api_route(f"{path}/{{number}}", remove, methods=["DELETE"], dependencies=edit)


def _found(store: Store, kind: str, account: str, number: str) -> Body:
    there = networks(store, account) if kind == "virtual_networks" else store.bodies(kind, account)
    found = next((each for each in there if each["id"] == number), None)
    if found is None:
        raise ApiError(404, *(NO_NETWORK if kind == "virtual_networks" else NO_ROUTE))
    return found


def _list_routes(request: Request, store: Store, account: str) -> list[Body]:
    names = {each["id"]: each["name"] for each in networks(store, account)}
    found = [
        {**each, "virtual_network_name": names.get(each["virtual_network_id"])}
        for each in store.bodies("routes", account)
    ]
    return _filtered(request, found, ("tunnel_id", "virtual_network_id", "comment"))


def _list_networks(request: Request, store: Store, account: str) -> list[Body]:
    return _filtered(request, networks(store, account), ("id", "name"))


def _filtered(request: Request, found: list[Body], keys: tuple[str, ...]) -> list[Body]:
    wanted = request.query_params
    if wanted.get("is_deleted") == "true":
        # What is deleted is forgotten here.
        return []
    return [each for each in found if all(each[key] == wanted[key] for key in keys if key in wanted)]


def _write_route(store: Store, account: str, body: Body, old: Body | None) -> Body:
    route = request_body.parse(Route, {**(old or {}), **_given(body)}, *UNREADABLE)
    try:
        network = str(ip_network(route.network))
    except ValueError as mistake:
        raise ApiError(400, UNREADABLE[0], UNREADABLE[1].format(why=f"network: {mistake}")) from mistake
    with store.transaction():
        if not ids.UUID.fullmatch(route.tunnel_id):
            raise ApiError(400, UNREADABLE[0], UNREADABLE[1].format(why="tunnel_id: no UUID"))
        tunnels.of_account(store, account, route.tunnel_id, alive=True)
        there = networks(store, account)
        default = next(each["id"] for each in there if each["is_default_network"])
        where = route.virtual_network_id or default
        if where not in [each["id"] for each in there]:
            raise ApiError(400, *NO_NETWORK)
        for other in store.bodies("routes", account):
            same = (other["network"], other["virtual_network_id"]) == (network, where)
            if same and other["id"] != (old or {}).get("id"):
                raise ApiError(409, *ROUTED)
        kept = {**route.model_dump(), "network": network, "tunnel_id": route.tunnel_id.lower()}
        return _keep(store, "routes", account, {**kept, "virtual_network_id": where}, old)


def _write_network(store: Store, account: str, body: Body, old: Body | None) -> Body:
    wanted = request_body.parse(VirtualNetwork, {**(old or {}), **_given(body)}, *UNREADABLE)
    with store.transaction():
        for other in networks(store, account):
            if other["id"] == (old or {}).get("id"):
                continue
            if other["name"] == wanted.name:
                raise ApiError(409, *TAKEN)
            if wanted.is_default_network and other["is_default_network"] and other["created_at"]:
                # There is one default: it passes on.
                _keep(store, "virtual_networks", account, {**other, "is_default_network": False}, other)
        return _keep(store, "virtual_networks", account, wanted.model_dump(), old)


def _delete_route(_store: Store, _account: str, _route: Body) -> None:
    """Nothing hangs on it."""


def _delete_network(store: Store, account: str, network: Body) -> None:
    if network["is_default_network"] or not network["created_at"]:
        raise ApiError(400, *DEFAULT)
    if any(route["virtual_network_id"] == network["id"] for route in store.bodies("routes", account)):
        raise ApiError(400, *IN_USE)


def _given(body: Body) -> Body:
    return {key: value for key, value in body.items() if value is not None}


def _keep(store: Store, kind: str, account: str, body: Body, old: Body | None) -> Body:
    made = {key: (old or {}).get(key) for key in ("id", "created_at")}
    if old is None:
        made = {"id": ids.new_uuid(), "created_at": ids.now()}
    kept = {**body, **made, "deleted_at": None}
    store.run("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", kept["id"], kind, account, json.dumps(kept))
    return kept

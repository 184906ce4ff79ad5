"""The simple groups: objects that are made, listed, read, replaced and deleted, and otherwise only kept.

Access policies, applications and service tokens; notification policies. What differs between them is one row of a
table. Codes of what is not found are guesses; the status, which is what clients go by, is not.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from sandbox.cloudflare import request_body
from sandbox.cloudflare.resources import access, shapes
from sandbox.cloudflare.resources.shapes import Body
from sandbox.cloudflare.responses import ApiError, page, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import needs

UNREADABLE = (10400, "The request body is invalid: {why}")
"""With 400; the code is a guess."""

Fill = Callable[[Store, Body, "Body | None"], Body]
Check = Callable[[Store, str, Body, "Body | None"], None]


@dataclass(frozen=True)
class Group:
    """One group: where it is, who may use it, what a body must have, and how it is kept."""

    kind: str
    path: str
    permission: str
    model: type[BaseModel]
    missing: tuple[int, str]
    fill: Fill
    terse: bool = False
    """Writes answer with the id alone, and a deletion with nothing."""
    unreadable: tuple[int, str] = UNREADABLE
    check: Check = lambda _store, _account, _body, _old: None
    """Refuses what the shape of a body does not show: the account, the body, and what was kept before."""
    release: Callable[[Store, str, str], None] = lambda _store, _account, _number: None
    """Refuses to let go of what is in use."""
    show: Callable[[Store, Body], Body] = lambda _store, kept: kept


_APPS = "Access: Apps and Policies"
GROUPS = (
    Group(
        "policies",
        "access/policies",
        _APPS,
        access.Policy,
        (12003, "access.api.error.unknown_policy"),
        shapes.policy,
        unreadable=access.INVALID,
        check=access.check_policy,
        release=access.release_policy,
    ),
    Group(
        "apps",
        "access/apps",
        _APPS,
        access.Application,
        (12002, "access.api.error.unknown_application"),
        shapes.application,
        unreadable=access.INVALID,
        check=access.check_application,
        show=access.show_application,
    ),
    Group(
        "service_tokens",
        "access/service_tokens",
        "Access: Service Tokens",
        access.ServiceToken,
        (12008, "access.api.error.unknown_service_token"),
        shapes.service_token,
        unreadable=access.INVALID,
        release=access.release_service_token,
    ),
    Group(
        "notifications",
        "alerting/v3/policies",
        "Notifications",
        shapes.Notification,
        (17103, "policy not found"),
        shapes.notification,
        terse=True,
    ),
)


def routers() -> list[APIRouter]:
    return [_routes(group) for group in GROUPS]


def _routes(group: Group) -> APIRouter:
    router = APIRouter(prefix=f"/accounts/{{account}}/{group.path}")
    read, edit = [needs(group.permission, "Read")], [needs(group.permission, "Edit")]

    async def index(request: Request, account: str) -> Response:
        rows = request.app.state.store.bodies(group.kind, account)
        name = request.query_params.get("name")
        named = [row for row in rows if name is None or row.get("name") == name]
        return page(request, [_shown(request.app.state.store, group, row) for row in named])

    async def create(request: Request, account: str) -> Response:
        return _write(request.app.state.store, group, account, await _body(request, group), None)

    async def fetch(request: Request, account: str, number: str) -> Response:
        kept = _found(request.app.state.store, group, account, number)
        return success(_shown(request.app.state.store, group, kept))

    async def change(request: Request, account: str, number: str) -> Response:
        old = _found(request.app.state.store, group, account, number)
        body = await _body(request, group)
        return _write(request.app.state.store, group, account, body, old)

    async def delete(request: Request, account: str, number: str) -> Response:
        _found(request.app.state.store, group, account, number)
        group.release(request.app.state.store, account, number)
        request.app.state.store.run("DELETE FROM objects WHERE id = ?", number)
        return success(None if group.terse else {"id": number})

    router.add_api_route("", index, methods=["GET"], dependencies=read)
    router.add_api_route("", create, methods=["POST"], dependencies=edit)
    router.add_api_route("/{number}", fetch, methods=["GET"], dependencies=read)
    router.add_api_route("/{number}", change, methods=["PUT"], dependencies=edit)
    router.add_api_route("/{number}", delete, methods=["DELETE"], dependencies=edit)
    return router


def _write(store: Store, group: Group, account: str, body: Body, old: Body | None) -> Response:
    group.check(store, account, body, old)
    kept, revealed = group.fill(store, body, old), _revealed(group, body, old)
    if group.kind == "service_tokens":
        secret = revealed.get("client_secret")
        kept[access.HASHED] = sha256(secret.encode()).hexdigest() if secret else (old or {}).get(access.HASHED, "")
    _keep(store, group, account, kept)
    return success({"id": kept["id"]} if group.terse else {**_shown(store, group, kept), **revealed})


def _shown(store: Store, group: Group, kept: Body) -> Body:
    return {key: value for key, value in group.show(store, kept).items() if key != access.HASHED}


def _revealed(group: Group, body: Body, old: Body | None) -> Body:
    """A service token's secret is seen when it is made and when its version is raised, and kept as a hash alone."""
    if group.kind != "service_tokens":
        return {}
    fresh = old is None or body.get("client_secret_version", 1) != old["client_secret_version"]
    return {"client_secret": secrets.token_hex(32)} if fresh else {}


async def _body(request: Request, group: Group) -> Body:
    body = await request_body.json_object(request, *group.unreadable)
    request_body.parse(group.model, body, *group.unreadable)
    return body


def _found(store: Store, group: Group, account: str, number: str) -> Body:
    row = store.one("SELECT body FROM objects WHERE kind = ? AND scope = ? AND id = ?", group.kind, account, number)
    if row is None:
        raise ApiError(404, *group.missing)
    return json.loads(row["body"])


def _keep(store: Store, group: Group, account: str, kept: Body) -> None:
    store.run("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", kept["id"], group.kind, account, json.dumps(kept))

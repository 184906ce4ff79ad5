"""The simple groups: objects that are made, listed, read, replaced and deleted, and otherwise only kept.

Access policies, applications and service tokens; notification policies; private routes. What differs between them is
one row of a table. Codes of what is not found are guesses; the status, which is what clients go by, is not.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from . import bodies, stamps
from .replies import ApiError, page, success
from .store import Store
from .tokens import needs

Body = dict[str, Any]
Fill = Callable[[Store, Body, "Body | None"], Body]


@dataclass(frozen=True)
class Group:
    """One group: where it is, who may use it, what a body must have, and how it is kept."""

    kind: str
    path: str
    permission: str
    required: tuple[str, ...]
    missing: tuple[int, str]
    fill: Fill
    method: str = "PUT"
    """How a change is sent."""
    terse: bool = False
    """Writes answer with the id alone, and a deletion with nothing."""


def _dated(body: Body, old: Body | None) -> Body:
    moment, number = stamps.now(), stamps.new_uuid()
    made = {"id": number, "created_at": moment} if old is None else {"id": old["id"], "created_at": old["created_at"]}
    return {**{key: value for key, value in body.items() if value is not None}, **made, "updated_at": moment}


def _policy(_store: Store, body: Body, old: Body | None) -> Body:
    empty = {"include": [], "exclude": [], "require": [], "session_duration": "24h", "reusable": True, "app_count": 0}
    return {**empty, **_dated(body, old)}


def _application(store: Store, body: Body, old: Body | None) -> Body:
    defaults = {
        "type": "self_hosted",
        "session_duration": "24h",
        "app_launcher_visible": True,
        "auto_redirect_to_identity": False,
        "enable_binding_cookie": False,
        "http_only_cookie_attribute": True,
        "options_preflight_bypass": False,
        "allowed_idps": [],
        "tags": [],
    }
    kept = {**defaults, **_dated(body, old)}
    public = [each for each in kept.get("destinations") or [] if each.get("type", "public") == "public"]
    domain = kept.get("domain") or (public[0].get("uri") if public else None)
    return {
        **kept,
        "domain": domain,
        "policies": [_applied(store, each, number) for number, each in enumerate(kept.get("policies") or [], start=1)],
        "uid": kept["id"],
        "aud": old["aud"] if old else secrets.token_hex(32),
        "self_hosted_domains": kept.get("self_hosted_domains") or ([domain] if domain else []),
        "destinations": kept.get("destinations") or ([{"type": "public", "uri": domain}] if domain else []),
    }


def _applied(store: Store, wanted: Any, number: int) -> Body:
    """A policy as an application shows it: its own fields, and its place."""
    reference = wanted if isinstance(wanted, dict) else {"id": wanted}
    row = store.one("SELECT body FROM objects WHERE kind = 'policies' AND id = ?", reference.get("id"))
    policy = json.loads(row["body"]) if row else reference
    return {**policy, "precedence": reference.get("precedence") or number}


def _service_token(_store: Store, body: Body, old: Body | None) -> Body:
    expiry = (datetime.now(UTC) + timedelta(days=365)).strftime("%Y-%m-%dT%H:%M:%SZ")
    kept = {"duration": "8760h", "client_secret_version": 1, **_dated(body, old)}
    kept["client_id"] = old["client_id"] if old else f"{stamps.new_hex_id()}.access"
    kept["expires_at"] = expiry if old is None else old["expires_at"]
    return kept


def _notification(_store: Store, body: Body, old: Body | None) -> Body:
    kept = {"enabled": True, **_dated(body, old)}
    return {**kept, "created": kept["created_at"], "modified": kept["updated_at"]}


def _route(_store: Store, body: Body, old: Body | None) -> Body:
    return {"comment": "", **_dated(body, old), "deleted_at": None}


_APPS = "Access: Apps and Policies"
GROUPS = (
    Group(
        "policies",
        "access/policies",
        _APPS,
        ("name", "decision", "include"),
        (12003, "access.api.error.unknown_policy"),
        _policy,
    ),
    Group("apps", "access/apps", _APPS, ("type",), (12002, "access.api.error.unknown_application"), _application),
    Group(
        "service_tokens",
        "access/service_tokens",
        "Access: Service Tokens",
        ("name",),
        (12008, "access.api.error.unknown_service_token"),
        _service_token,
    ),
    Group(
        "notifications",
        "alerting/v3/policies",
        "Notifications",
        ("name", "alert_type", "mechanisms"),
        (17103, "policy not found"),
        _notification,
        terse=True,
    ),
    Group(
        "routes",
        "teamnet/routes",
        "Cloudflare Tunnel",
        ("network", "tunnel_id"),
        (1003, "Route not found"),
        _route,
        method="PATCH",
    ),
)


def routers() -> list[APIRouter]:
    return [_routes(group) for group in GROUPS]


def _routes(group: Group) -> APIRouter:
    router = APIRouter(prefix=f"/accounts/{{account}}/{group.path}")
    read, edit = [needs(group.permission, "Read")], [needs(group.permission, "Edit")]

    async def index(request: Request, account: str) -> Response:
        rows = _rows(request.app.state.store, group, account)
        name = request.query_params.get("name")
        return page(request, [row for row in rows if name is None or row.get("name") == name])

    async def create(request: Request, account: str) -> Response:
        body = await _body(request, group)
        kept = group.fill(request.app.state.store, body, None)
        _keep(request.app.state.store, group, account, kept)
        return success({"id": kept["id"]} if group.terse else {**kept, **_revealed(group, body, None)})

    async def fetch(request: Request, account: str, number: str) -> Response:
        return success(_found(request.app.state.store, group, account, number))

    async def change(request: Request, account: str, number: str) -> Response:
        old = _found(request.app.state.store, group, account, number)
        body = await _body(request, group, onto=old if group.method == "PATCH" else {})
        kept = group.fill(request.app.state.store, body, old)
        _keep(request.app.state.store, group, account, kept)
        return success({"id": kept["id"]} if group.terse else {**kept, **_revealed(group, body, old)})

    async def delete(request: Request, account: str, number: str) -> Response:
        _found(request.app.state.store, group, account, number)
        request.app.state.store.run("DELETE FROM objects WHERE id = ?", number)
        return success(None if group.terse else {"id": number})

    router.add_api_route("", index, methods=["GET"], dependencies=read)
    router.add_api_route("", create, methods=["POST"], dependencies=edit)
    router.add_api_route("/{number}", fetch, methods=["GET"], dependencies=read)
    router.add_api_route("/{number}", change, methods=[group.method], dependencies=edit)
    router.add_api_route("/{number}", delete, methods=["DELETE"], dependencies=edit)
    return router


def _revealed(group: Group, body: Body, old: Body | None) -> Body:
    """A service token's secret is seen when it is made and when its version is raised, and kept nowhere."""
    if group.kind != "service_tokens":
        return {}
    fresh = old is None or body.get("client_secret_version", 1) != old["client_secret_version"]
    return {"client_secret": secrets.token_hex(32)} if fresh else {}


async def _body(request: Request, group: Group, onto: Body | None = None) -> Body:
    code, words = 10400, "The request body is invalid: {why}"
    body = {**(onto or {}), **await bodies.json_object(request, code, words)}
    for key in group.required:
        if not body.get(key):
            raise ApiError(400, code, words.format(why=f"{key} is required"))
    return body


def _rows(store: Store, group: Group, account: str) -> list[Body]:
    rows = store.all("SELECT body FROM objects WHERE kind = ? AND scope = ?", group.kind, account)
    return [json.loads(row["body"]) for row in rows]


def _found(store: Store, group: Group, account: str, number: str) -> Body:
    row = store.one("SELECT body FROM objects WHERE kind = ? AND scope = ? AND id = ?", group.kind, account, number)
    if row is None:
        raise ApiError(404, *group.missing)
    return json.loads(row["body"])


def _keep(store: Store, group: Group, account: str, kept: Body) -> None:
    store.run("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", kept["id"], group.kind, account, json.dumps(kept))

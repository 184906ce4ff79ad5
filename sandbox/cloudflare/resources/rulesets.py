"""Rulesets of a zone or an account: one entry point per phase, rules with ids and versions of their own."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from sandbox.cloudflare import ids, request_body
from sandbox.cloudflare.resources import ruleset_validation
from sandbox.cloudflare.responses import ApiError, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import needs

UNREADABLE = (20002, "could not decode the request body: {why}")
"""With 400; the code is a guess."""
MISSING = (10001, "could not find ruleset")
"""With 404; the code is a guess."""
NO_ENTRY_POINT = 10003
"""With 404, as many reports have it."""
SECOND_ENTRY_POINT = 20217
"""With 400 and the pointer `/kind`, as the recorded provider met it."""

Text = Annotated[str, StringConstraints(min_length=1)]


class Rule(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    action: Text
    expression: Text
    description: str | None = None
    enabled: bool | None = None
    ref: str | None = None
    id: str | None = None


class NewRuleset(BaseModel):
    model_config = ConfigDict(strict=True)
    name: Text
    kind: Text
    phase: Text
    description: str | None = None
    rules: list[Rule] | None = None


class Change(BaseModel):
    model_config = ConfigDict(strict=True)
    name: str | None = None
    description: str | None = None
    rules: list[Rule] | None = None


def routers() -> list[APIRouter]:
    """The same endpoints under a zone and under an account."""
    return [_routes("zone", "Zone WAF"), _routes("account", "Account Rulesets")]


def _routes(owner: str, permission: str) -> APIRouter:
    router = APIRouter(prefix=f"/{owner}s/{{{owner}}}/rulesets")
    read, edit = [needs(permission, "Read")], [needs(permission, "Edit")]
    router.add_api_route("", _index, methods=["GET"], dependencies=read)
    router.add_api_route("", _create, methods=["POST"], dependencies=edit)
    router.add_api_route("/phases/{phase}/entrypoint", _entry_point, methods=["GET"], dependencies=read)
    router.add_api_route("/{ruleset}", _read, methods=["GET"], dependencies=read)
    router.add_api_route("/{ruleset}", _replace, methods=["PUT"], dependencies=edit)
    router.add_api_route("/{ruleset}", _delete, methods=["DELETE"], dependencies=edit)
    return router


def _scope(request: Request) -> str:
    return request.path_params.get("zone") or request.path_params["account"]


def _found(request: Request) -> dict[str, Any]:
    for ruleset in request.app.state.store.bodies("rulesets", _scope(request)):
        if ruleset["id"] == request.path_params["ruleset"]:
            return ruleset
    raise ApiError(404, *MISSING)


def _keep(store: Store, scope: str, ruleset: dict[str, Any]) -> None:
    store.run("INSERT OR REPLACE INTO objects VALUES (?, 'rulesets', ?, ?)", ruleset["id"], scope, json.dumps(ruleset))


async def _index(request: Request) -> Response:
    found = request.app.state.store.bodies("rulesets", _scope(request))
    return success([{key: value for key, value in each.items() if key != "rules"} for each in found], {"cursors": {}})


async def _create(request: Request) -> Response:
    store: Store = request.app.state.store
    body = request_body.parse(NewRuleset, await request_body.json_object(request, *UNREADABLE), *UNREADABLE)
    ruleset = {
        "id": ids.new_hex_id(),
        "name": body.name,
        "description": body.description or "",
        "kind": body.kind,
        "version": "1",
        "last_updated": ids.now(),
        "phase": body.phase,
        "rules": _rules(body.phase, body.rules, []),
    }
    with store.transaction():
        if body.kind in ("zone", "root") and _entry(store, _scope(request), body.phase):
            words = (
                f"'{body.kind}' is not a valid value for kind because exceeded maximum number of {body.kind} rulesets "
                f"for phase {body.phase}"
            )
            raise ApiError(400, SECOND_ENTRY_POINT, words, pointer="/kind")
        _keep(store, _scope(request), ruleset)
    return success(ruleset)


def _entry(store: Store, scope: str, phase: str) -> dict[str, Any] | None:
    mine = (
        each for each in store.bodies("rulesets", scope) if each["phase"] == phase and each["kind"] in ("zone", "root")
    )
    return next(mine, None)


async def _entry_point(request: Request, phase: str) -> Response:
    found = _entry(request.app.state.store, _scope(request), phase)
    if found is None:
        raise ApiError(404, NO_ENTRY_POINT, f'could not find entrypoint ruleset in the "{phase}" phase')
    return success(found)


async def _read(request: Request) -> Response:
    return success(_found(request))


async def _replace(request: Request) -> Response:
    old = _found(request)
    body = request_body.parse(Change, await request_body.json_object(request, *UNREADABLE), *UNREADABLE)
    ruleset = {
        **old,
        "name": body.name or old["name"],
        "description": old["description"] if body.description is None else body.description,
        "version": str(int(old["version"]) + 1),
        "last_updated": ids.now(),
        "rules": _rules(old["phase"], body.rules, old["rules"]),
    }
    _keep(request.app.state.store, _scope(request), ruleset)
    return success(ruleset)


async def _delete(request: Request) -> Response:
    request.app.state.store.run("DELETE FROM objects WHERE id = ?", _found(request)["id"])
    return Response(status_code=204)


def _rules(phase: str, wanted: list[Rule] | None, old: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules as they are kept; one that names the `ref` of an old one keeps its id and counts its version on.
    Raises ApiError for what the phase does not take."""
    known = {rule["ref"]: rule for rule in old}
    kept = []
    for rule in wanted or []:
        before = known.get(rule.ref or "", {})
        number = rule.id or before.get("id") or ids.new_hex_id()
        shown = {
            "id": number,
            "version": str(int(before.get("version", 0)) + 1),
            "action": rule.action,
            "expression": rule.expression,
            "description": rule.description or "",
            "last_updated": ids.now(),
            "ref": rule.ref or number,
            "enabled": rule.enabled is not False,
            **{key: value for key, value in (rule.model_extra or {}).items() if value is not None},
        }
        if isinstance(shown.get("ratelimit"), dict):
            shown["ratelimit"] = {"requests_to_origin": False, "mitigation_timeout": 0, **shown["ratelimit"]}
        kept.append(shown)
    ruleset_validation.check(phase, kept)
    return kept

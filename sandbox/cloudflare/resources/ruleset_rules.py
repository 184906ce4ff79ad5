"""The entry point of a phase, and the rules of a ruleset one by one.

https://developers.cloudflare.com/ruleset-engine/rulesets-api/: each call that changes a rule returns the whole ruleset,
in a new version. The versions before are not kept here.
"""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from sandbox.cloudflare import crud, ids, request_body
from sandbox.cloudflare.crud import Body
from sandbox.cloudflare.resources import ruleset_validation
from sandbox.cloudflare.resources.rulesets import ENTRY_POINT_KINDS, AccountRulesets, Rule, ZoneRulesets, numbered
from sandbox.cloudflare.responses import ApiError, Guessed, success
from sandbox.cloudflare.store import Store
from sandbox.cloudflare.tokens import requires

NO_ENTRY_POINT = 10003
"""With 404, as many reports have it."""
NO_RULE = (Guessed(10002), "could not find rule")
"""With 404."""
BAD_POSITION = (Guessed(20003), "position must have one of before, after and index, and name an existing rule")
"""With 400; the message is a guess too."""

router = APIRouter()


def _register(resource: ZoneRulesets) -> None:
    may_read, may_edit = (requires(resource.permission, level) for level in ("Read", "Edit"))
    entry_point = f"{resource.path}/phases/{{phase}}/entrypoint"
    rules = f"{resource.path}/{{id}}/rules"

    @router.get(entry_point, dependencies=[may_read])
    async def read(request: Request, phase: str) -> Response:
        found = _entry_point(request, phase)
        if found is None:
            raise ApiError(404, NO_ENTRY_POINT, f'could not find entrypoint ruleset in the "{phase}" phase')
        return success(found)

    @router.put(entry_point, dependencies=[may_edit])
    async def replace(request: Request, phase: str) -> Response:
        """Creates the entry point where the phase has none."""
        body = await request_body.json_object(request, *resource.malformed)
        old = _entry_point(request, phase)
        if old is None:
            kind = ENTRY_POINT_KINDS["account" in request.path_params]
            body = {"name": "default", **body, "kind": kind, "phase": phase}
        store: Store = request.app.state.store
        return success(crud.write(resource, store, crud.scope_of(request), body, old, "PUT"))

    @router.post(rules, dependencies=[may_edit])
    async def add(request: Request, id: str) -> Response:
        old = resource.find(request.app.state.store, crud.scope_of(request), id)
        rule, position = await _rule(resource, request, {})
        (added,) = numbered([rule], [])
        others: list[Body] = old["rules"]
        at = len(others) if position is None else _index(position, others)
        return _save(resource, request, old, [*others[:at], added, *others[at:]])

    @router.patch(f"{rules}/{{rule_id}}", dependencies=[may_edit])
    async def change(request: Request, id: str, rule_id: str) -> Response:
        old = resource.find(request.app.state.store, crud.scope_of(request), id)
        before = _find(old, rule_id)
        rule, position = await _rule(resource, request, before)
        (changed,) = numbered([{**rule, "id": rule_id, "ref": before["ref"]}], [before])
        others = [each for each in old["rules"] if each["id"] != rule_id]
        at = old["rules"].index(before) if position is None else _index(position, others)
        return _save(resource, request, old, [*others[:at], changed, *others[at:]])

    @router.delete(f"{rules}/{{rule_id}}", dependencies=[may_edit])
    async def remove(request: Request, id: str, rule_id: str) -> Response:
        old = resource.find(request.app.state.store, crud.scope_of(request), id)
        removed = _find(old, rule_id)
        return _save(resource, request, old, [each for each in old["rules"] if each is not removed])


for _resource in (ZoneRulesets(), AccountRulesets()):
    _register(_resource)


def _entry_point(request: Request, phase: str) -> Body | None:
    rulesets = request.app.state.store.bodies(ZoneRulesets.kind, crud.scope_of(request))
    return next((each for each in rulesets if each["phase"] == phase and each["kind"] in ENTRY_POINT_KINDS), None)


async def _rule(resource: ZoneRulesets, request: Request, old: Body) -> tuple[Body, Any]:
    """The complete rule that a call sends, and its position, None where it has none."""
    body = await request_body.json_object(request, *resource.malformed)
    position = body.pop("position", None)
    rule = {**old, **crud.without_nulls(body)}
    request_body.parse(Rule, rule, *resource.malformed)
    return rule, position


def _index(position: Any, rules: list[Body]) -> int:
    """Where in `rules` a position is: `{"before": id}`, `{"after": id}` (empty for the first and the last place), or
    `{"index": number}`, counted from 1."""
    match position:
        case {"index": int(number)} if 1 <= number <= len(rules) + 1:
            return number - 1
        case {"before": ""}:
            return 0
        case {"after": ""}:
            return len(rules)
        case {"before": str(id)} | {"after": str(id)} if id in (known := [rule["id"] for rule in rules]):
            return known.index(id) + ("after" in position)
    raise ApiError(400, *BAD_POSITION)


def _find(ruleset: Body, rule_id: str) -> Body:
    for rule in ruleset["rules"]:
        if rule["id"] == rule_id:
            return rule
    raise ApiError(404, *NO_RULE)


def _save(resource: ZoneRulesets, request: Request, old: Body, rules: list[Body]) -> Response:
    ruleset_validation.check(old["phase"], rules)
    changed = {**old, "rules": rules, "version": str(int(old["version"]) + 1), "last_updated": ids.now()}
    resource.save(request.app.state.store, crud.scope_of(request), changed)
    return success(changed)

"""Rulesets of a zone or an account: one entry point per phase, rules with ids and versions of their own."""

from typing import Annotated, Any

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from sandbox.cloudflare import crud, ids
from sandbox.cloudflare.crud import Body, Query
from sandbox.cloudflare.resources import ruleset_validation
from sandbox.cloudflare.responses import ApiError, Guessed, success
from sandbox.cloudflare.store import Store

SECOND_ENTRY_POINT = 20217
"""With 400 and the pointer `/kind`, as the recorded provider met it."""
ENTRY_POINT_KINDS = ("zone", "root")

Text = Annotated[str, StringConstraints(min_length=1)]


class Rule(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    action: Text
    expression: Text
    description: str | None = None
    enabled: bool | None = None
    ref: str | None = None
    id: str | None = None


class Ruleset(BaseModel):
    model_config = ConfigDict(strict=True)
    name: Text
    kind: Text
    phase: Text
    description: str | None = None
    rules: list[Rule] | None = None


class ZoneRulesets(crud.Resource):
    kind = "rulesets"
    path = "/zones/{zone}/rulesets"
    permission = "Zone WAF"
    model = Ruleset
    missing = (Guessed(10001), "could not find ruleset")
    malformed = (Guessed(20002), "could not decode the request body: {why}")
    defaults = {"description": "", "rules": []}
    created = modified = "last_updated"
    hex_ids = True

    def merge(self, old: Body, body: Body, method: str) -> Body:  # noqa: ARG002 - a hook
        """An update replaces the rules, and keeps name and description where it has none."""
        fixed = {"kind": old["kind"], "phase": old["phase"], "rules": body.get("rules")}
        return {
            "description": old["description"],
            **crud.without_nulls(body),
            **fixed,
            "name": _name(body) or old["name"],
        }

    def validate(self, store: Store, scope: str, fields: Body, old: Body | None) -> Body:
        kind, phase = fields["kind"], fields["phase"]
        rules = numbered(fields.get("rules") or [], old["rules"] if old else [])
        ruleset_validation.check(phase, rules)
        if old is None and kind in ENTRY_POINT_KINDS and _has_entry_point(store, scope, phase):
            message = (
                f"'{kind}' is not a valid value for kind because exceeded maximum number of {kind} rulesets for phase "
                f"{phase}"
            )
            raise ApiError(400, SECOND_ENTRY_POINT, message, pointer="/kind")
        return {**fields, "rules": rules}

    def build(self, fields: Body, old: Body | None, stamp: Body) -> Body:
        version = int(old["version"]) + 1 if old else 1
        return {**super().build(fields, old, stamp), "version": str(version)}

    def listed(self, store: Store, scope: str, query: Query) -> list[Body]:
        """Without the rules."""
        found = super().listed(store, scope, query)
        return [{key: value for key, value in each.items() if key != "rules"} for each in found]

    def page(self, request: Request, shown: list[Body]) -> Response:  # noqa: ARG002 - a hook
        return success(shown, {"cursors": {}})

    def deleted(self, store: Store, stored: Body) -> Response:  # noqa: ARG002 - a hook
        return Response(status_code=204)


class AccountRulesets(ZoneRulesets):
    path = "/accounts/{account}/rulesets"
    permission = "Account Rulesets"


router = crud.router(ZoneRulesets(), AccountRulesets())


def _has_entry_point(store: Store, scope: str, phase: str) -> bool:
    rulesets = store.bodies(ZoneRulesets.kind, scope)
    return any(each["phase"] == phase and each["kind"] in ENTRY_POINT_KINDS for each in rulesets)


def _name(body: Body) -> Any:
    return None if body.get("name") == "" else body.get("name")


def numbered(rules: list[Body], old: list[Body]) -> list[Body]:
    """The rules as they are stored. One with the `ref` of an old one keeps its id and raises its version."""
    by_ref = {rule["ref"]: rule for rule in old}
    numbered = []
    for rule in rules:
        before = by_ref.get(rule.get("ref") or "", {})
        rule_id = rule.get("id") or before.get("id") or ids.new_hex_id()
        stored = {
            **crud.without_nulls(rule),
            "id": rule_id,
            "version": str(int(before.get("version", 0)) + 1),
            "description": rule.get("description") or "",
            "last_updated": ids.now(),
            "ref": rule.get("ref") or rule_id,
            "enabled": rule.get("enabled") is not False,
        }
        if isinstance(stored.get("ratelimit"), dict):
            stored["ratelimit"] = {"requests_to_origin": False, "mitigation_timeout": 0, **stored["ratelimit"]}
        numbered.append(stored)
    return numbered

"""Rulesets, entry points and single rules. What a write returns is a dict: the SDK's types allow any object."""

from typing import Any

import pytest
from cloudflare import BadRequestError, NotFoundError

from tests.support.emulator import ZONE

PHASE = "http_request_firewall_custom"
BLOCK: dict[str, Any] = {"action": "block", "expression": "ssl"}


def expressions(sdk: Any) -> list[Any]:
    read = sdk.rulesets.phases.get(PHASE, zone_id=ZONE)
    return [rule.expression for rule in read.rules]


def test_a_ruleset_is_created_listed_read_replaced_and_deleted(sdk: Any) -> None:
    rule = {**BLOCK, "ref": "one", "description": "first"}
    made = sdk.rulesets.create(zone_id=ZONE, kind="zone", name="default", phase=PHASE, rules=[rule])
    (listed,) = sdk.rulesets.list(zone_id=ZONE)
    assert (listed.id, listed.phase, listed.version) == (made["id"], PHASE, "1")
    read = sdk.rulesets.get(made["id"], zone_id=ZONE)
    assert (read.rules[0].ref, read.rules[0].action, read.rules[0].enabled) == ("one", "block", True)
    changed = sdk.rulesets.update(made["id"], zone_id=ZONE, rules=[{**BLOCK, "action": "managed_challenge"}])
    assert changed["version"] == "2"
    sdk.rulesets.delete(made["id"], zone_id=ZONE)
    with pytest.raises(NotFoundError):
        sdk.rulesets.phases.get(PHASE, zone_id=ZONE)


def test_an_entry_point_is_created_by_its_phase_and_then_replaced(sdk: Any) -> None:
    made = sdk.rulesets.phases.update(PHASE, zone_id=ZONE, rules=[BLOCK])
    assert (made["kind"], made["phase"], made["version"]) == ("zone", PHASE, "1")
    again = sdk.rulesets.phases.update(PHASE, zone_id=ZONE, description="mine", rules=[])
    assert (again["id"], again["version"], again["description"], again["rules"]) == (made["id"], "2", "mine", [])
    limit = {"characteristics": ["ip.src", "cf.colo.id"], "period": 10, "requests_per_period": 5}
    limited = sdk.rulesets.phases.update("http_ratelimit", zone_id=ZONE, rules=[{**BLOCK, "ratelimit": limit}])
    assert limited["rules"][0]["ratelimit"]["mitigation_timeout"] == 0
    assert sdk.rulesets.phases.get("http_ratelimit", zone_id=ZONE)


def test_rules_are_added_moved_changed_and_removed_one_by_one(sdk: Any) -> None:
    ruleset = sdk.rulesets.phases.update(PHASE, zone_id=ZONE, rules=[BLOCK])
    rules = sdk.rulesets.rules
    where = {"ruleset_id": ruleset["id"], "zone_id": ZONE}
    first = ruleset["rules"][0]["id"]
    added = rules.create(**where, action="block", expression="false")
    assert (added["version"], [rule["expression"] for rule in added["rules"]]) == ("2", ["ssl", "false"])
    second = added["rules"][1]["id"]
    rules.create(**where, action="block", expression="true", position={"index": 1})
    assert expressions(sdk) == ["true", "ssl", "false"]
    rules.edit(second, **where, action="block", expression="not ssl", position={"before": first})
    assert expressions(sdk) == ["true", "not ssl", "ssl"]
    rules.edit(second, **where, action="block", expression="not ssl", position={"after": ""})
    assert expressions(sdk) == ["true", "ssl", "not ssl"]
    edited = rules.edit(first, **where, action="block", expression="(ip.src eq 192.0.2.1)")
    assert (edited["rules"][1]["expression"], edited["rules"][1]["version"]) == ("(ip.src eq 192.0.2.1)", "2")
    removed = rules.delete(first, **where)
    assert [rule["expression"] for rule in removed["rules"]] == ["true", "not ssl"]
    with pytest.raises(NotFoundError):
        rules.delete(first, **where)
    with pytest.raises(BadRequestError, match="position"):
        rules.create(**where, action="block", expression="true", position={"after": first})
    with pytest.raises(BadRequestError, match="blank"):
        rules.create(**where, action="block", expression=" ")
    assert expressions(sdk) == ["true", "not ssl"]

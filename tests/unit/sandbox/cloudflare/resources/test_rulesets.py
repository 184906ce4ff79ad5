"""Rulesets: entry points, versions, validation of rules, and refusals."""

from typing import Any

import pytest

from tests.support.emulator import ACCOUNT, OTHER_ZONE, RULESETS, ZONE, Emulator, refusal


def ruleset(**changes: Any) -> dict[str, Any]:
    rule = {"action": "block", "expression": "true"}
    return {"name": "guard", "kind": "zone", "phase": "http_request_firewall_custom", "rules": [rule], **changes}


def test_a_second_entry_point_for_a_phase_is_refused_with_20217(emulator: Emulator) -> None:
    emulator.done("POST", RULESETS, ruleset())
    reply = emulator.call("POST", RULESETS, ruleset(name="other"))
    assert refusal(reply) == (400, 20217)
    assert reply.json()["errors"][0]["source"] == {"pointer": "/kind"}
    assert emulator.call("POST", RULESETS, ruleset(phase="http_ratelimit", rules=[])).status_code == 200
    assert emulator.call("POST", RULESETS, ruleset(kind="custom")).status_code == 200
    assert emulator.call("POST", f"/zones/{OTHER_ZONE}/rulesets", ruleset()).status_code == 200


def test_the_entry_point_of_a_phase_is_found(emulator: Emulator) -> None:
    path = f"{RULESETS}/phases/http_request_firewall_custom/entrypoint"
    assert refusal(emulator.call("GET", path)) == (404, 10003)
    made = emulator.done("POST", RULESETS, ruleset())
    assert emulator.done("GET", path) == made
    assert emulator.done("GET", f"{RULESETS}/{made['id']}") == made


def test_a_replaced_ruleset_raises_versions_and_keeps_rules_by_ref(emulator: Emulator) -> None:
    made = emulator.done("POST", RULESETS, ruleset())
    kept = made["rules"][0]
    rules = [
        {"action": "log", "expression": "false", "ref": kept["ref"]},
        {"action": "block", "expression": "ssl", "enabled": False},
    ]
    changed = emulator.done("PUT", f"{RULESETS}/{made['id']}", {"rules": rules})
    first, second = changed["rules"]
    assert (changed["version"], changed["name"]) == ("2", "guard")
    assert (first["id"], first["version"], first["action"]) == (kept["id"], "2", "log")
    assert (second["version"], second["enabled"]) == ("1", False)


def test_the_version_of_a_rule_is_the_services_alone(emulator: Emulator) -> None:
    rule = {"action": "block", "expression": "true", "ref": "a", "version": "x"}
    made = emulator.done("POST", RULESETS, ruleset(rules=[rule]))
    changed = emulator.done("PUT", f"{RULESETS}/{made['id']}", {"rules": [rule]})
    assert (made["rules"][0]["version"], changed["rules"][0]["version"]) == ("1", "2")


LIMIT = {"characteristics": ["cf.colo.id", "ip.src"], "period": 10, "requests_per_period": 5}


def test_a_rate_limit_is_stored_with_defaults(emulator: Emulator) -> None:
    rule = {"action": "block", "expression": "ssl", "ratelimit": LIMIT}
    made = emulator.done("POST", RULESETS, ruleset(phase="http_ratelimit", rules=[rule]))
    assert made["rules"][0]["ratelimit"] == {"requests_to_origin": False, "mitigation_timeout": 0, **LIMIT}


@pytest.mark.parametrize(
    ("phase", "rule", "code", "at", "words"),
    [
        ("http_request_firewall_custom", {"expression": " "}, 20125, "expression", "cannot be blank"),
        ("http_request_firewall_custom", {"expression": 'http.host eq "a") or (ssl'}, 20127, "expression", "1:17"),
        ("http_request_firewall_custom", {"expression": "http.hots eq 1"}, 20127, "expression", "unknown identifier"),
        ("http_request_firewall_custom", {"expression": "ssl or " * 600 + "ssl"}, 20123, "expression", "4096"),
        ("http_request_firewall_custom", {"action": "rewrite"}, 20123, "action", "not among the actions"),
        ("http_request_firewall_custom", {"ratelimit": LIMIT}, 20123, "ratelimit", "has none"),
        ("http_ratelimit", {}, 20123, "ratelimit", "needs it"),
        ("http_ratelimit", {"ratelimit": {**LIMIT, "period": 7}}, 20123, "period", "one of 10, 60"),
        (
            "http_ratelimit",
            {"ratelimit": {**LIMIT, "requests_per_period": 0}},
            20123,
            "requests_per_period",
            "positive",
        ),
        ("http_ratelimit", {"ratelimit": {**LIMIT, "characteristics": ["ip.src"]}}, 20123, "characteristics", "colo"),
        ("http_ratelimit", {"ratelimit": {**LIMIT, "mitigation_timeout": 5}}, 20123, "mitigation_timeout", "one of 0"),
        (
            "http_ratelimit",
            {"action": "managed_challenge", "ratelimit": {**LIMIT, "mitigation_timeout": 10}},
            20123,
            "mitigation_timeout",
            "must be 0",
        ),
    ],
)
def test_a_rule_that_its_phase_does_not_accept_is_refused(
    emulator: Emulator, phase: str, rule: dict[str, Any], code: int, at: str, words: str
) -> None:
    sound = {"action": "block", "expression": "ssl"}
    reply = emulator.call("POST", RULESETS, ruleset(phase=phase, rules=[sound | rule]))
    assert refusal(reply) == (400, code)
    (error,) = reply.json()["errors"]
    assert error["source"]["pointer"].endswith(f"/{at}")
    assert words in error["message"]


def test_two_rules_with_one_ref_are_refused(emulator: Emulator) -> None:
    rule = {"action": "block", "expression": "ssl", "ref": "same"}
    assert refusal(emulator.call("POST", RULESETS, ruleset(rules=[rule, rule]))) == (400, 20123)


def test_a_deleted_ruleset_frees_its_phase(emulator: Emulator) -> None:
    made = emulator.done("POST", RULESETS, ruleset())
    assert emulator.call("DELETE", f"{RULESETS}/{made['id']}").status_code == 204
    assert refusal(emulator.call("DELETE", f"{RULESETS}/{made['id']}")) == (404, 10001)
    assert emulator.done("GET", RULESETS) == []
    assert emulator.call("POST", RULESETS, ruleset()).status_code == 200


def test_a_ruleset_is_not_found_through_another_zone(emulator: Emulator) -> None:
    made = emulator.done("POST", RULESETS, ruleset())
    assert refusal(emulator.call("GET", f"/zones/{OTHER_ZONE}/rulesets/{made['id']}")) == (404, 10001)


@pytest.mark.parametrize(
    "body",
    [b"{", {}, ruleset(name=None), ruleset(phase=7), ruleset(rules={}), ruleset(rules=[{"action": "block"}])],
)
def test_a_malformed_ruleset_is_refused(emulator: Emulator, body: Any) -> None:
    assert refusal(emulator.call("POST", RULESETS, body)) == (400, 20002)


def test_an_account_has_rulesets_of_its_own(emulator: Emulator) -> None:
    emulator.token = emulator.create_token(["Account Rulesets: Edit", "Zone WAF: Edit"])
    emulator.done("POST", f"/accounts/{ACCOUNT}/rulesets", ruleset(kind="root"))
    assert emulator.done("GET", f"/zones/{ZONE}/rulesets") == []
    assert len(emulator.done("GET", f"/accounts/{ACCOUNT}/rulesets")) == 1

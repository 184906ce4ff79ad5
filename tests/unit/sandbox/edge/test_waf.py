"""Evaluation of the zone's WAF rules: blocked, challenged, rate limited, or reported as not evaluated."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloudflare.store import Store
from sandbox.edge.waf import NOT_EVALUATED, Waf
from tests.support.visitor_requests import visitor_request

CUSTOM, RATE_LIMIT = "http_request_firewall_custom", "http_ratelimit"
ZONE = "89abcdef0123456789abcdef01234567"
_ids = itertools.count()


def rule(action: str = "block", expression: str = "ssl", **more: Any) -> dict[str, Any]:
    rule_id = str(next(_ids))
    return {
        "id": rule_id,
        "ref": rule_id,
        "version": "1",
        "enabled": True,
        "description": f"rule {rule_id}",
        "action": action,
        "expression": expression,
        **more,
    }


def limit(requests: int = 2, period: int = 10, timeout: int = 0, **more: Any) -> dict[str, Any]:
    counting = {"characteristics": ["cf.colo.id", "ip.src"], "mitigation_timeout": timeout}
    return {"ratelimit": {"requests_per_period": requests, "period": period, **counting, **more}}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cloudflare.sqlite3")


def add_ruleset(store: Store, phase: str, *rules: dict[str, Any], zone: str = ZONE, kind: str = "zone") -> None:
    body = json.dumps({"phase": phase, "kind": kind, "rules": list(rules)})
    store.run("INSERT INTO objects VALUES (?, 'rulesets', ?, ?)", str(next(_ids)), zone, body)


def status(waf: Waf, **changes: Any) -> int | None:
    page = waf.evaluate(ZONE, visitor_request(**changes))
    return page.status if page else None


def test_the_first_rule_that_blocks_or_challenges_decides(store: Store) -> None:
    rules = [rule(enabled=False), rule("log"), rule(expression='ip.src.country eq "KP"'), rule("managed_challenge")]
    add_ruleset(store, CUSTOM, *rules)
    waf = Waf(store)
    blocked = waf.evaluate(ZONE, visitor_request(country="KP"))
    assert blocked
    assert (blocked.status, blocked.code, blocked.headers) == (403, 1020, ())
    assert rules[2]["description"] in blocked.reason
    challenged = waf.evaluate(ZONE, visitor_request())
    assert challenged
    assert (challenged.status, challenged.headers) == (403, ((b"cf-mitigated", b"challenge"),))
    assert status(waf, secure=False) is None


def test_rules_of_other_zones_and_rulesets_that_are_not_executed_do_not_apply(store: Store) -> None:
    add_ruleset(store, CUSTOM, rule(), zone="0" * 32)
    add_ruleset(store, CUSTOM, rule(), kind="custom")
    assert status(Waf(store)) is None


def test_a_skip_rule_skips_the_remaining_rules_and_the_phases_that_it_names(store: Store) -> None:
    skips = {"ruleset": "current", "phases": [RATE_LIMIT]}
    add_ruleset(store, CUSTOM, rule("skip", 'ip.src.country eq "NZ"', action_parameters=skips), rule())
    add_ruleset(store, RATE_LIMIT, rule(expression="not ssl", **limit(requests=1)))
    waf = Waf(store)
    assert status(waf) is None
    assert [status(waf, secure=False) for _ in range(2)] == [None, None]
    assert status(waf, country="AU") == 403
    assert [status(waf, secure=False, country="AU") for _ in range(2)] == [None, 429]


def test_a_rate_limit_blocks_a_visitor_for_its_timeout(store: Store, clock: Clock) -> None:
    add_ruleset(store, RATE_LIMIT, rule(**limit(timeout=60)))
    waf = Waf(store, clock)
    assert [status(waf) for _ in range(3)] == [None, None, 429]
    assert status(waf, address="203.0.113.8") is None
    clock.now = 59
    assert status(waf) == 429
    clock.now = 60
    assert [status(waf) for _ in range(3)] == [None, None, 429]


def test_a_rate_limit_without_a_timeout_blocks_only_requests_above_the_rate(store: Store, clock: Clock) -> None:
    add_ruleset(store, RATE_LIMIT, rule(**limit()))
    waf = Waf(store, clock)
    page = [waf.evaluate(ZONE, visitor_request()) for _ in range(3)][-1]
    assert page
    assert (page.status, page.code) == (429, 1015)
    clock.now = 10
    assert [status(waf) for _ in range(3)] == [None, None, 429]


def test_a_blocked_request_is_not_counted(store: Store, clock: Clock) -> None:
    add_ruleset(store, CUSTOM, rule(expression='ip.src.country eq "KP"'))
    add_ruleset(store, RATE_LIMIT, rule(**limit(requests=1)))
    waf = Waf(store, clock)
    assert [status(waf, country=country) for country in ("KP", "KP", "NZ", "NZ")] == [403, 403, None, 429]


def test_rules_that_cannot_be_evaluated_are_reported_and_do_not_block(store: Store) -> None:
    rules = [
        rule(expression="ssl and ip.src.asnum eq 64496"),
        rule("execute"),
        rule(expression="not ssl and ip.src.asnum eq 64496"),
    ]
    rate_limit = rule(**limit(characteristics=["cf.colo.id", "cf.bot_management.ja4"]))
    add_ruleset(store, CUSTOM, *rules)
    add_ruleset(store, RATE_LIMIT, rate_limit)
    request = visitor_request()
    assert Waf(store).evaluate(ZONE, request) is None
    reported = [rules[0], rules[1], rate_limit]
    assert request.response_headers == [(NOT_EVALUATED, each["description"].encode()) for each in reported]

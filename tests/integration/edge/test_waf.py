"""Rules of the zone, as visitors meet them: blocked, challenged, counted; and told what was not evaluated."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloudflare.store import Store
from sandbox.edge.waf import NOT_EVALUATED, Guard
from tests.integration.edge.test_expressions import visit
from tests.support.emulator import RULESETS
from tests.support.local_edge import LocalEdge, asynchronous

CUSTOM, RATE_LIMIT = "http_request_firewall_custom", "http_ratelimit"
ZONE = "89abcdef0123456789abcdef01234567"
_numbers = itertools.count()


def rule(action: str = "block", expression: str = "ssl", **more: Any) -> dict[str, Any]:
    number = str(next(_numbers))
    return {
        "id": number,
        "ref": number,
        "version": "1",
        "enabled": True,
        "description": f"rule {number}",
        "action": action,
        "expression": expression,
        **more,
    }


def limit(requests: int = 2, period: int = 10, timeout: int = 0, **more: Any) -> dict[str, Any]:
    counted = {"characteristics": ["cf.colo.id", "ip.src"], "mitigation_timeout": timeout}
    return {"ratelimit": {"requests_per_period": requests, "period": period, **counted, **more}}


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


def keep(store: Store, phase: str, *rules: dict[str, Any], zone: str = ZONE, kind: str = "zone") -> None:
    body = json.dumps({"phase": phase, "kind": kind, "rules": list(rules)})
    store.run("INSERT INTO objects VALUES (?, 'rulesets', ?, ?)", str(next(_numbers)), zone, body)


def status(guard: Guard, **changes: Any) -> int | None:
    page = guard.judge(ZONE, visit(**changes))
    return page.status if page else None


def test_the_first_rule_that_blocks_or_challenges_decides(store: Store) -> None:
    rules = [rule(enabled=False), rule("log"), rule(expression='ip.src.country eq "KP"'), rule("managed_challenge")]
    keep(store, CUSTOM, *rules)
    guard = Guard(store)
    blocked = guard.judge(ZONE, visit(country="KP"))
    assert blocked
    assert (blocked.status, blocked.code, blocked.headers) == (403, 1020, ())
    assert rules[2]["description"] in blocked.why
    challenged = guard.judge(ZONE, visit())
    assert challenged
    assert (challenged.status, challenged.headers) == (403, ((b"cf-mitigated", b"challenge"),))
    assert status(guard, secure=False) is None


def test_rules_of_other_zones_and_rulesets_that_nobody_runs_say_nothing(store: Store) -> None:
    keep(store, CUSTOM, rule(), zone="0" * 32)
    keep(store, CUSTOM, rule(), kind="custom")
    assert status(Guard(store)) is None


def test_a_skip_leaves_out_the_rest_and_the_limits_that_it_names(store: Store) -> None:
    skips = {"ruleset": "current", "phases": [RATE_LIMIT]}
    keep(store, CUSTOM, rule("skip", 'ip.src.country eq "NZ"', action_parameters=skips), rule())
    keep(store, RATE_LIMIT, rule(expression="not ssl", **limit(requests=1)))
    guard = Guard(store)
    assert status(guard) is None
    assert [status(guard, secure=False) for _ in range(2)] == [None, None]
    assert status(guard, country="AU") == 403
    assert [status(guard, secure=False, country="AU") for _ in range(2)] == [None, 429]


def test_a_limit_shuts_a_visitor_out_for_its_timeout(store: Store, clock: Clock) -> None:
    keep(store, RATE_LIMIT, rule(**limit(timeout=60)))
    guard = Guard(store, clock)
    assert [status(guard) for _ in range(3)] == [None, None, 429]
    assert status(guard, address="203.0.113.8") is None
    clock.now = 59
    assert status(guard) == 429
    clock.now = 60
    assert [status(guard) for _ in range(3)] == [None, None, 429]


def test_a_limit_without_a_timeout_takes_as_many_as_the_rate_lets_through(store: Store, clock: Clock) -> None:
    keep(store, RATE_LIMIT, rule(**limit()))
    guard = Guard(store, clock)
    page = [guard.judge(ZONE, visit()) for _ in range(3)][-1]
    assert page
    assert (page.status, page.code) == (429, 1015)
    clock.now = 10
    assert [status(guard) for _ in range(3)] == [None, None, 429]


def test_what_a_rule_blocks_is_not_counted(store: Store, clock: Clock) -> None:
    keep(store, CUSTOM, rule(expression='ip.src.country eq "KP"'))
    keep(store, RATE_LIMIT, rule(**limit(requests=1)))
    guard = Guard(store, clock)
    assert [status(guard, country=country) for country in ("KP", "KP", "NZ", "NZ")] == [403, 403, None, 429]


def test_what_is_not_evaluated_lets_pass_and_is_told(store: Store) -> None:
    untold = [
        rule(expression="ssl and ip.src.asnum eq 64496"),
        rule("execute"),
        rule(expression="not ssl and ip.src.asnum eq 64496"),
    ]
    uncounted = rule(**limit(characteristics=["cf.colo.id", "cf.bot_management.ja4"]))
    keep(store, CUSTOM, *untold)
    keep(store, RATE_LIMIT, uncounted)
    seen = visit()
    assert Guard(store).judge(ZONE, seen) is None
    told = [untold[0], untold[1], uncounted]
    assert seen.remarks == [(NOT_EVALUATED, each["description"].encode()) for each in told]


@asynchronous
async def test_visitors_meet_the_rules_before_anything_is_asked_of_a_connector(edge: LocalEdge) -> None:
    exposed = edge.expose("guarded", "http://blog")
    host = f'http.host eq "{exposed.host}"'
    rules = [
        {"action": "block", "expression": f'{host} and ip.src.country eq "KP"', "description": "sanctions"},
        {"action": "js_challenge", "expression": f'{host} and http.user_agent contains "bot"'},
        {"action": "block", "expression": f"{host} and ip.src.asnum eq 64496", "description": "neighbours"},
    ]
    counts = {"characteristics": ["cf.colo.id", "ip.src"], "period": 600, "requests_per_period": 2}
    limits = [{"action": "block", "expression": f'{host} and http.request.uri.path eq "/login"', "ratelimit": counts}]
    made = [
        edge.api.done("POST", RULESETS, {"name": "guard", "kind": "zone", "phase": phase, "rules": some})["id"]
        for phase, some in ((CUSTOM, rules), (RATE_LIMIT, limits))
    ]
    try:
        async with edge.connected(exposed) as (connector,):
            blocked = await edge.get(exposed.host, **{"cf-ipcountry": "KP"})
            assert (blocked.status_code, blocked.text.splitlines()[0]) == (403, "error code: 1020")
            challenged = await edge.get(exposed.host, **{"user-agent": "a bot"})
            assert (challenged.status_code, challenged.headers["cf-mitigated"]) == (403, "challenge")
            assert connector.requests == []
            passes = await edge.get(exposed.host, **{"cf-ipcountry": "NZ"})
            assert (passes.text, passes.headers[NOT_EVALUATED.decode()]) == ("hello", "neighbours")
            limited = [await edge.get(exposed.host, "/login") for _ in range(3)]
            assert [answer.status_code for answer in limited] == [200, 200, 429]
            assert limited[-1].text.splitlines()[0] == "error code: 1015"
    finally:
        for number in made:
            edge.api.call("DELETE", f"{RULESETS}/{number}")

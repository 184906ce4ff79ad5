"""A zone's WAF rules: this stack's are enforced, and foreign rules stay before, during and after."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import ZONES, Sandbox, settings

ZONE = ZONES["example.net"]
CUSTOM = "http_request_firewall_custom"
RULES = {"name": "sanctions", "countries": ["KP"]}
LIMITS = {
    "name": "logins",
    "requests": 2,
    "period": 60,
    "timeout": 3600,
    "expression": 'http.request.uri.path eq "/login"',
}
MONITOR = {
    "action": "skip",
    "expression": 'http.user_agent eq "monitor"',
    "description": "let the monitor in",
    "action_parameters": {"ruleset": "current"},
    "logging": {"enabled": True},
}
MAINTENANCE = {
    "action": "block",
    "expression": 'http.host eq "old.example.net"',
    "description": "closed",
    "action_parameters": {"response": {"status_code": 403, "content_type": "text/plain", "content": "closed"}},
}


def waf_settings(**waf: Any) -> dict[str, Any]:
    options = {"plan": "pro", "owns": ["example.net"], "rules": [RULES], "rateLimits": [LIMITS], **waf}
    routes = [{"hostname": "edge.example.net", "service": "http://blog"}]
    return settings("guard", zones={"example.net": ZONE}, routes=routes, waf=options)


def api(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    return sandbox.api(method, f"/zones/{ZONE}/rulesets{path}", body)


def visit(front: str, path: str = "/", **headers: str) -> int:
    """The status of a visitor's request; without a cloudflared, an admitted request finds no connector."""
    reply = httpx.get(f"{front.rstrip('/')}{path}", headers={"host": "edge.example.net", **headers}, trust_env=False)
    return reply.status_code


def test_rules_are_added_to_foreign_rules_which_stay(sandbox: Sandbox) -> None:
    sandbox.run("env", "--config", str(sandbox.stack_file("guard", waf_settings())))
    body = {"name": "default", "kind": "zone", "phase": CUSTOM, "rules": [MONITOR, MAINTENANCE]}
    before = api(sandbox, "POST", "", body)

    report = sandbox.run("up", "--config", str(sandbox.stack_file("guard", waf_settings())), fails=True)
    (error,) = report["errors"]
    assert before["id"] in error["message"]
    assert "let the monitor in, closed" in error["message"]
    assert "culvert-guard" not in sandbox.tunnels()

    adopting = waf_settings(adopt=[before["id"]])
    sandbox.up("guard", adopting)
    (custom,) = [ruleset for ruleset in rulesets(sandbox) if ruleset["phase"] == CUSTOM]
    assert custom["id"] == before["id"]
    assert [content(rule) for rule in custom["rules"][:2]] == [content(rule) for rule in before["rules"]]
    assert [rule["ref"] for rule in custom["rules"][2:]] == ["culvert-guard_sanctions"]

    again = sandbox.up("guard", adopting)
    assert again["changes"] == []
    # One read of every run, one that lists the zone's rulesets, and one more for each of the two.
    assert again["calls"] == {"reads": 4, "writes": 0}

    front = sandbox.run("status")["frontend"]
    assert visit(front, **{"cf-ipcountry": "KP"}) == 403
    assert visit(front, **{"cf-ipcountry": "KP", "user-agent": "monitor"}) not in (403, 429)
    assert visit(front, **{"cf-ipcountry": "NZ"}) not in (403, 429)
    limited = [visit(front, "/login") for _ in range(3)]
    assert 429 not in limited[:2]
    assert limited[2] == 429

    # A rule added by hand is kept too. The update deletes this stack's rule alone.
    added = {**MAINTENANCE, "description": "added"}
    by_hand = [{key: rule[key] for key in rule if key not in ("version", "last_updated")} for rule in custom["rules"]]
    api(sandbox, "PUT", f"/{custom['id']}", {"description": custom["description"], "rules": [added, *by_hand]})
    robots = {"name": "robots", "expression": 'http.user_agent contains "bot"'}
    # Without rate limits their ruleset is deleted, which has no other rules.
    sandbox.up("guard", waf_settings(rules=[robots], rateLimits=[]))
    (custom,) = rulesets(sandbox)
    descriptions = ["added", "let the monitor in", "closed", "culvert-guard: robots"]
    assert [rule["description"] for rule in custom["rules"]] == descriptions

    sandbox.destroy("guard")
    (left,) = rulesets(sandbox)
    assert (left["id"], left["name"], left["description"]) == (before["id"], "default", "")
    assert [content(rule) for rule in left["rules"][1:]] == [content(rule) for rule in before["rules"]]
    assert left["rules"][0]["description"] == "added"


def rulesets(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [item for item in sandbox.state()["objects"] if item["kind"] == "rulesets" and item["scope"] == ZONE]


def content(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule without its version and the time of its last change."""
    return {key: value for key, value in rule.items() if key not in ("version", "last_updated")}


@pytest.fixture(autouse=True)
def clean_zone(sandbox: Sandbox) -> Iterator[None]:
    yield
    for ruleset in rulesets(sandbox):
        api(sandbox, "DELETE", f"/{ruleset['id']}")

"""A zone's rules: this stack's are enforced, other people's are there before, meanwhile and afterwards."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Sandbox, settings

ZONE = "aaabcdef0123456789abcdef01234567"
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


def guarded(**edge: Any) -> dict[str, Any]:
    wanted = {"plan": "pro", "owns": ["example.net"], "rules": [RULES], "rateLimits": [LIMITS], **edge}
    routes = [{"hostname": "edge.example.net", "service": "http://blog"}]
    return settings("guard", zones={"example.net": ZONE}, routes=routes, waf=wanted)


def api(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    return sandbox.api(method, f"/zones/{ZONE}/rulesets{path}", body)


def visit(front: str, path: str = "/", **headers: str) -> int:
    """The status that a visitor gets. Who is let through finds no connector where there is no cloudflared."""
    reply = httpx.get(f"{front.rstrip('/')}{path}", headers={"host": "edge.example.net", **headers}, trust_env=False)
    return reply.status_code


def test_rules_are_added_to_those_of_others_which_stay(sandbox: Sandbox) -> None:
    sandbox.run("env", "--config", str(sandbox.stack_file("guard", guarded())))
    body = {"name": "default", "kind": "zone", "phase": CUSTOM, "rules": [MONITOR, MAINTENANCE]}
    before = api(sandbox, "POST", "", body)

    refused = sandbox.run("up", "--config", str(sandbox.stack_file("guard", guarded())), fails=True)
    (error,) = refused["errors"]
    assert before["id"] in error["message"]
    assert "let the monitor in, closed" in error["message"]
    assert "culvert-guard" not in sandbox.tunnels()

    adopting = guarded(adopt=[before["id"]])
    sandbox.up("guard", adopting)
    (custom,) = [each for each in rulesets(sandbox) if each["phase"] == CUSTOM]
    assert custom["id"] == before["id"]
    assert [same(rule) for rule in custom["rules"][:2]] == [same(rule) for rule in before["rules"]]
    assert [rule["ref"] for rule in custom["rules"][2:]] == ["culvert-guard_sanctions"]

    again = sandbox.up("guard", adopting)
    assert again["changes"] == []
    # The zone's rulesets, and each of the two.
    assert again["calls"] == {"reads": 3, "writes": 0}

    front = sandbox.run("status")["frontend"]
    assert visit(front, **{"cf-ipcountry": "KP"}) == 403
    assert visit(front, **{"cf-ipcountry": "KP", "user-agent": "monitor"}) not in (403, 429)
    assert visit(front, **{"cf-ipcountry": "NZ"}) not in (403, 429)
    limited = [visit(front, "/login") for _ in range(3)]
    assert 429 not in limited[:2]
    assert limited[2] == 429

    # Somebody adds a rule by hand: it is kept, too. Ours goes, and it alone.
    added = {**MAINTENANCE, "description": "added"}
    by_hand = [{key: rule[key] for key in rule if key not in ("version", "last_updated")} for rule in custom["rules"]]
    api(sandbox, "PUT", f"/{custom['id']}", {"description": custom["description"], "rules": [added, *by_hand]})
    robots = {"name": "robots", "expression": 'http.user_agent contains "bot"'}
    # Limits are no longer wanted: their ruleset goes, in which there is nothing else.
    sandbox.up("guard", guarded(rules=[robots], rateLimits=[]))
    (custom,) = rulesets(sandbox)
    wanted = ["added", "let the monitor in", "closed", "culvert-guard: robots"]
    assert [rule["description"] for rule in custom["rules"]] == wanted

    sandbox.destroy("guard")
    (left,) = rulesets(sandbox)
    assert (left["id"], left["name"], left["description"]) == (before["id"], "default", "")
    assert [same(rule) for rule in left["rules"][1:]] == [same(rule) for rule in before["rules"]]
    assert left["rules"][0]["description"] == "added"


def rulesets(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [made for made in sandbox.state()["objects"] if made["kind"] == "rulesets" and made["scope"] == ZONE]


def same(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule without what counts its versions."""
    return {key: value for key, value in rule.items() if key not in ("version", "last_updated")}


@pytest.fixture(autouse=True)
def left_as_it_was(sandbox: Sandbox) -> Iterator[None]:
    yield
    for ruleset in rulesets(sandbox):
        api(sandbox, "DELETE", f"/{ruleset['id']}")

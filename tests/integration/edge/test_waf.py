"""WAF rules of the zone, enforced for visitors."""

from sandbox.edge.waf import NOT_EVALUATED
from tests.support.emulator import RULESETS
from tests.support.local_edge import LocalEdge, async_test


@async_test
async def test_rules_apply_before_a_request_reaches_a_connector(edge: LocalEdge) -> None:
    exposed = edge.expose("guarded", "http://blog")
    host = f'http.host eq "{exposed.host}"'
    rules = [
        {"action": "block", "expression": f'{host} and ip.src.country eq "KP"', "description": "sanctions"},
        {"action": "js_challenge", "expression": f'{host} and http.user_agent contains "bot"'},
        {"action": "block", "expression": f"{host} and ip.src.asnum eq 64496", "description": "neighbours"},
    ]
    counting = {"characteristics": ["cf.colo.id", "ip.src"], "period": 600, "requests_per_period": 2}
    limits = [{"action": "block", "expression": f'{host} and http.request.uri.path eq "/login"', "ratelimit": counting}]
    phases = (("http_request_firewall_custom", rules), ("http_ratelimit", limits))
    ruleset_ids = [
        edge.api.done("POST", RULESETS, {"name": "waf", "kind": "zone", "phase": phase, "rules": phase_rules})["id"]
        for phase, phase_rules in phases
    ]
    try:
        async with edge.connected(exposed) as (connector,):
            blocked = await edge.get(exposed.host, **{"cf-ipcountry": "KP"})
            assert (blocked.status_code, blocked.text.splitlines()[0]) == (403, "error code: 1020")
            challenged = await edge.get(exposed.host, **{"user-agent": "a bot"})
            assert (challenged.status_code, challenged.headers["cf-mitigated"]) == (403, "challenge")
            assert connector.requests == []
            passed = await edge.get(exposed.host, **{"cf-ipcountry": "NZ"})
            assert (passed.text, passed.headers[NOT_EVALUATED.decode()]) == ("hello", "neighbours")
            limited = [await edge.get(exposed.host, "/login") for _ in range(3)]
            assert [response.status_code for response in limited] == [200, 200, 429]
            assert limited[-1].text.splitlines()[0] == "error code: 1015"
    finally:
        for ruleset_id in ruleset_ids:
            edge.api.call("DELETE", f"{RULESETS}/{ruleset_id}")

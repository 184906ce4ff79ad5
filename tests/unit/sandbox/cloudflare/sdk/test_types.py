"""docs/sandbox-api.md, "Where the SDK's types differ": each call of the table, with the strict client."""

import re
from typing import Any

import pytest
from cloudflare import APIResponseValidationError, Cloudflare

from tests.support.emulator import ACCOUNT, ZONE, Emulator
from tests.support.paths import PROJECT

PAGE = (PROJECT / "docs/sandbox-api.md").read_text().partition("\n## Where the SDK's types differ")[2]
ROWS = dict(re.findall(r"^\| `([\w.]+)` \| .+ \| .*(refuses|`dict`)[^|]* \|$", PAGE, re.MULTILINE))
PHASE = "http_request_firewall_custom"


def outcomes(sdk: Any, tunnel: str) -> dict[str, Any]:
    """What each call of the table returns, or the error it raises."""
    configurations = sdk.zero_trust.tunnels.cloudflared.configurations
    rulesets = sdk.rulesets
    rule = {"action": "block", "expression": "ssl"}
    rules = [{"hostname": "a.example.com", "service": "http://a:80"}, {"service": "http_status:404"}]
    made = rulesets.create(zone_id=ZONE, kind="zone", name="default", phase=PHASE, rules=[rule])
    where = {"ruleset_id": made["id"], "zone_id": ZONE}
    added = rulesets.rules.create(**where, **rule)
    last = added["rules"][-1]["id"]
    return {
        "zero_trust.tunnels.cloudflared.configurations.update": caught(
            lambda: configurations.update(tunnel, account_id=ACCOUNT, config={"ingress": rules})
        ),
        "zero_trust.tunnels.cloudflared.configurations.get": caught(
            lambda: configurations.get(tunnel, account_id=ACCOUNT)
        ),
        "rulesets.create": made,
        "rulesets.update": rulesets.update(made["id"], zone_id=ZONE, rules=[{**rule, "id": last}]),
        "rulesets.phases.update": rulesets.phases.update(PHASE, zone_id=ZONE, rules=[{**rule, "id": last}]),
        "rulesets.rules.create": added,
        "rulesets.rules.edit": rulesets.rules.edit(last, **where, **rule),
        "rulesets.rules.delete": rulesets.rules.delete(last, **where),
    }


def caught(call: Any) -> Any:
    with pytest.raises(APIResponseValidationError) as raised:
        call()
    return raised.value


def test_the_sdk_does_what_the_page_says(emulator: Emulator, sdk: Any) -> None:
    tunnel = emulator.tunnel()
    seen = outcomes(sdk, tunnel)
    assert {call: "`dict`" if isinstance(outcome, dict) else "refuses" for call, outcome in seen.items()} == ROWS
    lenient = Cloudflare(api_token=emulator.token, base_url=emulator.base_url, http_client=emulator.http)
    read: Any = lenient.zero_trust.tunnels.cloudflared.configurations.get(tunnel, account_id=ACCOUNT)
    assert [rule.service for rule in read.config.ingress] == ["http://a:80", "http_status:404"]

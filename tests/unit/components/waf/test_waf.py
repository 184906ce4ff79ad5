"""WAF rules in a zone's rulesets: this stack's are added, foreign ones stay, and a foreign ruleset needs adoption."""

import logging
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare
import pytest

from components import WafRules
from components.waf.waf import RateArgs, WafRuleArgs, WafRulesArgs
from tests.support.mock_recorder import ZONE_ID, Deploy, Recorded
from tests.support.snapshot import assert_message_matches

ACCOUNT, ZONE = "0123456789abcdef0123456789abcdef", "89abcdef0123456789abcdef01234567"
CUSTOM, RATE_LIMIT = "http_request_firewall_custom", "http_ratelimit"
MARK = "[kept by culvert-dev]"
BLOCK: WafRuleArgs = {"zone": "example.com", "name": "sanctions", "action": "block", "expression": "ssl"}
RATE: RateArgs = {"requests": 5, "period": 10, "timeout": 60, "per": "ip"}
LIMIT: WafRuleArgs = {
    "zone": "example.com",
    "name": "logins",
    "action": "block",
    "expression": "ssl",
    "rate": RATE,
}
SENT_BLOCK = {
    "ref": "culvert-dev_sanctions",
    "description": "culvert-dev: sanctions",
    "action": "block",
    "expression": "ssl",
    "enabled": True,
}
FOREIGN = {
    "id": "1" * 32,
    "ref": "1" * 32,
    "action": "skip",
    "expression": 'http.user_agent eq "monitor"',
    "description": "let the monitor in",
    "enabled": True,
    "actionParameters": {
        "ruleset": "current",
        "phases": [RATE_LIMIT],
        "response": None,
        "rawResponseFields": [{"name": "etag", "preserveDuplicates": None}],
    },
    "categories": ["x"],
}
KEPT = {
    "ref": "1" * 32,
    "action": "skip",
    "expression": 'http.user_agent eq "monitor"',
    "description": "let the monitor in",
    "enabled": True,
    "actionParameters": {"ruleset": "current", "phases": [RATE_LIMIT], "rawResponseFields": [{"name": "etag"}]},
}


def there(*rules: dict[str, Any], **changes: Any) -> dict[str, Any]:
    ruleset = {"id": "2" * 32, "name": "default", "description": "", "kind": "zone", "phase": CUSTOM}
    return {**ruleset, "rules": list(rules), **changes}


def deployed(deploy: Deploy, *rules: WafRuleArgs, rulesets: Any = (), answers: Any = None, **more: Any) -> Recorded:
    args: WafRulesArgs = {
        "account_id": ACCOUNT,
        "zones": {"example.com": ZONE, "example.org": None},
        "rules": list(rules),
    }

    def program() -> None:
        hook = pulumi.ResourceHook("take-back", lambda _: None)
        WafRules("culvert-dev", {**args, "before_delete": [hook], **more})  # pyright: ignore[reportArgumentType]

    return deploy(program, rulesets=rulesets, answers=answers or {})


def test_a_zone_has_one_ruleset_for_rules_and_one_for_limits(deploy: Deploy) -> None:
    recorded = deployed(deploy, BLOCK, LIMIT, {**BLOCK, "zone": "example.org"})
    assert recorded.names == {
        f"Ruleset culvert-dev-{CUSTOM}-example.com",
        f"Ruleset culvert-dev-{RATE_LIMIT}-example.com",
        f"Ruleset culvert-dev-{CUSTOM}-example.org",
    }
    assert recorded.components == ["culvert:index:WafRules culvert-dev"]
    # The lookup of a zone's id takes a moment, so the order of the registrations differs.
    limits, custom, org = sorted(recorded.resources, key=str)
    assert custom.inputs == {
        "zoneId": ZONE,
        "kind": "zone",
        "phase": CUSTOM,
        "name": f"culvert-dev-{CUSTOM}",
        "description": MARK,
        "rules": [SENT_BLOCK],
    }
    assert limits.inputs["rules"][0]["ratelimit"] == {
        "characteristics": ["cf.colo.id", "ip.src"],
        "requestsPerPeriod": 5,
        "period": 10,
        "mitigationTimeout": 60,
    }
    assert org.inputs["zoneId"] == ZONE_ID
    assert [resource.imported for resource in recorded.resources] == ["", "", ""]


def test_a_limit_counts_by_the_configured_characteristics(deploy: Deploy) -> None:
    recorded = deployed(deploy, {**LIMIT, "rate": {**RATE, "per": "visitor"}})
    assert recorded.resources[0].inputs["rules"][0]["ratelimit"]["characteristics"][1] == "cf.unique_visitor_id"


def test_the_engine_never_deletes_a_ruleset(deploy: Deploy) -> None:
    (ruleset,) = deployed(deploy, BLOCK).resources
    assert ruleset.retained
    assert ruleset.before_delete == {"take-back"}


def test_a_zones_list_and_each_of_its_rulesets_are_read_once(deploy: Deploy) -> None:
    redirects = there(id="3" * 32, phase="http_request_redirect")
    recorded = deployed(deploy, BLOCK, LIMIT, rulesets=[redirects, there(description=MARK)])
    assert recorded.invokes == [
        ("cloudflare:index/getRulesets:getRulesets", {"zoneId": ZONE}),
        ("cloudflare:index/getRuleset:getRuleset", {"zoneId": ZONE, "id": "2" * 32}),
    ]
    assert deployed(deploy).invokes == []


def test_the_provider_of_the_component_reads_zones_and_rulesets(deploy: Deploy) -> None:
    args: WafRulesArgs = {"account_id": ACCOUNT, "zones": {"example.com": None}, "rules": [BLOCK]}

    def program() -> None:
        provider = cloudflare.Provider("own")
        WafRules("culvert-dev", args, pulumi.ResourceOptions(providers=[provider]))

    recorded = deploy(program, rulesets=[there(description=MARK)])
    reads = [token.rsplit(":", 1)[-1] for token, _ in recorded.invokes]
    assert list(zip(reads, recorded.providers, strict=True)) == [
        ("getZone", "own"),
        ("getRulesets", "own"),
        ("getRuleset", "own"),
    ]


def test_the_stacks_own_ruleset_keeps_its_name_and_foreign_rules(deploy: Deploy) -> None:
    gone = {**FOREIGN, "ref": "culvert-dev_gone", "action": "block"}
    found = there(gone, FOREIGN, {**FOREIGN, "ref": "culvert-dev-2_x"}, name="as made", description=MARK)
    (ruleset,) = deployed(deploy, BLOCK, rulesets=[found]).resources
    assert ruleset.inputs["name"] == "as made"
    assert ruleset.inputs["rules"] == [KEPT, {**KEPT, "ref": "culvert-dev-2_x"}, SENT_BLOCK]
    assert (ruleset.inputs["description"], ruleset.imported) == (MARK, "")


def test_a_foreign_ruleset_is_an_error_before_the_first_resource(deploy: Deploy) -> None:
    unnamed, unknown = ({**FOREIGN, "description": "", "ref": ref} for ref in ("3" * 32, ""))
    for found in (there(FOREIGN, unnamed, unknown, description="[kept by culvert-prod]"), there()):
        with pytest.raises(pulumi.RunError, match="another owner") as caught:
            deployed(deploy, BLOCK, rulesets=[found])
        assert_message_matches(str(caught.value))


def test_an_adopted_ruleset_is_imported_with_its_rules_and_tagged(deploy: Deploy) -> None:
    found = there(FOREIGN, description="by hand")
    (ruleset,) = deployed(deploy, BLOCK, rulesets=[found], adopt=["2" * 32]).resources
    assert ruleset.imported == f"zones/{ZONE}/{'2' * 32}"
    assert (ruleset.inputs["name"], ruleset.inputs["description"]) == ("default", f"by hand {MARK}")
    assert ruleset.inputs["rules"] == [KEPT, SENT_BLOCK]


def test_the_stacks_own_ruleset_is_not_imported_again(deploy: Deploy) -> None:
    # The imported id has another form, so the engine would replace the ruleset.
    found = there(FOREIGN, description=f"by hand {MARK}")
    (ruleset,) = deployed(deploy, BLOCK, rulesets=[found], adopt=["2" * 32]).resources
    assert (ruleset.imported, ruleset.inputs["description"]) == ("", f"by hand {MARK}")


@pytest.mark.parametrize("adopt", [[], ["2" * 32]])
def test_a_ruleset_that_an_interrupted_destroy_released_is_still_the_stacks_own(
    deploy: Deploy, adopt: list[str]
) -> None:
    resources = {
        "urn:pulumi:dev::culvert::cloudflare:index/ruleset:Ruleset::rules": {
            "type": "cloudflare:index/ruleset:Ruleset",
            "outputs": {"id": "2" * 32},
        },
        "urn:pulumi:dev::culvert::culvert:index:WafRules::waf": {"type": "culvert:index:WafRules", "outputs": {}},
    }
    found, answers = there(FOREIGN, description="by hand"), {"readStackResourceOutputs": {"outputs": resources}}
    (ruleset,) = deployed(deploy, BLOCK, rulesets=[found], answers=answers, adopt=adopt).resources
    # An import would replace the ruleset in the state, and the deletion of the old one would release it again.
    assert (ruleset.imported, ruleset.inputs["description"]) == ("", f"by hand {MARK}")
    assert ruleset.inputs["rules"] == [KEPT, SENT_BLOCK]


def test_the_stacks_own_state_is_read_once_for_all_rulesets_of_a_zone(deploy: Deploy) -> None:
    found, limits = there(FOREIGN), there(FOREIGN, id="3" * 32, phase=RATE_LIMIT)
    recorded = deployed(deploy, BLOCK, LIMIT, rulesets=[found, limits], adopt=["2" * 32, "3" * 32])
    reads = [read for read in recorded.invokes if not read[0].startswith("cloudflare:")]
    # A program under mocks has no organization.
    assert reads == [("pulumi:pulumi:readStackResourceOutputs", {"stackName": "None/culvert/dev"})]


def test_a_state_that_cannot_be_read_owns_no_ruleset(deploy: Deploy, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(pulumi.RunError, match="another owner"):
        deployed(deploy, BLOCK, rulesets=[there(FOREIGN)], answers={"readStackResourceOutputs": "no backend"})
    (message,) = (record.message for record in caplog.records if "cannot be read" in record.message)
    assert_message_matches(message)

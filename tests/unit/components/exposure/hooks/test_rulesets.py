"""The hook before a ruleset's deletion: which rules are removed, and which stay."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from clients.errors import CloudflareApiError
from components.exposure.hooks.rulesets import release_rulesets
from tests.support.emulator import RULESETS, ZONE, Emulator, refusal
from tests.support.mock_recorder import Deploy

CUSTOM = "http_request_firewall_custom"
MARK = "[kept by culvert-dev]"
OURS = {"action": "block", "expression": "ssl", "ref": "culvert-dev_sanctions"}
OTHERS = {"action": "skip", "expression": "ssl", "ref": "monitor", "action_parameters": {"ruleset": "current"}}
Run = Callable[[str], None]


@pytest.fixture
def run(deploy: Deploy, cloudflare_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Calls the hook for a ruleset by its id, as the engine does."""
    for name, value in cloudflare_environ.items():
        monkeypatch.setenv(name, value)
    hooks: list[Any] = []
    deploy(lambda: hooks.append(release_rulesets("culvert-dev")))
    kind = "cloudflare:index/ruleset:Ruleset"
    assert hooks[0].name == "culvert-dev-release-rulesets"
    return lambda ruleset_id: hooks[0].callback(
        pulumi.ResourceHookArgs("urn", ruleset_id, "rules", kind, old_outputs={"zoneId": ZONE})
    )


def made(emulator: Emulator, *rules: dict[str, Any], description: str = MARK) -> dict[str, Any]:
    body = {"name": "default", "kind": "zone", "phase": CUSTOM, "description": description, "rules": list(rules)}
    return emulator.done("POST", RULESETS, body)


def test_a_ruleset_without_foreign_rules_is_deleted(emulator: Emulator, run: Run) -> None:
    ruleset_id = made(emulator, OURS, {**OURS, "ref": "culvert-dev_culvert-blog_x"})["id"]
    run(ruleset_id)
    assert refusal(emulator.call("GET", f"{RULESETS}/{ruleset_id}")) == (404, 10001)


def test_foreign_rules_stay_unchanged(emulator: Emulator, run: Run) -> None:
    kept = [OTHERS, {**OTHERS, "ref": "culvert-dev-2_x", "enabled": False}]
    before = made(emulator, kept[0], OURS, kept[1], description=f"by hand {MARK}")
    run(before["id"])
    after = emulator.done("GET", f"{RULESETS}/{before['id']}")
    assert (after["name"], after["description"]) == ("default", "by hand")
    stay = ("id", "ref", "action", "expression", "enabled", "action_parameters")
    assert [{key: rule[key] for key in stay} for rule in after["rules"]] == [
        {key: rule[key] for key in stay} for rule in (before["rules"][0], before["rules"][2])
    ]


def test_a_ruleset_without_a_description_gets_none(emulator: Emulator, run: Run) -> None:
    ruleset_id = made(emulator, OTHERS, OURS, description="")["id"]
    run(ruleset_id)
    assert not emulator.done("GET", f"{RULESETS}/{ruleset_id}").get("description")


def test_a_ruleset_that_no_longer_exists_is_ignored(run: Run) -> None:
    run("0" * 32)


def test_an_api_error_stops_the_engine(emulator: Emulator, run: Run) -> None:
    ruleset_id = made(emulator, OURS)["id"]
    emulator.owner("PUT", "/faults", {"rules": [{"kind": "status", "status": 403, "method": "DELETE"}]})
    with pytest.raises(CloudflareApiError, match=f"DELETE /zones/{ZONE}/rulesets/{ruleset_id}: HTTP 403"):
        run(ruleset_id)

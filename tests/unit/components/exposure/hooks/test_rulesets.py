"""What is taken out of a zone's ruleset when a stack goes, and what stays."""

from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pytest

from components.exposure.hooks.rulesets import removal
from tests.support.emulator import RULESETS, ZONE, Emulated, refusal

CUSTOM = "http_request_firewall_custom"
MARK = "[kept by culvert-dev]"
OURS = {"action": "block", "expression": "ssl", "ref": "culvert-dev_sanctions"}
OTHERS = {"action": "skip", "expression": "ssl", "ref": "monitor", "action_parameters": {"ruleset": "current"}}
Run = Callable[[str], None]


@pytest.fixture
def run(emulator: Emulated, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Calls the hook for a ruleset by its id, as the engine does."""
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", f"{str(emulator.http.base_url).rstrip('/')}/client/v4")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", emulator.token)
    remove, kind = removal("culvert-dev"), "cloudflare:index/ruleset:Ruleset"
    yield lambda number: remove(pulumi.ResourceHookArgs("urn", number, "rules", kind, old_outputs={"zoneId": ZONE}))
    for ruleset in emulator.done("GET", RULESETS):
        emulator.call("DELETE", f"{RULESETS}/{ruleset['id']}")


def made(emulator: Emulated, *rules: dict[str, Any], description: str = MARK) -> dict[str, Any]:
    body = {"name": "default", "kind": "zone", "phase": CUSTOM, "description": description, "rules": list(rules)}
    return emulator.done("POST", RULESETS, body)


def test_a_ruleset_with_nobody_elses_rules_is_deleted(emulator: Emulated, run: Run) -> None:
    number = made(emulator, OURS, {**OURS, "ref": "culvert-dev_culvert-blog_x"})["id"]
    run(number)
    assert refusal(emulator.call("GET", f"{RULESETS}/{number}")) == (404, 10001)


def test_the_rules_of_others_stay_as_they_are(emulator: Emulated, run: Run) -> None:
    kept = [OTHERS, {**OTHERS, "ref": "culvert-dev-2_x", "enabled": False}]
    before = made(emulator, kept[0], OURS, kept[1], description=f"by hand {MARK}")
    run(before["id"])
    after = emulator.done("GET", f"{RULESETS}/{before['id']}")
    assert (after["name"], after["description"]) == ("default", "by hand")
    stay = ("id", "ref", "action", "expression", "enabled", "action_parameters")
    assert [{key: rule[key] for key in stay} for rule in after["rules"]] == [
        {key: rule[key] for key in stay} for rule in (before["rules"][0], before["rules"][2])
    ]


def test_a_ruleset_that_is_gone_is_left_at_that(run: Run) -> None:
    run("0" * 32)


def test_a_refusal_stops_the_engine(emulator: Emulated, run: Run) -> None:
    number = made(emulator, OURS)["id"]
    emulator.owner("PUT", "/faults", {"rules": [{"kind": "status", "status": 403, "method": "DELETE"}]})
    try:
        with pytest.raises(RuntimeError, match=f"DELETE /zones/{ZONE}/rulesets/{number}: 403"):
            run(number)
    finally:
        emulator.owner("PUT", "/faults", {})

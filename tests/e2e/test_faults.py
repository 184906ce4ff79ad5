"""The whole engine while each call to the API meets a fault, and what it says where it cannot go on."""

from typing import Any

import httpx
import pytest

from sandbox.engine.diagnostics import RunFailed
from sandbox.providers.cloudflare import client
from tests.e2e.conftest import Sandbox, settings
from tests.e2e.test_recover import recover
from tests.support.interrupted_engine import EngineHarness, engine_harness, quiet

CALLS = (("POST", "/cfd_tunnel$"), ("PUT", "/configurations$"), ("POST", "/dns_records$"), ("DELETE", "."))
SILENCE = 0.3
"""Seconds that stand for 30."""


def test_an_update_and_a_destroy_go_through(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_DELAY", 0.01)
    faults = [
        {"status": 429, "retry_after": 1},
        {"status": 500},
        {"kind": "drop"},
        {"kind": "delay", "delay": SILENCE},
    ]
    with engine_harness(sandbox) as harness:
        engine = harness.engine("rough", settings("rough"))
        for fault in faults:
            met = [{"method": method, "path": path, "next": 1, **fault} for method, path in CALLS]
            play(harness, *met)
            assert engine.up(quiet).summary["create"] > 0
            assert engine.destroy(quiet).summary["delete"] > 0
            assert [rule["next"] for rule in play(harness)] == [0] * len(CALLS)
            assert "rough.example.com" not in [
                r["name"] for zone in harness.api_state()["zones"] for r in zone["records"]
            ]


def test_what_was_made_and_not_heard_of_is_taken_in_by_recover(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "FIRST_DELAY", 0.01)
    for method, path, code in (("POST", "/cfd_tunnel$", "1013"), ("POST", "/dns_records$", "81053")):
        with engine_harness(sandbox) as harness:
            engine = harness.engine("unheard", settings("unheard"))
            play(harness, {"method": method, "path": path, "next": 1, "kind": "drop", "performed": True})
            with pytest.raises(RunFailed, match=code) as failed:
                engine.up(quiet)
            play(harness)
        assert any("python -m ops recover" in error["accepted"] for error in failed.value.errors)
        adopted = recover(sandbox, "unheard", "--adopt", "--yes", status=0)["adopted"]
        assert [each["kind"] for each in adopted] == ["tunnel" if code == "1013" else "record"]
    assert sandbox.up("unheard", settings("unheard"))["summary"]["replace"] == 0
    assert sandbox.up("unheard", settings("unheard"))["changes"] == []
    sandbox.destroy("unheard")
    assert "culvert-unheard" not in sandbox.tunnels()
    assert "unheard.example.com" not in sandbox.records()


def play(harness: EngineHarness, *rules: dict[str, Any]) -> list[dict[str, Any]]:
    """Replaces the injected faults; returns the former ones with their remaining counts."""
    headers = {"Authorization": f"Bearer {harness.services.directory.secret('admin')}"}
    address = f"{harness.services.dashboard()}sandbox/faults"
    before = httpx.get(address, headers=headers).raise_for_status().json()["rules"]
    httpx.put(address, json={"rules": rules}, headers=headers).raise_for_status()
    return before

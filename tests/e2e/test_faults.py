"""Updates with a fault in each call to the API, and the errors where the engine cannot continue."""

from typing import Any

import httpx
import pytest

from sandbox.engine.diagnostics import RunFailed
from sandbox.providers.cloudflare import client
from tests.e2e.conftest import Sandbox, settings
from tests.e2e.test_recover import recover
from tests.support.interrupted_engine import EngineHarness, engine_harness, quiet

FAULTY_CALLS = (("POST", "/cfd_tunnel$"), ("PUT", "/configurations$"), ("POST", "/dns_records$"), ("DELETE", "."))
DELAY = 0.3
"""Seconds, in place of the 30 of a slow API."""


def test_an_update_and_a_destroy_succeed_despite_faults(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_DELAY", 0.01)
    faults = [
        {"status": 429, "retry_after": 1},
        {"status": 500},
        {"kind": "drop"},
        {"kind": "delay", "delay": DELAY},
    ]
    with engine_harness(sandbox) as harness:
        engine = harness.engine("rough", settings("rough"))
        for fault in faults:
            rules = [{"method": method, "path": path, "next": 1, **fault} for method, path in FAULTY_CALLS]
            inject(harness, *rules)
            assert engine.up(quiet).summary["create"] > 0
            assert engine.destroy(quiet).summary["delete"] > 0
            assert [rule["next"] for rule in inject(harness)] == [0] * len(FAULTY_CALLS)
            assert "rough.example.com" not in [
                record["name"] for zone in harness.api_state()["zones"] for record in zone["records"]
            ]


def test_recover_adopts_what_an_unanswered_call_created(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_DELAY", 0.01)
    for method, path, code in (("POST", "/cfd_tunnel$", "1013"), ("POST", "/dns_records$", "81053")):
        with engine_harness(sandbox) as harness:
            engine = harness.engine("unheard", settings("unheard"))
            inject(harness, {"method": method, "path": path, "next": 1, "kind": "drop", "performed": True})
            with pytest.raises(RunFailed, match=code) as failed:
                engine.up(quiet)
            inject(harness)
        assert any("python -m ops recover" in error["accepted"] for error in failed.value.errors)
        adopted = recover(sandbox, "unheard", "--adopt", "--yes", status=0)["adopted"]
        assert [resource["kind"] for resource in adopted] == ["tunnel" if code == "1013" else "record"]
    assert sandbox.up("unheard", settings("unheard"))["summary"]["replace"] == 0
    assert sandbox.up("unheard", settings("unheard"))["changes"] == []
    sandbox.destroy("unheard")
    assert "culvert-unheard" not in sandbox.tunnels()
    assert "unheard.example.com" not in sandbox.records()


def inject(harness: EngineHarness, *rules: dict[str, Any]) -> list[dict[str, Any]]:
    """Replaces the injected faults; returns the former ones with their remaining counts."""
    headers = {"Authorization": f"Bearer {harness.services.directory.secret('admin')}"}
    address = f"{harness.services.dashboard()}sandbox/faults"
    before = httpx.get(address, headers=headers).raise_for_status().json()["rules"]
    httpx.put(address, json={"rules": rules}, headers=headers).raise_for_status()
    return before

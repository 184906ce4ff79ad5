"""`CULVERT_SANDBOX_POLICY`: whether network policies apply to connectors, and what `status` says of it."""

from pathlib import Path

import pytest

from sandbox.commands.status import _network_policy
from sandbox.errors import SandboxError
from sandbox.services.policy_enforcement import is_enforced
from sandbox.tools.tool import Tool


@pytest.mark.parametrize(("value", "expected"), [(None, True), ("on", True), ("off", False)])
def test_policies_apply_unless_they_are_switched_off(
    monkeypatch: pytest.MonkeyPatch, value: str | None, expected: bool
) -> None:
    monkeypatch.delenv("CULVERT_SANDBOX_POLICY", raising=False)
    if value:
        monkeypatch.setenv("CULVERT_SANDBOX_POLICY", value)
    assert is_enforced() is expected


@pytest.mark.parametrize("value", ["", "no", "ON"])
def test_any_other_value_is_rejected(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CULVERT_SANDBOX_POLICY", value)
    with pytest.raises(SandboxError, match=r"CULVERT_SANDBOX_POLICY is .*; must be one of on, off") as caught:
        is_enforced()
    assert caught.value.key == "CULVERT_SANDBOX_POLICY"


def test_status_says_whether_policies_apply_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    described, tool = _network_policy, Tool("cloudflared", Path("cloudflared"), "2026.10.0", "PATH")
    monkeypatch.delenv("CULVERT_SANDBOX_POLICY", raising=False)
    assert described(None, False, tool)["kind"] == "enforced"
    assert described(True, False, tool)["kind"] == "enforced"
    assert described(None, False, None)["origin"] == "the connector's pods are simulated"
    assert described(None, True, tool)["kind"] == "external"
    # The running sandbox keeps the value that it was started with.
    assert described(False, False, tool) == {"kind": "not enforced", "origin": "CULVERT_SANDBOX_POLICY=off"}
    monkeypatch.setenv("CULVERT_SANDBOX_POLICY", "off")
    assert described(None, False, tool)["kind"] == "not enforced"
    assert described(True, False, tool)["kind"] == "enforced"

"""`CULVERT_SANDBOX_POLICY`: whether network policies apply to connectors, and what `status` says of it."""

import json
from pathlib import Path

import pytest

from sandbox.commands.status import _network_policy
from sandbox.directory import SandboxDirectory
from sandbox.errors import SandboxError
from sandbox.services.policy_enforcement import is_enforced
from sandbox.services.servers import Servers
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


@pytest.mark.parametrize("value", [True, False])
def test_the_kubelet_reports_whether_it_applies_policies(tmp_path: Path, value: bool) -> None:
    assert _servers(tmp_path, {"proxy": 1, "policy": value}).enforces_policies() is value


@pytest.mark.parametrize("ports", [{"proxy": 1}, {"proxy": 1, "policy": 1}, {"proxy": 1, "policy": "on"}])
def test_a_kubelet_of_another_version_is_an_error(tmp_path: Path, ports: dict[str, object]) -> None:
    with pytest.raises(SandboxError, match="it does not report whether it applies network policies"):
        _servers(tmp_path, ports).enforces_policies()


def _servers(folder: Path, ports: dict[str, object]) -> Servers:
    directory = SandboxDirectory(folder / "home").create()
    (directory.path / "run").mkdir(exist_ok=True)
    (directory.path / "run" / "kubelet.port").write_text(json.dumps(ports))
    return Servers(directory, print)


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

"""The comparison of a stack with what exists: what it prints of the engine's preview, and its exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.drift import DRIFT, changes, main
from tests.support.paths import PROJECT

RECORD = (
    "urn:pulumi:dev::culvert::culvert:index:Exposure$cloudflare:index/dnsRecord:DnsRecord::culvert-dev-a.example.com"
)
WORKLOAD = "urn:pulumi:dev::culvert::culvert:index:Exposure$kubernetes:apps/v1:Deployment::culvert-dev-cloudflared"
CHANGED_RECORD = {
    "op": "update",
    "urn": RECORD,
    "oldState": {"inputs": {"comment": "by hand", "name": "a.example.com"}, "outputs": {"comment": "by hand"}},
    "newState": {"inputs": {"comment": "culvert/dev", "name": "a.example.com"}},
    "diffReasons": ["comment", "commentModifiedOn", "modifiedOn"],
    "detailedDiff": None,
}
"""As the plugin of Cloudflare's provider reports it: with times that no program sets."""
LABELS = {"app.kubernetes.io/name": "cloudflared"}
SCALED = {
    "op": "update",
    "urn": WORKLOAD,
    "oldState": {
        "inputs": {"spec": {"replicas": 2}, "metadata": {"labels": LABELS}},
        "outputs": {"spec": {"replicas": 5}, "metadata": {"labels": {}}, "status": {"readyReplicas": 5}},
    },
    "newState": {"inputs": {"spec": {"replicas": 2}, "metadata": {"labels": LABELS}}},
    "detailedDiff": {
        "spec.replicas": {"kind": "update", "inputDiff": False},
        'metadata.labels["app.kubernetes.io/name"]': {"kind": "add", "inputDiff": False},
    },
}
"""As the plugin of the Kubernetes provider reports it: what exists is among the outputs."""
REFRESHED = {
    "op": "refresh",
    "urn": WORKLOAD,
    "oldState": {"outputs": {"status": {"readyReplicas": 2}}},
    "newState": {"outputs": {"status": {"readyReplicas": 3}}},
    "detailedDiff": None,
}
CONFLICT = {"urn": WORKLOAD, "severity": "error", "message": "error: server-side apply field conflict detected\n"}
WARNED = {
    "urn": "urn:pulumi:dev::culvert::pulumi:pulumi:Stack::culvert-dev",
    "severity": "warning",
    "message": "warning: The account has no tunnel\n",
}
FAILED = {"message": "error: preview failed\n", "severity": "error"}


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        (
            CHANGED_RECORD,
            ["DnsRecord culvert-dev-a.example.com: update", '    comment: "by hand" → "culvert/dev"'],
        ),
        (
            SCALED,
            [
                "Deployment culvert-dev-cloudflared: update",
                "    spec.replicas: 5 → 2",
                '    metadata.labels["app.kubernetes.io/name"]: - → "cloudflared"',
            ],
        ),
        (REFRESHED, []),
        ({"op": "create", "urn": RECORD, "newState": {}}, ["DnsRecord culvert-dev-a.example.com: create"]),
        ({"op": "same", "urn": RECORD}, []),
    ],
)
def test_only_what_an_update_sets_back_is_printed(step: dict[str, Any], lines: list[str]) -> None:
    assert list(changes(step)) == lines


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: Any, status: int) -> tuple[int, dict[str, Any]]:
    """The exit status for an engine with this output and status, and the engine's call."""
    program = tmp_path / "pulumi"
    program.write_text(f"#!{sys.executable}\n{(PROJECT / 'tests/support/fake_pulumi.py').read_text()}")
    program.chmod(0o755)
    (tmp_path / "output").write_text(output if isinstance(output, str) else json.dumps(output))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for name, value in {"": "calls", "_OUTPUT": "output"}.items():
        monkeypatch.setenv(f"FAKE_PULUMI{name}", str(tmp_path / value))
    monkeypatch.setenv("FAKE_PULUMI_EXIT", str(status))
    return main("dev"), json.loads((tmp_path / "calls").read_text())


@pytest.mark.parametrize(
    ("steps", "diagnostics", "engine", "status", "words"),
    [
        ([REFRESHED], [], 0, 0, ["dev is as its stack file says"]),
        ([REFRESHED], [WARNED], 0, 0, ["warning: The account has no tunnel", "dev is as its stack file says"]),
        ([REFRESHED, CHANGED_RECORD], [], DRIFT, DRIFT, ['"by hand"', "pulumi up --refresh --stack dev"]),
        # A conflict that the provider reports all the same: what conflicts differs.
        ([SCALED], [CONFLICT, FAILED], 1, DRIFT, ["field conflict detected", "PULUMI_K8S_ENABLE_PATCH_FORCE=true"]),
        ([], [{**CONFLICT, "message": "error: 403 Forbidden"}, FAILED], 1, 1, ["403 Forbidden", "preview failed"]),
        ([], [FAILED], 255, 255, ["preview failed"]),
    ],
)
def test_the_exit_status_tells_drift_from_failure(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    steps: list[Any],
    diagnostics: list[Any],
    engine: int,
    status: int,
    words: list[str],
) -> None:
    preview = {"steps": steps, "diagnostics": diagnostics}
    found, call = run(tmp_path, monkeypatch, preview, engine)
    assert found == status
    printed = capsys.readouterr().out
    assert all(word in printed for word in words)
    assert "status" not in printed
    assert call["arguments"] == ["preview", "--refresh", "--expect-no-changes", "--json", "--stack", "dev"]
    # Without it, a field that another manager changed ends the preview before the other resources are compared.
    assert call["PULUMI_K8S_ENABLE_PATCH_FORCE"] == "true"


def test_an_engine_that_fails_before_it_compares_is_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(tmp_path, monkeypatch, "error: no credentials\n", 255)[0] == 255
    assert capfdbinary.readouterr().out == b"error: no credentials\n"


def test_without_an_engine_the_reason_is_printed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.drift", "dev"]
    done = subprocess.run(command, cwd=PROJECT, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 127
    assert done.stderr.startswith("the engine cannot be run:")
    assert "Traceback" not in done.stderr

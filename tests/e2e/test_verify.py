"""`python -m ops verify` against the sandbox: all checks pass, and each manual change fails its own check."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from clients.errors import KubernetesApiError
from clients.kubernetes import KubernetesApi
from ops.expected_stack import ExpectedStack
from ops.verify import debug_container, probe_targets
from ops.verify.result import CheckResult, Status, exit_status
from settings import Settings
from tests.e2e.conftest import ACCOUNT, ZONE
from tests.support.deployed_stack import APPS, PODS, POLICIES, SERVICES, STACK, DeployedStack

pytestmark = [pytest.mark.xdist_group("verify"), pytest.mark.usefixtures("environment_of_deployed")]


def _failing(results: list[CheckResult]) -> set[tuple[str, str]]:
    return {(result.layer, result.check) for result in results if result.status in (Status.FAILED, Status.UNKNOWN)}


def test_a_deployed_stack_passes(deployed: DeployedStack) -> None:
    results = deployed.verify()
    assert _failing(results) == set()
    assert exit_status(results) == 0
    passed = {(result.layer, result.check) for result in results if result.status is Status.PASSED}
    api = {"tunnel", "rules", "connections", "version", "records", "orphaned-records"}
    cluster = {"workload", "pods", "secret", "token", "policy", "policy-rules", "services", "reachable"}
    assert passed == {*(("api", check) for check in api), *(("cluster", check) for check in cluster)}


def test_preflight_passes_in_a_sandbox_without_touching_it(deployed: DeployedStack) -> None:
    before = deployed.record()
    done = deployed.box.module("ops", "preflight", "--config", str(deployed.file), "--json", env=deployed.env)
    assert done.returncode == 0, done.stdout + done.stderr
    checks = {check["check"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["network-plugin"]["observed"] == "the nodes are simulated: such a cluster has no network plugin"
    assert {check["status"] for check in checks.values()} == {"passed", "skipped"}
    # The sandbox's own administrator, whom a real API server names.
    assert re.search(r"Kubernetes v1\.\d+\.\d+, as \S+ \(.*system:masters", checks["cluster"]["observed"])
    assert deployed.record() == before


def test_checks_of_simulated_pods_are_skipped_instead_of_passed(deployed: DeployedStack) -> None:
    skipped = {result.check: result.observed for result in deployed.verify() if result.status is Status.SKIPPED}
    assert "simulated" in skipped["pod"]
    assert "simulated" in skipped["connected"]
    assert "emulator" in skipped["answer"]


def _command(deployed: DeployedStack, *arguments: str) -> subprocess.CompletedProcess[str]:
    return deployed.box.module("ops", "verify", "--config", str(deployed.file), *arguments, env=deployed.env)


def test_the_command_line_reports_failures_and_never_a_token(deployed: DeployedStack) -> None:
    passing = _command(deployed)
    assert passing.returncode == 0, passing.stdout + passing.stderr
    token = deployed.api("GET", f"/accounts/{ACCOUNT}/cfd_tunnel/{deployed.outputs['tunnelId']}/token")
    with _token_in_an_annotation(deployed):
        failing = _command(deployed, "--json")
    assert failing.returncode == 1
    report = json.loads(failing.stdout)
    assert [(check["layer"], check["check"]) for check in report["checks"] if check["status"] == "failed"] == [
        ("cluster", "token")
    ]
    for secret in (token, deployed.env["CLOUDFLARE_API_TOKEN"]):
        assert secret not in passing.stdout + passing.stderr + failing.stdout + failing.stderr


def test_print_only_prints_the_commands_and_calls_no_api(deployed: DeployedStack) -> None:
    before = len(deployed.box.state()["calls"])
    completed = _command(deployed, "--print-only")
    assert completed.returncode == 0
    assert f"kubectl debug -n {STACK}" in completed.stdout
    assert "169.254.169.254 80" in completed.stdout
    assert f"blog.{STACK}.svc.cluster.local 80" in completed.stdout
    assert len(deployed.box.state()["calls"]) == before


@contextmanager
def _orphaned_record(deployed: DeployedStack) -> Iterator[None]:
    body = {
        "name": "left-behind.example.com",
        "type": "CNAME",
        "content": deployed.outputs["tunnelTarget"],
        "ttl": 1,
        "proxied": True,
    }
    record = deployed.api("POST", f"/zones/{ZONE}/dns_records", body)
    yield
    deployed.api("DELETE", f"/zones/{ZONE}/dns_records/{record['id']}")


def _connected(*connections: int) -> Callable[[DeployedStack], Any]:
    @contextmanager
    def connect(deployed: DeployedStack) -> Iterator[None]:
        deployed.connect(*connections)
        yield
        deployed.connect(4, 4)

    return connect


def _patched(path: str, change: dict[str, Any], restored: dict[str, Any]) -> Callable[[DeployedStack], Any]:
    @contextmanager
    def patch(_deployed: DeployedStack) -> Iterator[None]:
        cluster = KubernetesApi()
        target = path if path == APPS else f"{path}/{cluster.items(path)[0]['metadata']['name']}"
        cluster.patch(target, change)
        try:
            yield
        finally:
            cluster.patch(target, restored)

    return patch


@contextmanager
def _token_in_an_annotation(deployed: DeployedStack) -> Iterator[None]:
    token = deployed.api("GET", f"/accounts/{ACCOUNT}/cfd_tunnel/{deployed.outputs['tunnelId']}/token")
    annotated = [{"metadata": {"annotations": {"note": value}}} for value in (f"--token {token}", None)]
    with _patched(PODS, *annotated)(deployed):
        yield


def _pod_status(ready: str) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": "Ready", "status": ready}]}}


@contextmanager
def _pod_unready(_deployed: DeployedStack) -> Iterator[None]:
    cluster = KubernetesApi()
    path = f"{PODS}/{cluster.items(PODS)[0]['metadata']['name']}/status"
    cluster.patch(path, _pod_status("False"))
    yield
    cluster.patch(path, _pod_status("True"))


SELECTOR = "app.kubernetes.io/instance"


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        pytest.param(_orphaned_record, ("api", "orphaned-records"), id="another record for the tunnel"),
        pytest.param(_connected(), ("api", "connections"), id="no connector"),
        pytest.param(_connected(4, 3), ("api", "connections"), id="a missing connection"),
        pytest.param(
            _patched(APPS, {"spec": {"replicas": 0}}, {"spec": {"replicas": 2}}),
            ("cluster", "workload"),
            id="scaled to zero",
        ),
        pytest.param(_pod_unready, ("cluster", "pods"), id="a pod not ready"),
        pytest.param(_token_in_an_annotation, ("cluster", "token"), id="token in an annotation"),
        pytest.param(
            _patched(
                POLICIES,
                {"spec": {"podSelector": {"matchLabels": {SELECTOR: "culvert-shure"}}}},
                {"spec": {"podSelector": {"matchLabels": {SELECTOR: f"culvert-{STACK}"}}}},
            ),
            ("cluster", "policy"),
            id="policy selects nothing",
        ),
        pytest.param(
            _patched(
                POLICIES,
                {"metadata": {"labels": {SELECTOR: "culvert-shure"}}},
                {"metadata": {"labels": {SELECTOR: f"culvert-{STACK}"}}},
            ),
            ("cluster", "policy"),
            id="policy of another stack",
        ),
    ],
)
def test_a_manual_change_fails_its_own_check_alone(
    deployed: DeployedStack, change: Callable[[DeployedStack], Any], failing: tuple[str, str]
) -> None:
    with change(deployed):
        results = deployed.verify()
    assert _failing(results) == {failing}
    assert exit_status(results) == 1
    for result in results:
        if result.status is Status.FAILED:
            assert result.impact
            assert result.cause
            assert result.remedy


def test_with_a_rejected_api_token_the_api_checks_are_unknown(
    deployed: DeployedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x" * 40)
    results = deployed.verify()
    assert {layer for layer, _ in _failing(results)} == {"api"}
    assert exit_status(results) == 2


def test_the_debug_container_is_admitted_under_restricted_pod_security() -> None:
    cluster = KubernetesApi()
    path = f"{PODS}/{cluster.items(PODS)[0]['metadata']['name']}/ephemeralcontainers"
    kind = {"Content-Type": "application/strategic-merge-patch+json"}
    container = debug_container.container(debug_container.IMAGE, [probe_targets.metadata()])
    cluster.text("PATCH", path, {"dryRun": "All"}, {"spec": {"ephemeralContainers": [container]}}, kind)
    unrestricted = {key: value for key, value in container.items() if key != "securityContext"}
    with pytest.raises(KubernetesApiError, match="PodSecurity"):
        cluster.text("PATCH", path, {"dryRun": "All"}, {"spec": {"ephemeralContainers": [unrestricted]}}, kind)


def test_blocked_targets_are_found_in_the_cluster(deployed: DeployedStack) -> None:
    expected = ExpectedStack(STACK, f"culvert-{STACK}", Settings.from_stack_file(deployed.file))
    targets = {
        target.description: target for target in probe_targets.from_cluster(KubernetesApi(), expected, "sandbox-a")
    }
    assert targets["Kubernetes API"].port == 443
    assert targets["LAN (another node's kubelet)"].host == "172.31.0.2"
    assert not any(target.allowed for target in targets.values())


def test_a_changed_service_fails_its_check(deployed: DeployedStack) -> None:
    cluster = KubernetesApi()
    path = f"{SERVICES}/blog"
    cluster.patch(path, {"spec": {"ports": [{"port": 80, "targetPort": 9090}]}})
    try:
        results = deployed.verify()
    finally:
        cluster.patch(path, {"spec": {"ports": [{"port": 80, "targetPort": 8080}]}})
    assert _failing(results) == {("cluster", "services")}
    (failed,) = [result for result in results if result.status is Status.FAILED]
    assert "on port 9090, and the network policy has no such rule" in failed.observed

"""`python -m ops verify` against the sandbox: all checks pass, and each manual change fails its own check."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from clients.errors import KubernetesApiError
from clients.kubernetes import KubernetesApi
from ops.expected_stack import ExpectedStack
from ops.verify import debug_container, probe_targets
from ops.verify.result import CheckResult, Status, exit_status
from ops.verify.runner import Runner
from settings import Settings
from tests.e2e.conftest import ACCOUNT, PROJECT, ZONE, Sandbox, settings
from tests.support import kubernetes_services as kinds

pytestmark = pytest.mark.xdist_group("verify")

STACK = "sure"
APPS = f"/apis/apps/v1/namespaces/{STACK}/deployments/culvert-{STACK}-cloudflared"
POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{STACK}/networkpolicies"
SERVICES = f"/api/v1/namespaces/{STACK}/services"
PODS = f"/api/v1/namespaces/{STACK}/pods"


@dataclass
class DeployedStack:
    """A stack deployed in a sandbox without cloudflared; the tests declare its connectors to the API."""

    box: Sandbox
    env: dict[str, str]
    file: Path
    outputs: dict[str, Any]
    page: str

    def verify(self) -> list[CheckResult]:
        expected = ExpectedStack(STACK, f"culvert-{STACK}", Settings.from_stack_file(self.file), self.outputs)
        return Runner(expected).run()

    def api(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self.env['CLOUDFLARE_API_TOKEN']}"}
        reply = httpx.request(method, self.env["CLOUDFLARE_BASE_URL"] + path, json=body, headers=headers)
        return reply.raise_for_status().json()["result"]

    def connect(self, *connections: int) -> None:
        admin = {"Authorization": f"Bearer {(self.box.home / 'admin').read_text().strip()}"}
        body = {"tunnel": self.outputs["tunnelId"], "connectors": list(connections)}
        httpx.put(f"{self.page}sandbox/connections", json=body, headers=admin).raise_for_status()

    def record(self) -> dict[str, Any]:
        return next(
            record
            for record in self.api("GET", f"/zones/{ZONE}/dns_records")
            if record["name"] == f"{STACK}.example.com"
        )


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    box = Sandbox(tmp_path_factory.mktemp("verify") / "home")
    box.env["CULVERT_CLOUDFLARED"] = str(box.home / "none")
    try:
        box.up(STACK, settings(STACK))
        # The Service is in the namespace that the stack creates: the next update reads it.
        file = box.home.parent / f"Pulumi.{STACK}.yaml"
        created = KubernetesApi(box.run("env", "--config", str(file))["KUBECONFIG"])
        created.text("POST", SERVICES, {}, kinds.service("blog", STACK), {"Content-Type": "application/json"})
        outputs = box.up(STACK, settings(STACK))["outputs"]
        # No connector runs that could answer a visitor.
        printed = box.run("env", "--config", str(file))
        env = {key: value for key, value in printed.items() if not key.startswith("CULVERT_VERIFY_")}
        deployed = DeployedStack(box, env, file, outputs, box.run("status")["dashboard"])
        deployed.connect(4, 4)
        yield deployed
    finally:
        box.raw("down", "--delete")


@pytest.fixture(autouse=True)
def _ambient(deployed: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_TOKEN", "KUBECONFIG"):
        monkeypatch.setenv(name, deployed.env[name])
    monkeypatch.delenv("CULVERT_VERIFY_FRONT", raising=False)
    _wait_for_pods()


def _wait_for_pods() -> None:
    """Waits until the pods have recovered from the previous test."""
    cluster, deadline = KubernetesApi(), time.monotonic() + 60
    while True:
        deployment, pods = cluster.get(APPS), cluster.items(PODS)
        observed = deployment["status"].get("observedGeneration") == deployment["metadata"]["generation"]
        if observed and deployment["status"].get("readyReplicas") == len(pods) == 2:
            return
        assert time.monotonic() < deadline, "the pods have not recovered after a minute"
        time.sleep(0.1)


def _failing(results: list[CheckResult]) -> set[tuple[str, str]]:
    return {(result.layer, result.check) for result in results if result.status in (Status.FAILED, Status.UNKNOWN)}


def test_a_deployed_stack_passes(deployed: DeployedStack) -> None:
    results = deployed.verify()
    assert _failing(results) == set()
    assert exit_status(results) == 0
    passed = {(result.layer, result.check) for result in results if result.status is Status.PASSED}
    api = {"tunnel", "rules", "connections", "version", "records", "orphaned-records"}
    cluster = {"workload", "pods", "token", "policy", "policy-rules", "services"}
    assert passed == {*(("api", check) for check in api), *(("cluster", check) for check in cluster)}


def test_preflight_passes_in_a_sandbox_without_touching_it(deployed: DeployedStack) -> None:
    before = deployed.record()
    command = [sys.executable, "-m", "ops", "preflight", "--config", str(deployed.file), "--json"]
    environ = {**deployed.box.env, **deployed.env}
    done = subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True)
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
    command = [sys.executable, "-m", "ops", "verify", "--config", str(deployed.file), *arguments]
    return subprocess.run(
        command, cwd=PROJECT, env={**deployed.box.env, **deployed.env}, capture_output=True, text=True
    )


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
def _record_deleted(deployed: DeployedStack) -> Iterator[None]:
    record = deployed.record()
    deployed.api("DELETE", f"/zones/{ZONE}/dns_records/{record['id']}")
    yield
    body = {key: record[key] for key in ("name", "type", "content", "proxied", "ttl", "comment")}
    deployed.api("POST", f"/zones/{ZONE}/dns_records", body)


def _record_changed(**change: Any) -> Callable[[DeployedStack], Any]:
    @contextmanager
    def change_record(deployed: DeployedStack) -> Iterator[None]:
        record = deployed.record()
        path = f"/zones/{ZONE}/dns_records/{record['id']}"
        deployed.api("PATCH", path, change)
        yield
        deployed.api("PATCH", path, {key: record[key] for key in change})

    return change_record


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


@contextmanager
def _rules_changed(deployed: DeployedStack) -> Iterator[None]:
    path = f"/accounts/{ACCOUNT}/cfd_tunnel/{deployed.outputs['tunnelId']}/configurations"
    config = deployed.api("GET", path)["config"]
    ingress = [{"hostname": f"{STACK}.example.com", "service": "http://router.lan"}, {"service": "http_status:404"}]
    deployed.api("PUT", path, {"config": {"ingress": ingress}})
    yield
    deployed.api("PUT", path, {"config": config})


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


@contextmanager
def _pod_without_labels(_deployed: DeployedStack) -> Iterator[None]:
    """The Deployment replaces the pod, which keeps running with the token and without a policy."""
    cluster = KubernetesApi()
    path = f"{PODS}/{cluster.items(PODS)[0]['metadata']['name']}"
    cluster.patch(path, {"metadata": {"labels": {SELECTOR: "other"}}})
    while len(cluster.items(PODS)) < 3 or cluster.get(APPS)["status"].get("readyReplicas") != 2:
        time.sleep(0.1)
    yield
    cluster.text("DELETE", path, {})


SELECTOR = "app.kubernetes.io/instance"
SSH = {"ports": [{"protocol": "TCP", "port": 22}]}


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        pytest.param(_record_deleted, ("api", "records"), id="record deleted"),
        pytest.param(
            _record_changed(content="0123.cfargotunnel.com"), ("api", "records"), id="record with another target"
        ),
        pytest.param(_record_changed(proxied=False), ("api", "records"), id="record not proxied"),
        pytest.param(_orphaned_record, ("api", "orphaned-records"), id="another record for the tunnel"),
        pytest.param(_rules_changed, ("api", "rules"), id="rules changed"),
        pytest.param(_connected(), ("api", "connections"), id="no connector"),
        pytest.param(_connected(4, 3), ("api", "connections"), id="a missing connection"),
        pytest.param(_connected(4, 4, 4), ("api", "connections"), id="a foreign connector"),
        pytest.param(
            _patched(APPS, {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}), ("cluster", "workload"), id="scaled"
        ),
        pytest.param(
            _patched(APPS, {"spec": {"replicas": 0}}, {"spec": {"replicas": 2}}),
            ("cluster", "workload"),
            id="scaled to zero",
        ),
        pytest.param(_pod_unready, ("cluster", "pods"), id="a pod not ready"),
        pytest.param(_pod_without_labels, ("cluster", "policy"), id="a pod that lost its labels"),
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


def test_a_manual_change_of_the_egress_rules_fails_the_check_of_the_policys_rules(deployed: DeployedStack) -> None:
    cluster = KubernetesApi()
    name = cluster.items(POLICIES)[0]["metadata"]["name"]
    egress = cluster.items(POLICIES)[0]["spec"]["egress"]
    cluster.patch(f"{POLICIES}/{name}", {"spec": {"egress": [*egress, SSH]}})
    results = deployed.verify()
    cluster.patch(f"{POLICIES}/{name}", {"spec": {"egress": egress}})
    assert _failing(results) == {("cluster", "policy-rules")}
    assert _failing(deployed.verify()) == set()


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

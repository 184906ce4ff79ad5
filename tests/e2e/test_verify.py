"""`python -m ops verify` against the sandbox: all checks pass, and each manual change fails its own check."""

import json
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

pytestmark = pytest.mark.xdist_group("verify")

STACK = "sure"
APPS = f"/apis/apps/v1/namespaces/{STACK}/deployments/culvert-{STACK}-cloudflared"
POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{STACK}/networkpolicies"
PODS = f"/api/v1/namespaces/{STACK}/pods"


@dataclass
class World:
    """A stack that is up in a sandbox without connectors, which are declared to the API in their place."""

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
            each for each in self.api("GET", f"/zones/{ZONE}/dns_records") if each["name"] == f"{STACK}.example.com"
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    box = Sandbox(tmp_path_factory.mktemp("verify") / "home")
    box.env["CULVERT_CLOUDFLARED"] = str(box.home / "none")
    try:
        outputs = box.up(STACK, settings(STACK))["outputs"]
        file = box.home.parent / f"Pulumi.{STACK}.yaml"
        # Nothing runs here that would answer a visitor.
        told = box.run("env", "--config", str(file))
        env = {key: value for key, value in told.items() if not key.startswith("CULVERT_VERIFY_")}
        world = World(box, env, file, outputs, box.run("status")["dashboard"])
        world.connect(4, 4)
        yield world
    finally:
        box.raw("down", "--delete")


@pytest.fixture(autouse=True)
def _ambient(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_TOKEN", "KUBECONFIG"):
        monkeypatch.setenv(name, world.env[name])
    monkeypatch.delenv("CULVERT_VERIFY_FRONT", raising=False)
    _settled()


def _settled() -> None:
    """Waits until the pods are as before, whatever the test before this one did to them."""
    cluster, deadline = KubernetesApi(), time.monotonic() + 60
    while True:
        deployment, pods = cluster.get(APPS), cluster.items(PODS)
        seen = deployment["status"].get("observedGeneration") == deployment["metadata"]["generation"]
        if seen and deployment["status"].get("readyReplicas") == len(pods) == 2:
            return
        assert time.monotonic() < deadline, "the pods did not come back"
        time.sleep(0.1)


def _failing(results: list[CheckResult]) -> set[tuple[str, str]]:
    return {(each.layer, each.check) for each in results if each.status in (Status.FAILED, Status.UNKNOWN)}


def test_a_deployed_stack_passes(world: World) -> None:
    results = world.verify()
    assert _failing(results) == set()
    assert exit_status(results) == 0
    passed = {(each.layer, each.check) for each in results if each.status is Status.PASSED}
    api = {"tunnel", "rules", "connections", "version", "records", "orphaned-records"}
    cluster = {"workload", "pods", "token", "policy", "policy-rules"}
    assert passed == {*(("api", each) for each in api), *(("cluster", each) for each in cluster)}


def test_checks_of_simulated_pods_are_skipped_and_not_passed(world: World) -> None:
    skipped = {each.check: each.observed for each in world.verify() if each.status is Status.SKIPPED}
    assert "simulated" in skipped["pod"]
    assert "simulated" in skipped["connected"]
    assert "emulator" in skipped["answer"]


def _command(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ops", "verify", "--config", str(world.file), *arguments]
    return subprocess.run(command, cwd=PROJECT, env={**world.box.env, **world.env}, capture_output=True, text=True)


def test_the_command_line_reports_failures_and_never_a_token(world: World) -> None:
    good = _command(world)
    assert good.returncode == 0, good.stdout + good.stderr
    token = world.api("GET", f"/accounts/{ACCOUNT}/cfd_tunnel/{world.outputs['tunnelId']}/token")
    with _token_in_an_annotation(world):
        broken = _command(world, "--json")
    assert broken.returncode == 1
    report = json.loads(broken.stdout)
    assert [(each["layer"], each["check"]) for each in report["checks"] if each["status"] == "failed"] == [
        ("cluster", "token")
    ]
    for secret in (token, world.env["CLOUDFLARE_API_TOKEN"]):
        assert secret not in good.stdout + good.stderr + broken.stdout + broken.stderr


def test_print_only_prints_the_commands_and_calls_no_api(world: World) -> None:
    before = len(world.box.state()["calls"])
    done = _command(world, "--print-only")
    assert done.returncode == 0
    assert f"kubectl debug -n {STACK}" in done.stdout
    assert "169.254.169.254 80" in done.stdout
    assert f"blog.{STACK}.svc.cluster.local 80" in done.stdout
    assert len(world.box.state()["calls"]) == before


@contextmanager
def _record_deleted(world: World) -> Iterator[None]:
    record = world.record()
    world.api("DELETE", f"/zones/{ZONE}/dns_records/{record['id']}")
    yield
    kept = {key: record[key] for key in ("name", "type", "content", "proxied", "ttl", "comment")}
    world.api("POST", f"/zones/{ZONE}/dns_records", kept)


def _record_changed(**change: Any) -> Callable[[World], Any]:
    @contextmanager
    def change_it(world: World) -> Iterator[None]:
        record = world.record()
        path = f"/zones/{ZONE}/dns_records/{record['id']}"
        world.api("PATCH", path, change)
        yield
        world.api("PATCH", path, {key: record[key] for key in change})

    return change_it


@contextmanager
def _stray_record(world: World) -> Iterator[None]:
    body = {
        "name": "left-behind.example.com",
        "type": "CNAME",
        "content": world.outputs["tunnelTarget"],
        "ttl": 1,
        "proxied": True,
    }
    made = world.api("POST", f"/zones/{ZONE}/dns_records", body)
    yield
    world.api("DELETE", f"/zones/{ZONE}/dns_records/{made['id']}")


@contextmanager
def _rules_put(world: World) -> Iterator[None]:
    path = f"/accounts/{ACCOUNT}/cfd_tunnel/{world.outputs['tunnelId']}/configurations"
    config = world.api("GET", path)["config"]
    ingress = [{"hostname": f"{STACK}.example.com", "service": "http://router.lan"}, {"service": "http_status:404"}]
    world.api("PUT", path, {"config": {"ingress": ingress}})
    yield
    world.api("PUT", path, {"config": config})


def _connected(*connections: int) -> Callable[[World], Any]:
    @contextmanager
    def connect(world: World) -> Iterator[None]:
        world.connect(*connections)
        yield
        world.connect(4, 4)

    return connect


def _patched(path: str, broken: dict[str, Any], mended: dict[str, Any]) -> Callable[[World], Any]:
    @contextmanager
    def patch(_world: World) -> Iterator[None]:
        cluster = KubernetesApi()
        found = path if path == APPS else f"{path}/{cluster.items(path)[0]['metadata']['name']}"
        cluster.patch(found, broken)
        try:
            yield
        finally:
            cluster.patch(found, mended)

    return patch


@contextmanager
def _token_in_an_annotation(world: World) -> Iterator[None]:
    token = world.api("GET", f"/accounts/{ACCOUNT}/cfd_tunnel/{world.outputs['tunnelId']}/token")
    annotated = [{"metadata": {"annotations": {"note": value}}} for value in (f"--token {token}", None)]
    with _patched(PODS, *annotated)(world):
        yield


def _pod_status(ready: str) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": "Ready", "status": ready}]}}


@contextmanager
def _pod_unready(_world: World) -> Iterator[None]:
    cluster = KubernetesApi()
    path = f"{PODS}/{cluster.items(PODS)[0]['metadata']['name']}/status"
    cluster.patch(path, _pod_status("False"))
    yield
    cluster.patch(path, _pod_status("True"))


@contextmanager
def _pod_without_labels(_world: World) -> Iterator[None]:
    """The Deployment replaces it, and the pod without labels keeps running, with the token and without a policy."""
    cluster = KubernetesApi()
    path = f"{PODS}/{cluster.items(PODS)[0]['metadata']['name']}"
    cluster.patch(path, {"metadata": {"labels": {SELECTOR: "other"}}})
    while len(cluster.items(PODS)) < 3 or cluster.get(APPS)["status"].get("readyReplicas") != 2:
        time.sleep(0.1)
    yield
    cluster.text("DELETE", path, {})


SELECTOR = "app.kubernetes.io/instance"
OPEN = {"ports": [{"protocol": "TCP", "port": 22}]}


@pytest.mark.parametrize(
    ("change", "failing"),
    [
        pytest.param(_record_deleted, ("api", "records"), id="record deleted"),
        pytest.param(_record_changed(content="0123.cfargotunnel.com"), ("api", "records"), id="record elsewhere"),
        pytest.param(_record_changed(proxied=False), ("api", "records"), id="record not proxied"),
        pytest.param(_stray_record, ("api", "orphaned-records"), id="another record at the tunnel"),
        pytest.param(_rules_put, ("api", "rules"), id="rules changed"),
        pytest.param(_connected(), ("api", "connections"), id="no connector"),
        pytest.param(_connected(4, 3), ("api", "connections"), id="a connection short"),
        pytest.param(_connected(4, 4, 4), ("api", "connections"), id="a foreign connector"),
        pytest.param(
            _patched(APPS, {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}), ("cluster", "workload"), id="scaled"
        ),
        pytest.param(
            _patched(APPS, {"spec": {"replicas": 0}}, {"spec": {"replicas": 2}}),
            ("cluster", "workload"),
            id="scaled to none",
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
def test_one_thing_broken_turns_one_check_failing(
    world: World, change: Callable[[World], Any], failing: tuple[str, str]
) -> None:
    with change(world):
        results = world.verify()
    assert _failing(results) == {failing}
    assert exit_status(results) == 1
    for each in results:
        if each.status is Status.FAILED:
            assert each.impact
            assert each.cause
            assert each.remedy


def test_a_manual_change_of_the_policy_fails(world: World) -> None:
    cluster = KubernetesApi()
    name = cluster.items(POLICIES)[0]["metadata"]["name"]
    egress = cluster.items(POLICIES)[0]["spec"]["egress"]
    cluster.patch(f"{POLICIES}/{name}", {"spec": {"egress": [*egress, OPEN]}})
    results = world.verify()
    cluster.patch(f"{POLICIES}/{name}", {"spec": {"egress": egress}})
    assert _failing(results) == {("cluster", "policy-rules")}
    assert _failing(world.verify()) == set()


def test_a_refused_api_token_is_not_a_pass(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x" * 40)
    results = world.verify()
    assert {layer for layer, _ in _failing(results)} == {"api"}
    assert exit_status(results) == 2


def test_the_debug_container_is_admitted_under_restricted_pod_security() -> None:
    cluster = KubernetesApi()
    path = f"{PODS}/{cluster.items(PODS)[0]['metadata']['name']}/ephemeralcontainers"
    kind = {"Content-Type": "application/strategic-merge-patch+json"}
    made = debug_container.container(debug_container.IMAGE, [probe_targets.metadata()])
    cluster.text("PATCH", path, {"dryRun": "All"}, {"spec": {"ephemeralContainers": [made]}}, kind)
    loose = {key: value for key, value in made.items() if key != "securityContext"}
    with pytest.raises(KubernetesApiError, match="PodSecurity"):
        cluster.text("PATCH", path, {"dryRun": "All"}, {"spec": {"ephemeralContainers": [loose]}}, kind)


def test_blocked_targets_are_found_in_the_cluster(world: World) -> None:
    expected = ExpectedStack(STACK, f"culvert-{STACK}", Settings.from_stack_file(world.file))
    found = {each.description: each for each in probe_targets.from_cluster(KubernetesApi(), expected, "sandbox-a")}
    assert found["Kubernetes API"].port == 443
    assert found["LAN (another node's kubelet)"].host == "172.31.0.2"
    assert not any(each.allowed for each in found.values())

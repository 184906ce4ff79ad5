"""Each fault is made, verify names it as the cause, and the remedy that it prints, pasted into a shell, mends it."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from clients.kubernetes import KubernetesApi
from ops.verify.causes import causes
from ops.verify.faults import FAULTS
from ops.verify.result import CheckResult, Status
from tests.e2e.conftest import ACCOUNT, ZONE
from tests.support.deployed_stack import APPS, HOSTS, PODS, POLICIES, STACK, DeployedStack

pytestmark = pytest.mark.xdist_group("verify")

INSTANCE = "app.kubernetes.io/instance"
SECRETS = f"/api/v1/namespaces/{STACK}/secrets"
SSH = {"ports": [{"protocol": "TCP", "port": 22}]}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def _ambient(deployed: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_TOKEN", "KUBECONFIG"):
        monkeypatch.setenv(name, deployed.env[name])
    deployed.wait_for_pods()


def _mend(deployed: DeployedStack, *expected: str, following: tuple[str, ...] = ()) -> list[str]:
    """Checks that these faults are the causes, and those that follow from them; runs their remedies.

    Returns the commands, each once. At the end every check passes.
    """
    found = deployed.verify()
    assert sorted({one.fault for one in causes(found)}) == sorted(expected), _described(found)
    assert sorted({one.fault for one in found if one.follows_from}) == sorted(following), _described(found)
    commands = list(dict.fromkeys(command for one in causes(found) for command in one.commands))
    for command in commands:
        # Nothing runs in the simulated pods; tests/integration/kubelet reads the logs of real connectors.
        if " logs " not in command:
            deployed.shell(command)
    deployed.update_outputs()
    # The connectors of a replaced tunnel or pod register anew.
    deployed.connect(4, 4)
    deployed.wait_for_pods()
    results = deployed.verify()
    assert {one.status for one in results} == {Status.PASSED, Status.SKIPPED}, _described(results)
    return commands


def _described(results: list[CheckResult]) -> list[str]:
    return [
        f"{one.check} {one.subject}: {one.fault or one.status} ({one.observed}; from {one.follows_from})"
        for one in results
        if one.status in (Status.FAILED, Status.UNKNOWN)
    ]


def _eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "the condition does not hold after a minute"
        time.sleep(0.1)


def _change(path: str, change: dict[str, Any], position: int = 0) -> str:
    """Patches an object of a list and returns its path."""
    target = f"{path}/{KubernetesApi().items(path)[position]['metadata']['name']}"
    KubernetesApi().patch(target, change)
    return target


def _crash(*pods: str) -> None:
    waiting = {"name": "cloudflared", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "ready": False}
    status = {"containerStatuses": [{**waiting, "restartCount": 3, "image": "", "imageID": ""}]}
    for pod in pods:
        ready = [{"type": kind, "status": "False"} for kind in ("Ready", "ContainersReady")]
        KubernetesApi().patch(f"{PODS}/{pod}/status", {"status": {**status, "conditions": ready}})


def _names(path: str) -> list[str]:
    return [one["metadata"]["name"] for one in KubernetesApi().items(path)]


def test_records_rules_and_a_deleted_deployment(deployed: DeployedStack) -> None:
    records = [deployed.record(host) for host in HOSTS]
    paths = [f"/zones/{ZONE}/dns_records/{record['id']}" for record in records]
    deployed.api("DELETE", paths[0])
    deployed.api("PATCH", paths[1], {"content": "0123.cfargotunnel.com"})
    deployed.api("PATCH", paths[2], {"proxied": False})
    rules = [{"hostname": HOSTS[0], "service": "http://router.lan"}, {"service": "http_status:404"}]
    tunnel = f"/accounts/{ACCOUNT}/cfd_tunnel/{deployed.outputs['tunnelId']}/configurations"
    deployed.api("PUT", tunnel, {"config": {"ingress": rules}})
    KubernetesApi().delete(APPS)
    _eventually(lambda: not _names(PODS))
    deployed.connect()
    commands = _mend(
        deployed,
        *("record missing", "record with another content", "record not proxied", "rules changed", "Deployment missing"),
        following=("no connector connected",),
    )
    assert commands == [f"pulumi up --refresh --stack {STACK}", "kubectl config current-context"]


def test_policies_and_a_deployment_that_were_changed(deployed: DeployedStack) -> None:
    cluster = KubernetesApi()
    _change(PODS, {"metadata": {"labels": {INSTANCE: "other"}}})
    _eventually(lambda: len(_names(PODS)) == 3)
    egress = cluster.items(POLICIES)[0]["spec"]["egress"]
    _change(POLICIES, {"spec": {"egress": [*egress, SSH]}})
    wide = {"metadata": {"name": "wide"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}}
    cluster.text("POST", POLICIES, {}, wide, JSON)
    cluster.patch(APPS, {"spec": {"replicas": 1}})
    _eventually(lambda: len(_names(PODS)) == 2)
    # The pod without its labels still has a connector.
    deployed.connect(4, 4, 4)
    commands = _mend(
        deployed,
        *("pod without its labels", "policy changed", "another policy for the pods", "Deployment changed"),
        following=("foreign connector",),
    )
    assert f"kubectl -n {STACK} delete networkpolicies.networking.k8s.io wide" in commands


def test_a_deleted_tunnel(deployed: DeployedStack) -> None:
    deployed.connect()
    deployed.api("DELETE", f"/accounts/{ACCOUNT}/cfd_tunnel/{deployed.outputs['tunnelId']}?cascade=true")
    _crash(*_names(PODS))
    before = deployed.outputs["tunnelId"]
    _mend(deployed, "tunnel missing", following=("connector exits again and again",))
    assert deployed.outputs["tunnelId"] != before
    assert deployed.record()["content"] == deployed.outputs["tunnelTarget"]


def test_a_changed_secret_and_a_policy_that_selects_nothing(deployed: DeployedStack) -> None:
    (secret,) = [name for name in _names(SECRETS) if "token" in name]
    deployed.shell(f"""kubectl -n {STACK} patch secret {secret} -p '{{"stringData": {{"token": "other"}}}}'""")
    _change(POLICIES, {"spec": {"podSelector": {"matchLabels": {INSTANCE: "culvert-shure"}}}})
    _crash(*_names(PODS))
    _mend(deployed, "token Secret changed", "policy missing", following=("connector exits again and again",))


def test_a_deleted_secret_a_foreign_connector_and_a_crash(deployed: DeployedStack) -> None:
    (secret,) = [name for name in _names(SECRETS) if "token" in name]
    KubernetesApi().delete(f"{SECRETS}/{secret}")
    deployed.connect(4, 4, 4)
    _crash(_names(PODS)[0])
    commands = _mend(deployed, "token Secret missing", "foreign connector", "connector exits again and again")
    assert f"pulumi config set --path culvert:token.epoch 1 --stack {STACK}" in commands


def test_the_report_prints_cause_commands_and_what_follows(deployed: DeployedStack) -> None:
    KubernetesApi().patch(APPS, {"spec": {"replicas": 0}})
    deployed.connect()
    _eventually(lambda: not _names(PODS))
    (cause,) = causes(deployed.verify())
    with pytest.raises(AssertionError) as failed:
        deployed.shell(f"python -m ops verify --stack {STACK}")
    deployed.connect(4, 4)
    KubernetesApi().patch(APPS, {"spec": {"replicas": 2}})
    assert cause.fault == "Deployment changed"
    lines = str(failed.value).splitlines()
    for command in cause.commands:
        assert f"    {command}" in lines
    assert f"  follows from it: connections: culvert-{STACK}" in lines
    assert FAULTS[cause.fault].cause in str(failed.value)


def test_a_stack_that_was_never_brought_up_is_not_a_broken_one(deployed: DeployedStack) -> None:
    new = deployed.project / "Pulumi.new.yaml"
    new.write_text(deployed.file.read_text().replace(f"culvert:namespace: {STACK}", "culvert:namespace: new"))
    with pytest.raises(AssertionError) as failed:
        deployed.shell("python -m ops verify --stack new")
    new.unlink()
    assert "the stack has not been brought up yet: pulumi up --stack new" in str(failed.value)
    assert "✗" not in str(failed.value)

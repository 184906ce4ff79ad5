"""Whether the network plugin enforces policies, by the DaemonSets and nodes of the cluster."""

from typing import Any

import pytest

from ops.preflight.checks.network_plugin import judge
from ops.verify.result import Status


def daemon_set(name: str, image: str = "example/agent", *args: str) -> dict[str, Any]:
    containers = [{"name": "agent", "image": image, "args": list(args)}]
    return {"metadata": {"name": name}, "spec": {"template": {"spec": {"containers": containers}}}}


def node(version: str = "v1.36.3", **annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": "n", "annotations": annotations}, "status": {"nodeInfo": {"kubeletVersion": version}}}


K3S = {"k3s.io/node-args": '["server"]'}
OFF = {"k3s.io/node-args": '["server","--disable-network-policy"]'}
PROXY = daemon_set("kube-proxy")


@pytest.mark.parametrize(
    ("nodes", "sets", "status", "observed"),
    [
        ([node()], [PROXY, daemon_set("cilium")], Status.PASSED, "enforced by Cilium"),
        ([node()], [daemon_set("kube-flannel-ds"), daemon_set("calico-node")], Status.PASSED, "enforced by Calico"),
        ([node()], [PROXY, daemon_set("kube-flannel-ds")], Status.FAILED, "flannel does not enforce them"),
        (
            [node()],
            [daemon_set("kube-flannel-ds", "registry.k8s.io/networking/kube-network-policies:v0.8.0")],
            Status.PASSED,
            "enforced by kube-network-policies",
        ),
        (None, [daemon_set("aws-node", "a", "--enable-network-policy=true")], Status.PASSED, "the Amazon VPC CNI"),
        (None, [daemon_set("aws-node", "a", "--enable-network-policy=false")], Status.FAILED, "the Amazon VPC CNI"),
        (None, [daemon_set("kindnet", "docker.io/kindest/kindnetd:v20250512-df8de77b")], Status.PASSED, "kindnet"),
        (None, [daemon_set("kindnet", "docker.io/kindest/kindnetd:v20240202-8f1494ea")], Status.FAILED, "kindnet"),
        ([node("v1.36.3+k3s1", **K3S)], [], Status.PASSED, "enforced by the policy controller of k3s"),
        ([node("v1.36.3+k3s1", **OFF)], [], Status.FAILED, "k3s with --disable-network-policy does not enforce them"),
        ([node()], [PROXY], Status.UNKNOWN, "no network plugin that is known"),
        ([node()], None, Status.UNKNOWN, "these credentials may not list DaemonSets"),
        ([node(**{"kwok.x-k8s.io/node": "fake"})], [PROXY], Status.SKIPPED, "the nodes are simulated"),
    ],
)
def test_the_verdict_follows_from_what_runs_on_the_nodes(
    nodes: list[dict[str, Any]] | None, sets: list[dict[str, Any]] | None, status: Status, observed: str
) -> None:
    result = judge(nodes, sets)
    assert result.status is status
    assert observed in result.observed
    # What the objects do not show, a packet does.
    assert ("python -m ops verify" in result.remedy) is (status in (Status.FAILED, Status.UNKNOWN))

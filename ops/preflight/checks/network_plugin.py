"""Check of the network plugin: whether it enforces network policies at all.

Kubernetes stores a policy whether or not anything reads it. What enforces policies is an agent on each node, nearly
always of a DaemonSet, so the plugins are recognised by their DaemonSets, and k3s, which has its own, by its nodes. A
plugin that is not known stays unknown: only a packet shows it, and `verify` sends some from a pod.
"""

import re
from collections.abc import Iterable

from clients.errors import CheckUnavailable
from clients.kubernetes import KubernetesApi, Object
from ops.verify.checks.connector import is_simulated
from ops.verify.result import Check, CheckResult

ENFORCED = Check("cluster", "network-plugin")
ENFORCING = {
    "anetd": "GKE Dataplane V2",
    "antrea-agent": "Antrea",
    "azure-npm": "Azure Network Policy Manager",
    "calico-node": "Calico",
    "canal": "Canal",
    "cilium": "Cilium",
    "kube-network-policies": "kube-network-policies",
    "kube-ovn-cni": "Kube-OVN",
    "kube-router": "kube-router",
    "ovnkube-node": "OVN-Kubernetes",
    "rke2-canal": "Canal",
    "weave-net": "Weave Net",
}
"""Plugins that enforce policies, by the name of their DaemonSet."""
FLANNEL = ("kube-flannel", "kube-flannel-ds")
KINDNET_SINCE = 20240813
"""Date in the tag of the first kindnetd that enforces policies, of kind 0.24
(https://github.com/kubernetes-sigs/kind/releases/tag/v0.24.0)."""
_REMEDY = "python -m ops verify probes it from a connector's pod after pulumi up (check `enforced`)"


def enforces(api: KubernetesApi) -> CheckResult:
    nodes, sets = _listed(api, "/api/v1/nodes"), _listed(api, "/apis/apps/v1/daemonsets")
    return judge(nodes, sets)


def judge(nodes: list[Object] | None, sets: list[Object] | None) -> CheckResult:
    """The verdict by the nodes and DaemonSets of the cluster, each None where it may not be listed."""
    if nodes and all(map(is_simulated, nodes)):
        return ENFORCED.skipped("network policies", "the nodes are simulated: such a cluster has no network plugin")
    if sets is not None:
        verdicts = [verdict for each in sets if (verdict := _plugin(each))]
        enforcing = [name for name, enforced in verdicts if enforced]
        if enforcing:
            return ENFORCED.passed("network policies", f"enforced by {' and '.join(dict.fromkeys(enforcing))}")
    else:
        verdicts = []
    if embedded := _embedded(nodes or []):
        name, enforced = embedded
        if enforced:
            return ENFORCED.passed("network policies", f"enforced by {name}")
        verdicts.append(embedded)
    if verdicts:
        names = " and ".join(dict.fromkeys(name for name, _ in verdicts))
        return ENFORCED.failed(
            "network policies",
            f"{names} does not enforce them",
            impact="none; but the connector's pods reach everything: the LAN, the cluster's API, other pods",
            cause="the network plugin only routes packets, or its enforcement is switched off",
            remedy=f"install a plugin that enforces NetworkPolicy, such as Calico or Cilium; {_REMEDY}",
        )
    why = "no network plugin that is known" if sets is not None else "these credentials may not list DaemonSets"
    return ENFORCED.unknown("network policies", f"whether they are enforced is not known: {why}", _REMEDY)


def _listed(api: KubernetesApi, path: str) -> list[Object] | None:
    try:
        return api.items(path)
    except CheckUnavailable:
        return None


def _plugin(daemon_set: Object) -> tuple[str, bool] | None:
    """The plugin whose agent a DaemonSet is, and whether it enforces policies; None for others."""
    name = daemon_set["metadata"]["name"]
    containers = _containers(daemon_set)
    if any("kube-network-policies" in str(each.get("image", "")) for each in containers):
        return "kube-network-policies", True
    if name in ENFORCING:
        return ENFORCING[name], True
    if name in FLANNEL:
        return "flannel", False
    if name == "aws-node":
        words = " ".join(str(word) for each in containers for word in each.get("args") or ())
        return "the Amazon VPC CNI", "--enable-network-policy=true" in words
    if name == "kindnet":
        tags = [re.search(r":v(\d{8})", str(each.get("image", ""))) for each in containers]
        return "kindnet", any(int(tag[1]) >= KINDNET_SINCE for tag in tags if tag)
    return None


def _embedded(nodes: Iterable[Object]) -> tuple[str, bool] | None:
    """The policy controller within k3s, unless its servers are started without it; None on other nodes."""
    of_k3s = [each for each in nodes if "+k3s" in str(_info(each).get("kubeletVersion", ""))]
    if not of_k3s:
        return None
    arguments = [(each["metadata"].get("annotations") or {}).get("k3s.io/node-args", "") for each in of_k3s]
    disabled = any("--disable-network-policy" in each for each in arguments)
    return "k3s with --disable-network-policy" if disabled else "the policy controller of k3s", not disabled


def _info(node: Object) -> Object:
    return (node.get("status") or {}).get("nodeInfo") or {}


def _containers(daemon_set: Object) -> list[Object]:
    return (((daemon_set.get("spec") or {}).get("template") or {}).get("spec") or {}).get("containers") or []

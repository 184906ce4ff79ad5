"""Flows as a NetworkPolicy of `networking.k8s.io/v1`, which every policy engine supports."""

from collections.abc import Iterable, Mapping
from typing import Any

from components.network_policy.flows import Addresses, Entity, Flow, Name, Peer, Port
from components.network_policy.rejected import rejected


def network_policy_spec(
    pod_labels: Mapping[str, str], egress: Iterable[Flow], ingress: Iterable[Flow]
) -> dict[str, Any]:
    """The `spec` of a NetworkPolicy for the pods with `pod_labels`, in the API's own spelling.

    It denies all traffic in both directions except the flows: without ingress flows, all ingress.
    https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
    """
    rules = {
        "egress": [_rule("to", flow) for flow in egress],
        "ingress": [_rule("from", flow) for flow in ingress],
    }
    return {
        "podSelector": {"matchLabels": dict(pod_labels)},
        "policyTypes": ["Ingress", "Egress"],
        # An empty list means the same as policyTypes, and the API server drops it.
        **{direction: flows for direction, flows in rules.items() if flows},
    }


def _rule(direction: str, flow: Flow) -> dict[str, Any]:
    rule: dict[str, Any] = {direction: [_peer(peer) for peer in flow.peers]}
    if flow.ports:
        rule["ports"] = [_port(port) for port in flow.ports]
    return rule


def _peer(peer: Peer) -> dict[str, Any]:
    if isinstance(peer, Name):
        problem = f"has the DNS name {peer.name}, which only the engine cilium supports"
        raise rejected(("destinations", problem))
    if isinstance(peer, Entity):
        problem = f"has the entity {peer.name}, which only the engine cilium supports"
        raise rejected(("destinations", problem))
    if isinstance(peer, Addresses):
        excepted = {"except": list(peer.excepted)} if peer.excepted else {}
        return {"ipBlock": {"cidr": peer.cidr, **excepted}}
    return {
        # The API server sets this label on every namespace.
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": peer.namespace}},
        "podSelector": {"matchLabels": dict(peer.labels)} if peer.labels else {},
    }


def _port(port: Port) -> dict[str, Any]:
    return {"protocol": port.protocol, "port": port.number}

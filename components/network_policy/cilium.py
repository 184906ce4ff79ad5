"""Flows as a CiliumNetworkPolicy."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from components.network_policy.flows import Addresses, Flow, Name, Pods


def cilium_policy_spec(
    pod_labels: Mapping[str, str], egress: Iterable[Flow], ingress: Iterable[Flow]
) -> dict[str, Any]:
    """The `spec` of a CiliumNetworkPolicy for the pods with `pod_labels`, in the API's own spelling.

    Tighter than Kubernetes' engine in two ways, which are Cilium's own: a range of addresses holds neither pods nor
    nodes, whatever their addresses, and where the internet is open, the cluster's own API server is not, though it may be
    on the internet.
    https://docs.cilium.io/en/stable/security/policy/language/
    """
    outwards, inwards = list(egress), list(ingress)
    named = any(isinstance(peer, Name) for flow in outwards for peer in flow.peers)
    closed = {"egressDeny": [{"toEntities": ["kube-apiserver"]}]} if any(map(_is_wide, outwards)) else {}
    return {
        "endpointSelector": {"matchLabels": _labels(pod_labels)},
        # A rule that names nobody opens nothing, but closes its direction, which no rule at all would leave open.
        "egress": [rule for flow in outwards for rule in _rules("to", flow, named)] or [{}],
        "ingress": [rule for flow in inwards for rule in _rules("from", flow, False)] or [{}],
        **closed,
    }


def _rules(direction: str, flow: Flow, named: bool) -> Iterator[dict[str, Any]]:
    """One rule for each kind of peer: a rule has but one. With `named`, DNS answers are read on their way: where a name
    leads is known from them."""
    ports: dict[str, Any] = {}
    if flow.ports:
        opened = [{"port": str(port.number), "protocol": port.protocol} for port in flow.ports]
        read = {"rules": {"dns": [{"matchPattern": "*"}]}} if named and flow.dns else {}
        ports["toPorts"] = [{"ports": opened, **read}]
    kinds: dict[str, list[dict[str, Any]]] = {
        f"{direction}Endpoints": [_pods(peer) for peer in flow.peers if isinstance(peer, Pods)],
        f"{direction}CIDRSet": [_addresses(peer) for peer in flow.peers if isinstance(peer, Addresses)],
        f"{direction}FQDNs": [{"matchName": peer.name} for peer in flow.peers if isinstance(peer, Name)],
    }
    for kind, peers in kinds.items():
        if peers:
            yield {kind: peers, **ports}


def _pods(peer: Pods) -> dict[str, Any]:
    return {"matchLabels": {"k8s:io.kubernetes.pod.namespace": peer.namespace, **_labels(dict(peer.labels))}}


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    # Kubernetes' labels, and nobody else's that have the same name.
    return {f"k8s:{key}": value for key, value in labels.items()}


def _addresses(peer: Addresses) -> dict[str, Any]:
    return {"cidr": peer.cidr, **({"except": list(peer.excepted)} if peer.excepted else {})}


def _is_wide(flow: Flow) -> bool:
    return any(isinstance(peer, Addresses) and ip_network(peer.cidr).prefixlen == 0 for peer in flow.peers)

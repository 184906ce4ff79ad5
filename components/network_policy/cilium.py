"""Flows as a CiliumNetworkPolicy."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from components.network_policy.flows import Addresses, Entity, Flow, Name, Pods
from settings.types.cloud_metadata import SERVICES

API_SERVER = "kube-apiserver"
# An IPv4-mapped address is dialled as IPv4.
IPV4_MAPPED = ip_network("::ffff:0:0/96")


def cilium_policy_spec(
    pod_labels: Mapping[str, str], egress: Iterable[Flow], ingress: Iterable[Flow]
) -> dict[str, Any]:
    """The `spec` of a CiliumNetworkPolicy for the pods with `pod_labels`, in the API's own spelling.

    Cilium is stricter than other engines in two ways: a range of addresses matches neither pods nor nodes, and a policy
    that allows the internet does not allow the cluster's API server, even at a public address.
    https://docs.cilium.io/en/stable/security/policy/language/
    """
    outwards = list(egress)
    named = any(isinstance(peer, Name) for flow in outwards for peer in flow.peers)
    # A denial precedes every rule, so that a route to the API server would not work beside it.
    to_api_server = Entity(API_SERVER) in [peer for flow in outwards for peer in flow.peers]
    closed: list[dict[str, Any]] = []
    if any(map(_is_wide, outwards)) and not to_api_server:
        closed.append({"toEntities": [API_SERVER]})
    if named:
        # Who owns a name decides which address it has.
        closed.append({"toCIDRSet": [{"cidr": cidr} for cidr in _metadata_services(outwards)]})

    def rules(direction: str, flows: Iterable[Flow]) -> list[dict[str, Any]]:
        return [rule for flow in flows for rule in _rules(direction, flow, named)]

    return {
        "endpointSelector": {"matchLabels": _labels(pod_labels)},
        # An empty rule allows nothing but denies its direction by default; without a rule, all traffic is allowed.
        "egress": rules("to", outwards) or [{}],
        "ingress": rules("from", ingress) or [{}],
        **({"egressDeny": closed} if closed else {}),
    }


def _rules(direction: str, flow: Flow, named: bool) -> Iterator[dict[str, Any]]:
    """One rule per kind of peer. With `named`, Cilium inspects DNS responses, from which it learns the addresses of
    names."""
    ports: dict[str, Any] = {}
    if flow.ports:
        opened = [{"port": str(port.number), "protocol": port.protocol} for port in flow.ports]
        read = {"rules": {"dns": [{"matchPattern": "*"}]}} if named and flow.dns else {}
        ports["toPorts"] = [{"ports": opened, **read}]
    kinds: dict[str, list[Any]] = {
        f"{direction}Endpoints": [_pods(peer) for peer in flow.peers if isinstance(peer, Pods)],
        f"{direction}CIDRSet": [_addresses(peer) for peer in flow.peers if isinstance(peer, Addresses)],
        f"{direction}FQDNs": [{"matchName": peer.name} for peer in flow.peers if isinstance(peer, Name)],
        f"{direction}Entities": [peer.name for peer in flow.peers if isinstance(peer, Entity)],
    }
    for kind, peers in kinds.items():
        if peers:
            yield {kind: peers, **ports}


def _pods(peer: Pods) -> dict[str, Any]:
    return {"matchLabels": {"k8s:io.kubernetes.pod.namespace": peer.namespace, **_labels(dict(peer.labels))}}


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    # The prefix selects Kubernetes labels only, not those of other sources with the same name.
    return {f"k8s:{key}": value for key, value in labels.items()}


def _addresses(peer: Addresses) -> dict[str, Any]:
    return {"cidr": peer.cidr, **({"except": list(peer.excepted)} if peer.excepted else {})}


def _metadata_services(flows: Iterable[Flow]) -> list[str]:
    """The addresses of clouds' metadata services, except those that a flow names."""
    declared = {peer.cidr for flow in flows for peer in flow.peers if isinstance(peer, Addresses)}
    return [str(net) for net in SERVICES if str(net) not in declared and not net.overlaps(IPV4_MAPPED)]


def _is_wide(flow: Flow) -> bool:
    return any(isinstance(peer, Addresses) and ip_network(peer.cidr).prefixlen == 0 for peer in flow.peers)

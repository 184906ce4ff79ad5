"""Flows as a NetworkPolicy of Calico."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.network_policy.flows import Addresses, Entity, Flow, Name, Pods, Port
from components.network_policy.rejected import rejected


def calico_policy_spec(
    pod_labels: Mapping[str, str], egress: Iterable[Flow], ingress: Iterable[Flow]
) -> dict[str, Any]:
    """The `spec` of a Calico NetworkPolicy for the pods with `pod_labels`, in the API's own spelling.

    It belongs to the default tier, which denies the selected pods everything that no policy of the tier allows. A rule
    has one protocol and one kind of peer.
    https://docs.tigera.io/calico/latest/reference/resources/networkpolicy
    """
    rules = {
        "egress": [rule for flow in egress for rule in _rules("destination", flow)],
        "ingress": [rule for flow in ingress for rule in _rules("source", flow)],
    }
    return {
        "selector": _selector(pod_labels),
        "types": ["Ingress", "Egress"],
        **{direction: found for direction, found in rules.items() if found},
    }


def _rules(side: str, flow: Flow) -> Iterator[dict[str, Any]]:
    for entity in _entities(flow):
        protocols = dict.fromkeys(port.protocol for port in flow.ports)
        for protocol in protocols or [None]:
            rule: dict[str, Any] = {"action": "Allow", side: dict(entity)}
            if protocol:
                # For ingress too, the port is the destination's.
                rule["protocol"] = protocol
                rule.setdefault("destination", {})["ports"] = _numbers(flow.ports, protocol)
            yield rule


def _entities(flow: Flow) -> Iterator[dict[str, Any]]:
    plain = [peer.cidr for peer in flow.peers if isinstance(peer, Addresses) and not peer.excepted]
    if plain:
        yield {"nets": plain}
    for peer in flow.peers:
        if isinstance(peer, Name):
            problem = f"has the DNS name {peer.name}, which Calico supports in its paid editions only"
            raise rejected(("destinations", problem))
        if isinstance(peer, Entity):
            problem = f"has the entity {peer.name}, which only the engine cilium supports"
            raise rejected(("destinations", problem))
        if isinstance(peer, Pods):
            # The API server sets this label on every namespace. Without a namespaceSelector, the selector would match
            # pods of the policy's own namespace.
            namespace = f"kubernetes.io/metadata.name == '{peer.namespace}'"
            yield {"namespaceSelector": namespace, "selector": _selector(dict(peer.labels))}
        elif peer.excepted:
            yield {"nets": [peer.cidr], "notNets": list(peer.excepted)}


def _selector(labels: Mapping[str, str]) -> str:
    return " && ".join(f"{key} == '{value}'" for key, value in labels.items()) or "all()"


def _numbers(ports: Iterable[Port], protocol: str) -> list[int | str]:
    return [port.number for port in ports if port.protocol == protocol]

"""Evaluates Cilium policies, as far as culvert writes them.

Cilium's own engine is a package of its agent, which takes minutes to build. An unsupported field is an error, never a
guess. The fields' meaning is from https://docs.cilium.io/en/stable/security/policy/language/ and, where that page is
silent, from `pkg/policy/api`.
"""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from traffic import Flow, Host

NODES = {"host", "remote-node"}
NAMESPACE = "io.kubernetes.pod.namespace"


def evaluate(policy: dict[str, Any], traffic: Sequence[Flow]) -> list[bool]:
    """Whether each flow is allowed where `policy` is the only policy."""
    _only(policy["spec"], {"endpointSelector", "egress", "egressDeny", "ingress"})
    return [_allows(policy, flow) for flow in traffic]


def _allows(policy: dict[str, Any], traffic: Flow) -> bool:
    spec, own = policy["spec"], policy["metadata"]["namespace"]
    for pod, peer, rules, side in (
        (traffic.source, traffic.destination, "egress", "to"),
        (traffic.destination, traffic.source, "ingress", "from"),
    ):
        if pod.namespace != own or not _selects(spec["endpointSelector"], pod, own):
            continue
        if any(_matches(rule, peer, traffic, own, side) for rule in spec.get(f"{rules}Deny", [])):
            return False
        # Any rule for a direction denies the rest of it; without one the direction is open.
        if rules in spec and not any(_matches(rule, peer, traffic, own, side) for rule in spec[rules]):
            return False
    return True


def _matches(rule: dict[str, Any], peer: Host, traffic: Flow, own: str, side: str) -> bool:
    kinds = {f"{side}Endpoints": _endpoint, f"{side}CIDRSet": _range, f"{side}Entities": _entity, f"{side}FQDNs": _name}
    _only(rule, {*kinds, "toPorts"})
    named = kinds.keys() & rule.keys()
    if len(named) > 1:
        raise ValueError(f"Cilium rejects a rule with peers of two kinds: {rule}")
    if not named and "toPorts" not in rule:
        return False
    return all(any(kinds[kind](item, peer, own) for item in rule[kind]) for kind in named) and _port(rule, traffic)


def _port(rule: dict[str, Any], traffic: Flow) -> bool:
    open_ports = []
    for ports in rule.get("toPorts", []):
        _only(ports, {"ports", "rules"})
        # Every query is allowed; Cilium reads the answers.
        if ports.get("rules", {"dns": [{"matchPattern": "*"}]}) != {"dns": [{"matchPattern": "*"}]}:
            raise ValueError(f"unsupported rules: {ports['rules']}")
        # A name is a port of the pod's containers.
        open_ports += [(port["port"], port["protocol"]) for port in ports["ports"]]
    names = [str(traffic.port), *(traffic.port_names)]
    return not open_ports or any((name, traffic.protocol) in open_ports for name in names)


def _endpoint(selector: dict[str, Any], peer: Host, own: str) -> bool:
    return bool(peer.namespace) and _selects(selector, peer, own)


def _range(range_: dict[str, Any], peer: Host, own: str) -> bool:
    """Cilium knows pods and nodes by their labels: a range does not select them, whatever their address."""
    del own
    _only(range_, {"cidr", "except"})
    if peer.namespace or NODES & set(peer.reserved):
        return False
    address = ip_address(peer.ip)
    excepted = any(address in ip_network(cidr) for cidr in range_.get("except", []))
    return address in ip_network(range_["cidr"]) and not excepted


def _entity(entity: str, peer: Host, own: str) -> bool:
    del own
    if entity != "kube-apiserver":
        raise ValueError(f"unsupported entity: {entity}")
    return entity in peer.reserved


def _name(selector: dict[str, Any], peer: Host, own: str) -> bool:
    del own
    _only(selector, {"matchName"})
    return selector["matchName"] in peer.names


def _selects(selector: dict[str, Any], pod: Host, own: str) -> bool:
    _only(selector, {"matchLabels"})
    labels = {f"k8s:{key}": value for key, value in (*pod.labels, (NAMESPACE, pod.namespace))}
    # In a namespaced policy a selector without a namespace selects pods of the policy's own.
    wanted = {f"k8s:{NAMESPACE}": own, **selector["matchLabels"]}
    return wanted.items() <= labels.items()


def _only(fields: dict[str, Any], known: set[str]) -> None:
    if unknown := fields.keys() - known:
        raise ValueError(f"unsupported fields: {unknown}")

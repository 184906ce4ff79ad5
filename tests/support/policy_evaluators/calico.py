"""Evaluates Calico policies, as far as culvert writes them.

There is no independent evaluator: Felix programs a dataplane, and calicoctl evaluates nothing. An unsupported field is
an error, never a guess. The fields' meaning is from
https://docs.tigera.io/calico/latest/reference/resources/networkpolicy.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from traffic import Flow, Host


def evaluate(policy: dict[str, Any], traffic: Sequence[Flow]) -> list[bool]:
    """Whether each flow is allowed where `policy` is the only policy."""
    _only(policy["spec"], {"selector", "types", "egress", "ingress"})
    return [all(_allows(policy, flow, *direction) for direction in DIRECTIONS) for flow in traffic]


DIRECTIONS = (("Egress", "egress", "source"), ("Ingress", "ingress", "destination"))
"""The policy type, the key of its rules, and the end of a flow that the policy selects."""


def _allows(policy: dict[str, Any], traffic: Flow, type_: str, rules: str, end: str) -> bool:
    spec, own = policy["spec"], policy["metadata"]["namespace"]
    pod: Host = getattr(traffic, end)
    if pod.namespace != own or not _selects(spec["selector"], dict(pod.labels)) or type_ not in spec["types"]:
        return True
    # Denied at the end of the tier, unless a rule allows it.
    return any(_matches(rule, traffic, own) for rule in spec.get(rules, []))


def _matches(rule: dict[str, Any], traffic: Flow, own: str) -> bool:
    _only(rule, {"action", "protocol", "source", "destination"})
    if rule["action"] != "Allow":
        raise ValueError(f"unsupported action: {rule}")
    if rule.get("protocol", traffic.protocol) != traffic.protocol:
        return False
    ends = {"source": traffic.source, "destination": traffic.destination}
    return all(_is_entity(rule.get(name, {}), host, traffic, own, name) for name, host in ends.items())


def _is_entity(entity: dict[str, Any], host: Host, traffic: Flow, own: str, name: str) -> bool:
    _only(entity, {"nets", "notNets", "selector", "namespaceSelector", *(["ports"] if name == "destination" else [])})
    # A name is a port of the pod's containers.
    if "ports" in entity and not {traffic.port, (traffic.port_names or (traffic.port,))[0]} & {*entity["ports"]}:
        return False
    if "nets" in entity and not _within(host, entity["nets"]):
        return False
    if _within(host, entity.get("notNets", [])):
        return False
    if "namespaceSelector" in entity:
        return bool(host.namespace) and (
            _selects(entity["namespaceSelector"], {"kubernetes.io/metadata.name": host.namespace})
            and _selects(entity.get("selector", "all()"), dict(host.labels))
        )
    # Without a namespaceSelector, a selector selects pods of the policy's own namespace.
    return "selector" not in entity or (host.namespace == own and _selects(entity["selector"], dict(host.labels)))


def _within(host: Host, nets: Sequence[str]) -> bool:
    return any(ip_address(host.ip) in ip_network(net) for net in nets)


def _selects(selector: str, labels: dict[str, str]) -> bool:
    if selector == "all()":
        return True
    terms = [re.fullmatch(r"([\w./-]+) == '([\w.-]*)'", term) for term in selector.split(" && ")]
    if None in terms:
        raise ValueError(f"unsupported selector: {selector}")
    return all(labels.get(term[1]) == term[2] for term in terms if term)


def _only(fields: dict[str, Any], known: set[str]) -> None:
    if unknown := fields.keys() - known:
        raise ValueError(f"unsupported fields: {unknown}")

"""Egress rules of every policy engine in Kubernetes' form: rules with `to` and `ports`.

A peer may also be `{"entity": name}`, Cilium's own. Where an engine is more precise than this form, the rule becomes
wider: a false alarm is better than a missed destination.
"""

from collections.abc import Iterator
from typing import Any

from policy.property_paths import as_list, entries, get_path, known
from policy.stack import Resource

EVERYWHERE = ("0.0.0.0/0", "::/0")
_ALL_PODS = {"namespaceSelector": {}, "podSelector": {}}
_SOME_PODS = {"podSelector": {}}
_NAMESPACE = "io.kubernetes.pod.namespace"


def egress_rules(policy: Resource) -> list[dict[str, Any]]:
    """The egress rules of one policy without unknown values."""
    rules = [rule for rule in as_list(get_path(policy.properties, "spec", "egress")) if known(rule)]
    if policy.kind == "CiliumNetworkPolicy":
        return [_of_cilium(rule) for rule in rules]
    if "projectcalico.org/" in policy.type:
        # Deny and Log open nothing; Pass defers to later policies.
        return [_of_calico(rule) for rule in rules if get_path(rule, "action") == "Allow"]
    return rules


def _of_calico(rule: Any) -> dict[str, Any]:
    destination = get_path(rule, "destination") or {}
    nets, excepted = as_list(get_path(destination, "nets")), as_list(get_path(destination, "notNets"))
    selectors = [get_path(destination, key) for key in ("selector", "namespaceSelector", "serviceAccounts", "services")]
    if not nets and not any(selectors):
        peers = _blocks(EVERYWHERE, excepted) if excepted else []
    elif nets:
        peers = _blocks(nets, excepted)
    else:
        all_namespaces = get_path(destination, "namespaceSelector") == "all()"
        peers = [
            _ALL_PODS if all_namespaces and get_path(destination, "selector") in (None, "", "all()") else _SOME_PODS
        ]
    ports = (
        []
        if get_path(destination, "notPorts")
        else [_calico_port(port) for port in as_list(get_path(destination, "ports"))]
    )
    return {"to": peers, **({"ports": ports} if ports else {})}


def _calico_port(port: Any) -> dict[str, Any]:
    first, _, last = str(port).partition(":")
    return {"port": int(first) if first.isdigit() else first, **({"endPort": int(last)} if last.isdigit() else {})}


def _of_cilium(rule: Any) -> dict[str, Any]:
    if not rule:  # isolates, and allows nothing
        return {"to": [_SOME_PODS]}
    ports = [port for group in as_list(get_path(rule, "toPorts")) for port in as_list(get_path(group, "ports"))]
    numbers = [
        {"port": int(text) if (text := str(get_path(port, "port"))).isdigit() else text, **_end(port)} for port in ports
    ]
    peers = [key for key, _ in entries(rule) if key.startswith("to") and key != "toPorts"]
    return {
        "to": [peer for key in peers for value in as_list(get_path(rule, key)) for peer in _cilium_peers(key, value)],
        **({"ports": numbers} if numbers else {}),
    }


def _end(port: Any) -> dict[str, Any]:
    return {"endPort": get_path(port, "endPort")} if get_path(port, "endPort") else {}


def _cilium_peers(key: str, value: Any) -> Iterator[dict[str, Any]]:
    if key == "toCIDR":
        yield from _blocks([value], [])
    elif key == "toCIDRSet":
        yield from _blocks([get_path(value, "cidr")], as_list(get_path(value, "except")))
    elif key == "toEntities":
        yield from _blocks(EVERYWHERE, []) if str(value).startswith("world") else [{"entity": value}]
    elif key == "toFQDNs" and get_path(value, "matchPattern") in ("*", "**"):
        yield from _blocks(EVERYWHERE, [])
    elif key == "toEndpoints" and not get_path(value, "matchLabels"):
        keys = [str(get_path(expression, "key")) for expression in as_list(get_path(value, "matchExpressions"))]
        # A selector without a namespace label selects pods of the policy's own namespace.
        yield _ALL_PODS if keys and all(key.endswith(_NAMESPACE) for key in keys) else _SOME_PODS
    else:
        yield _SOME_PODS


def _blocks(cidrs: Any, excepted: list[Any]) -> list[dict[str, Any]]:
    return [
        {"ipBlock": {"cidr": cidr, "except": [other for other in excepted if (":" in other) == (":" in cidr)]}}
        for cidr in cidrs
    ]

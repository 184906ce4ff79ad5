"""What network policies of every engine open outwards, in the words of Kubernetes' own: rules with `to` and `ports`.

A peer may also be `{"entity": name}`, for what Cilium calls so. What a engine says more finely than this can is taken for the
wider: a guard rail rather asks once too often.
"""

from collections.abc import Iterator
from typing import Any

from policy.property_paths import at, each, entries, known
from policy.stack import Resource

EVERYWHERE = ("0.0.0.0/0", "::/0")
_ALL_PODS = {"namespaceSelector": {}, "podSelector": {}}
_SOME_PODS = {"podSelector": {}}
_NAMESPACE = "io.kubernetes.pod.namespace"


def egress_rules(policy: Resource) -> list[dict[str, Any]]:
    """The rules of one policy that are known in all of their parts."""
    rules = [rule for rule in each(at(policy.properties, "spec", "egress")) if known(rule)]
    if policy.kind == "CiliumNetworkPolicy":
        return [_of_cilium(rule) for rule in rules]
    if "projectcalico.org/" in policy.type:
        # Deny and Log open nothing; Pass leaves it to what comes after.
        return [_of_calico(rule) for rule in rules if at(rule, "action") == "Allow"]
    return rules


def _of_calico(rule: Any) -> dict[str, Any]:
    destination = at(rule, "destination") or {}
    nets, excepted = each(at(destination, "nets")), each(at(destination, "notNets"))
    selectors = [at(destination, key) for key in ("selector", "namespaceSelector", "serviceAccounts", "services")]
    if not nets and not any(selectors):
        peers = _blocks(EVERYWHERE, excepted) if excepted else []
    elif nets:
        peers = _blocks(nets, excepted)
    else:
        everybody = at(destination, "namespaceSelector") == "all()"
        peers = [_ALL_PODS if everybody and at(destination, "selector") in (None, "", "all()") else _SOME_PODS]
    ports = [] if at(destination, "notPorts") else [_calico_port(port) for port in each(at(destination, "ports"))]
    return {"to": peers, **({"ports": ports} if ports else {})}


def _calico_port(port: Any) -> dict[str, Any]:
    first, _, last = str(port).partition(":")
    return {"port": int(first) if first.isdigit() else first, **({"endPort": int(last)} if last.isdigit() else {})}


def _of_cilium(rule: Any) -> dict[str, Any]:
    if not rule:  # closes, and opens nothing
        return {"to": [_SOME_PODS]}
    ports = [port for group in each(at(rule, "toPorts")) for port in each(at(group, "ports"))]
    numbers = [
        {"port": int(text) if (text := str(at(port, "port"))).isdigit() else text, **_end(port)} for port in ports
    ]
    peers = [key for key, _ in entries(rule) if key.startswith("to") and key != "toPorts"]
    return {
        "to": [peer for key in peers for value in each(at(rule, key)) for peer in _cilium_peers(key, value)],
        **({"ports": numbers} if numbers else {}),
    }


def _end(port: Any) -> dict[str, Any]:
    return {"endPort": at(port, "endPort")} if at(port, "endPort") else {}


def _cilium_peers(key: str, value: Any) -> Iterator[dict[str, Any]]:
    if key == "toCIDR":
        yield from _blocks([value], [])
    elif key == "toCIDRSet":
        yield from _blocks([at(value, "cidr")], each(at(value, "except")))
    elif key == "toEntities":
        yield from _blocks(EVERYWHERE, []) if str(value).startswith("world") else [{"entity": value}]
    elif key == "toFQDNs" and at(value, "matchPattern") in ("*", "**"):
        yield from _blocks(EVERYWHERE, [])
    elif key == "toEndpoints" and not at(value, "matchLabels"):
        keys = [str(at(each_, "key")) for each_ in each(at(value, "matchExpressions"))]
        # A selector that says nothing of namespaces takes pods of the policy's own.
        yield _ALL_PODS if keys and all(each_.endswith(_NAMESPACE) for each_ in keys) else _SOME_PODS
    else:
        yield _SOME_PODS


def _blocks(cidrs: Any, excepted: list[Any]) -> list[dict[str, Any]]:
    return [
        {"ipBlock": {"cidr": cidr, "except": [other for other in excepted if (":" in other) == (":" in cidr)]}}
        for cidr in cidrs
    ]

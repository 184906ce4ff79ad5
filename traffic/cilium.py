"""CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy.

https://docs.cilium.io/en/stable/security/policy/language/. Where that page is silent, the meaning is that of
`pkg/policy/api` and `pkg/k8s/apis/cilium.io/utils`.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from policy.network_policies import matches
from traffic.flow import Flow, Host, Object
from traffic.matching import all_of, any_of, unsupported, within

_NAMESPACE = "io.kubernetes.pod.namespace"
_NAMESPACE_LABELS = "io.cilium.k8s.namespace.labels."
_NODES = {"host", "remote-node"}


def specs(policy: Object) -> Iterator[Object]:
    """The policy once for each of its specs; it may have one `spec`, several `specs`, or both."""
    for spec in [policy.get("spec"), *(policy.get("specs") or [])]:
        if spec:
            yield {**policy, "spec": spec}


def selects(policy: Object, pod: Host) -> bool:
    """Whether the policy (with one spec) applies to a pod."""
    own = _namespace(policy)
    selector = policy["spec"].get("endpointSelector")  # without one, it is about nodes
    return own in ("", pod.namespace) and selector is not None and _selected(selector, pod, own)


def allows(policy: Object, flow: Flow, direction: str) -> bool:
    """Whether a rule of the policy (with one spec) for `direction`, `Egress` or `Ingress`, allows a flow."""
    return _any_rule(policy, flow, direction, direction.lower())


def denies(policy: Object, flow: Flow, direction: str) -> bool:
    """Whether a rule of the policy (with one spec) denies a flow, which precedes whatever another one allows."""
    return _any_rule(policy, flow, direction, f"{direction.lower()}Deny")


def _any_rule(policy: Object, flow: Flow, direction: str, key: str) -> bool:
    peer, side = (flow.destination, "to") if direction == "Egress" else (flow.source, "from")
    own = _namespace(policy)
    return any_of(policy["spec"].get(key) or [], lambda rule: _matches(rule, peer, flow, own, side))


def _matches(rule: Object, peer: Host, flow: Flow, own: str, side: str) -> bool:
    kinds: dict[str, Callable[[Any, Host, str], bool]] = {
        "Endpoints": _is_endpoint,
        "CIDR": lambda cidr, host, _: _is_outside(host) and within(host.ip, [cidr]),
        "CIDRSet": _in_range,
        "Entities": lambda entity, host, _: _is_entity(entity, host),
        "FQDNs": lambda selector, host, _: _has_name(selector, host),
        **{kind: partial(_unsupported_peer, f"{side}{kind}") for kind in ("Services", "Groups", "Nodes", "Requires")},
    }
    peers = {kind: rule[f"{side}{kind}"] for kind in kinds if rule.get(f"{side}{kind}") is not None}
    if not peers and not rule.get("toPorts"):
        return False  # an empty rule isolates, and allows nothing; `icmps` allow no TCP and no UDP
    return all_of(
        [
            *(
                partial(any_of, listed, lambda item, kind=kind: kinds[kind](item, peer, own))
                for kind, listed in peers.items()
            ),
            lambda: not rule.get("icmps"),
            lambda: _is_port(rule.get("toPorts"), flow),
            lambda: unsupported("authentication", rule.get("authentication")),
        ]
    )


def _namespace(policy: Object) -> str:
    """The policy's namespace; empty for one of the whole cluster."""
    return policy["metadata"].get("namespace") or ""


def _is_port(groups: list[Object] | None, flow: Flow) -> bool:
    return not groups or any_of(groups, lambda group: _in_group(group, flow))


def _in_group(group: Object, flow: Flow) -> bool:
    ports = group.get("ports") or []
    # What a proxy filters above connections: DNS alone allows each of them.
    filters = [key for key in group if key not in ("ports", "rules")]
    filters += [f"rules.{key}" for key in group.get("rules") or {} if key != "dns"]
    return all_of(
        [
            lambda: not ports or any(_is_number(port, flow) for port in ports),
            *(partial(unsupported, f"toPorts.{key}") for key in filters),
        ]
    )


def _is_number(port: Object, flow: Flow) -> bool:
    if port.get("protocol", "ANY") not in ("ANY", flow.protocol):
        return False
    first = str(port.get("port", "0"))
    if not first.isdigit():
        return first in flow.port_names
    return first == "0" or int(first) <= flow.port <= (port.get("endPort") or int(first))


def _is_endpoint(selector: Object, host: Host, own: str) -> bool:
    if host.is_pod:
        return _selected(selector, host, own)
    keys = _keys(selector)
    return bool(keys) and all(key.startswith("reserved:") for key in keys) and matches(selector, _reserved(host))


def _in_range(range_: Object, host: Host, _own: str) -> bool:
    return all_of(
        [
            lambda: _is_outside(host),
            lambda: "cidr" not in range_ or within(host.ip, [range_["cidr"]]),
            lambda: not within(host.ip, range_.get("except") or []),
            lambda: unsupported("cidrGroupRef", range_.get("cidrGroupRef") or range_.get("cidrGroupSelector")),
        ]
    )


def _is_outside(host: Host) -> bool:
    """Cilium knows pods and nodes by their labels: a range does not select them, whatever their address."""
    return not host.is_pod and not _NODES & {*host.reserved}


def _is_entity(entity: str, host: Host) -> bool:
    outside = _is_outside(host)
    known = {
        "all": True,
        "none": False,
        "world": outside,
        "world-ipv4": outside and ":" not in host.ip,
        "world-ipv6": outside and ":" in host.ip,
        "cluster": not outside,
        **{name: name in host.reserved for name in ("host", "remote-node", "kube-apiserver")},
        **dict.fromkeys(("health", "init", "ingress", "unmanaged"), False),
    }
    return known[entity] if entity in known else unsupported(f"entity {entity}")


def _has_name(selector: Object, host: Host) -> bool:
    patterns = [re.escape(selector["matchName"])] if selector.get("matchName") else []
    if pattern := selector.get("matchPattern"):
        # An asterisk stands for characters of one label; alone it stands for every name.
        escaped = re.escape(pattern).replace(r"\*", "[-a-z0-9_]*")
        patterns.append(".*" if pattern in ("*", "**") else escaped)
    names = [name.lower().removesuffix(".") for name in host.names]
    return any(re.fullmatch(pattern.lower().removesuffix(r"\."), name) for pattern in patterns for name in names)


def _unsupported_peer(field: str, _item: object, _host: Host, _own: str) -> bool:
    return unsupported(field)


def _selected(selector: Object, pod: Host, own: str) -> bool:
    """In a namespaced policy, a selector without a namespace selects pods of the policy's own; in one of the whole
    cluster, pods of every namespace."""
    plain = {"matchLabels": {}, "matchExpressions": []}
    for key, value in (selector.get("matchLabels") or {}).items():
        plain["matchLabels"][_plain(key)] = value
    for expression in selector.get("matchExpressions") or []:
        plain["matchExpressions"].append({**expression, "key": _plain(expression["key"])})
    named = any(key == _NAMESPACE or key.startswith(_NAMESPACE_LABELS) for key in map(_plain, _keys(selector)))
    return (named or own in ("", pod.namespace)) and matches(plain, _labels(pod))


def _keys(selector: Object) -> list[str]:
    expressions = [expression["key"] for expression in selector.get("matchExpressions") or []]
    return [*(selector.get("matchLabels") or {}), *expressions]


def _plain(key: str) -> str:
    """A label's own name: `k8s:app` and `any:app` both match a pod's `app`."""
    return key.removeprefix("k8s:").removeprefix("any:")


def _labels(pod: Host) -> dict[str, str]:
    return {
        **dict(pod.labels),
        **{f"{_NAMESPACE_LABELS}{key}": value for key, value in pod.labels_of_namespace.items()},
        _NAMESPACE: pod.namespace,
        "io.cilium.k8s.policy.serviceaccount": pod.service_account,
    }


def _reserved(host: Host) -> dict[str, str]:
    identities = {*host.reserved} | ({"world"} if _is_outside(host) else set())
    return {f"reserved:{name}": "" for name in identities}

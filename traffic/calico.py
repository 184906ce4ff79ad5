"""NetworkPolicy and GlobalNetworkPolicy of Calico, in both of its API groups.

https://docs.tigera.io/calico/latest/reference/resources/networkpolicy, and globalnetworkpolicy beside it. Where these
pages are silent, the meaning is that of `libcalico-go/lib/backend/syncersv1/updateprocessors`.
"""

from collections.abc import Iterable
from typing import Any

from policy import calico_selectors
from traffic.flow import Flow, Host, Object
from traffic.matching import Unsupported, all_of, unsupported, within

_NUMBERS = {1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6", 132: "SCTP", 136: "UDPLite"}
_NAMESPACE = "projectcalico.org/namespace"


def selects(policy: Object, pod: Host) -> bool:
    """Whether the policy applies to a pod. Raises Unsupported if that depends on labels of the service account."""
    spec, own = policy["spec"], policy["metadata"].get("namespace")
    if own and pod.namespace != own:
        return False
    return all_of(
        [
            # Untracked policies, and those before translation, apply to nodes alone.
            lambda: not spec.get("doNotTrack") and not spec.get("preDNAT"),
            lambda: _selected(spec.get("selector") or "all()", _labels(pod)),
            lambda: not spec.get("namespaceSelector") or _in_namespaces(spec["namespaceSelector"], pod),
            lambda: unsupported(
                "serviceAccountSelector", spec.get("serviceAccountSelector") not in (None, "", "all()")
            ),
            lambda: unsupported("tier", spec.get("tier", "default") not in ("", "default")),
        ]
    )


def order(policy: Object) -> tuple[float, str]:
    """Key by which the policies of a tier are applied. Kubernetes' own have the order 1,000."""
    declared, metadata = policy["spec"].get("order"), policy["metadata"]
    # As Felix names them: those of a namespace with it.
    name = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    return (float("inf") if declared is None else float(declared)), name


def action(policy: Object, flow: Flow, direction: str) -> str | None:
    """`Allow`, `Deny` or `Pass` of the first rule for `direction` that matches a flow; None if no rule does."""
    own = policy["metadata"].get("namespace") or ""
    for rule in policy["spec"].get(direction.lower()) or []:
        if rule["action"] != "Log" and _matches(rule, flow, own):
            return str(rule["action"])
    return None


def _matches(rule: Object, flow: Flow, own: str) -> bool:
    version = 6 if ":" in flow.destination.ip else 4
    return all_of(
        [
            lambda: "protocol" not in rule or _protocol(rule["protocol"]) == flow.protocol,
            lambda: "notProtocol" not in rule or _protocol(rule["notProtocol"]) != flow.protocol,
            lambda: rule.get("ipVersion", version) == version,
            lambda: "icmp" not in rule or flow.protocol.startswith("ICMP"),
            lambda: _is_entity(rule.get("source") or {}, flow.source, own),
            lambda: _is_entity(rule.get("destination") or {}, flow.destination, own),
            lambda: _is_port(rule.get("destination") or {}, flow),
            # The port of the client is any.
            lambda: unsupported("source.ports", (rule.get("source") or {}).get("ports")),
            lambda: unsupported("http", rule.get("http")),
        ]
    )


def _protocol(value: Any) -> str:
    return _NUMBERS.get(value, str(value)) if isinstance(value, int) else str(value)


def _is_entity(entity: Object, host: Host, own: str) -> bool:
    chosen = any(entity.get(key) for key in ("selector", "namespaceSelector", "serviceAccounts"))
    return all_of(
        [
            lambda: not entity.get("nets") or within(host.ip, entity["nets"]),
            lambda: not within(host.ip, entity.get("notNets") or []),
            lambda: not chosen or _is_chosen(entity, host, own),
            # Unlike `selector`, it is not limited to the policy's namespace.
            lambda: not (host.is_pod and entity.get("notSelector") and _selected(entity["notSelector"], _labels(host))),
            lambda: unsupported("services", entity.get("services")),
        ]
    )


def _is_chosen(entity: Object, host: Host, own: str) -> bool:
    if not host.is_pod:
        return False  # only a network set, which is not evaluated, has labels besides pods
    namespaces, accounts = entity.get("namespaceSelector"), entity.get("serviceAccounts") or {}
    return all_of(
        [
            # Without a namespaceSelector, a selector selects pods of the policy's own namespace, if it has one.
            lambda: _in_namespaces(namespaces, host) if namespaces else own in ("", host.namespace),
            lambda: _selected(entity.get("selector") or "all()", _labels(host)),
            lambda: not accounts.get("names") or host.service_account in accounts["names"],
            lambda: unsupported("serviceAccounts.selector", accounts.get("selector")),
        ]
    )


def _in_namespaces(selector: str, pod: Host) -> bool:
    # `global()` stands for what is in no namespace, which no pod is.
    in_none = selector.strip() == "global()"
    return not in_none and _selected(selector, {**pod.labels_of_namespace, "projectcalico.org/name": pod.namespace})


def _is_port(entity: Object, flow: Flow) -> bool:
    ports, excluded = entity.get("ports") or [], entity.get("notPorts") or []
    return (not ports or _in_ports(ports, flow)) and not _in_ports(excluded, flow)


def _in_ports(ports: Iterable[int | str], flow: Flow) -> bool:
    for port in ports:
        first, _, last = str(port).partition(":")
        if first.isdigit():
            if int(first) <= flow.port <= int(last or first):
                return True
        elif port in flow.port_names:
            return True
    return False


def _labels(pod: Host) -> dict[str, str]:
    added = {_NAMESPACE: pod.namespace, "projectcalico.org/orchestrator": "k8s"}
    return {**dict(pod.labels), **added, "projectcalico.org/serviceaccount": pod.service_account}


def _selected(selector: str, labels: dict[str, str]) -> bool:
    try:
        return calico_selectors.selects(selector, labels)
    except ValueError as error:
        raise Unsupported(str(error)) from None

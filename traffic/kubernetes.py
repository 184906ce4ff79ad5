"""NetworkPolicy of `networking.k8s.io/v1`.

https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
"""

from policy.network_policies import matches
from traffic.flow import Flow, Host, Object
from traffic.matching import within

EVERY = {"Egress": "to", "Ingress": "from"}


def selects(policy: Object, pod: Host) -> bool:
    """Whether the policy applies to a pod."""
    own = policy["metadata"].get("namespace")
    return pod.namespace == own and matches(policy["spec"].get("podSelector"), dict(pod.labels))


def allows(policy: Object, flow: Flow, direction: str) -> bool:
    """Whether a rule of the policy for `direction`, `Egress` or `Ingress`, allows a flow."""
    peer = flow.destination if direction == "Egress" else flow.source
    return any(
        _matches_port(rule.get("ports"), flow) and _matches_peer(rule.get(EVERY[direction]), peer, policy)
        for rule in policy["spec"].get(direction.lower()) or []
    )


def _matches_port(ports: list[Object] | None, flow: Flow) -> bool:
    return not ports or any(
        port.get("protocol", "TCP") == flow.protocol and _is_port(port.get("port"), port.get("endPort"), flow)
        for port in ports
    )


def _is_port(port: int | str | None, end: int | None, flow: Flow) -> bool:
    if isinstance(port, str):
        return port in flow.port_names
    return port is None or port <= flow.port <= (end or port)


def _matches_peer(peers: list[Object] | None, host: Host, policy: Object) -> bool:
    return not peers or any(_is_peer(peer, host, policy["metadata"].get("namespace")) for peer in peers)


def _is_peer(peer: Object, host: Host, own: str) -> bool:
    block = peer.get("ipBlock")
    if block is not None:
        return within(host.ip, [block["cidr"]]) and not within(host.ip, block.get("except") or [])
    if not host.is_pod:
        return False
    namespaces = peer.get("namespaceSelector")
    in_namespace = host.namespace == own if namespaces is None else matches(namespaces, host.labels_of_namespace)
    return in_namespace and matches(peer.get("podSelector"), dict(host.labels))

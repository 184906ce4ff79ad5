"""What a connector's pod should reach, and what it should not: addresses to try from inside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from clients.kubernetes import Cluster, Object
from ops.verify.expected_stack import Declared
from ops.verify.result import Unread
from settings import AddressDestination, NetworkDestination, PodDestination

DNS_NAME = "kubernetes.default.svc.cluster.local"
KUBELET_PORT = 10250


@dataclass(frozen=True)
class Target:
    """One address. `open` says whether it should answer, `listening` whether it would, were nothing in the way."""

    what: str
    host: str
    port: int
    open: bool
    listening: bool = True


def backends(declared: Declared) -> list[Target]:
    """Each Service or address that a route leads to, once."""
    found: dict[tuple[str, int], Target] = {}
    for route in declared.settings.routes:
        origin = route.origin
        if origin.port is None:
            continue
        host = origin.host
        if origin.service:
            host = f"{origin.service}.{origin.namespace or declared.namespace}.svc.cluster.local"
        found.setdefault((host, origin.port), Target(f"backend of {route.hostname}", host, origin.port, open=True))
    return list(found.values())


def metadata() -> Target:
    """Where clouds hand out credentials; many clusters have none."""
    return Target("cloud metadata", "169.254.169.254", 80, open=False, listening=False)


def anywhere(declared: Declared, addresses: Iterable[str]) -> list[Target]:
    """What is tried whatever the cluster; `addresses` are those of the LAN."""
    return [*backends(declared), metadata(), *lan(addresses)]


def lan(addresses: Iterable[str]) -> list[Target]:
    """Addresses given as HOST:PORT. Raises ValueError for others."""
    found = []
    for text in addresses:
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"{text!r} is not HOST:PORT, such as 192.168.1.1:443")
        found.append(Target("LAN", host.strip("[]"), int(port), open=False))
    return found


def inside_the_cluster(cluster: Cluster, declared: Declared, own_node: str) -> list[Target]:
    """The Kubernetes API, another node's kubelet (an address of the LAN) and another namespace's Service.

    What these credentials may not list is left out. The pod's own node too: no policy shuts it, see
    https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-resource.
    """
    return [
        *_try(
            lambda: kubernetes_api(
                cluster.get("/api/v1/namespaces/default/services/kubernetes"), _api_pods(cluster), declared
            )
        ),
        *_try(lambda: kubelet(cluster.items("/api/v1/nodes"), declared, own_node)),
        *_try(lambda: foreign_service(cluster.items("/api/v1/services"), _slices(cluster, ""), declared)),
    ]


def kubernetes_api(service: Object, slices: list[Object], declared: Declared) -> list[Target]:
    """The API server, by its Service; none where the declared policy opens its real address."""
    ports = [each["port"] for each in service["spec"]["ports"]]
    behind = [(address, port) for each in slices for address, port, _ in _endpoints(each)]
    if any(_opened(address, port, declared) for address, port in behind):
        return []
    return [Target("Kubernetes API", service["spec"]["clusterIP"], ports[0], open=False)]


def kubelet(nodes: list[Object], declared: Declared, own_node: str) -> list[Target]:
    """The kubelet of the first other node."""
    for node in nodes:
        for each in node.get("status", {}).get("addresses") or []:
            other = node["metadata"]["name"] != own_node and each["type"] == "InternalIP"
            if other and not _opened(each["address"], KUBELET_PORT, declared):
                return [Target("LAN (another node's kubelet)", each["address"], KUBELET_PORT, open=False)]
    return []


def foreign_service(services: list[Object], slices: list[Object], declared: Declared) -> list[Target]:
    """A Service of another namespace with a ready pod behind it, to which no route leads."""
    behind: dict[tuple[str, str], list[tuple[str, int, bool]]] = {}
    for each in slices:
        meta = each["metadata"]
        name = (meta.get("labels") or {}).get("kubernetes.io/service-name", "")
        behind.setdefault((meta["namespace"], name), []).extend(_endpoints(each))
    routed = {
        each.namespace
        for each in declared.settings.destinations(declared.namespace)
        if isinstance(each, PodDestination)
    }
    for service in services:
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        if namespace in {*routed, declared.namespace} or service["spec"].get("clusterIP") in (None, "", "None"):
            continue
        served = {
            port
            for address, port, pod in behind.get((namespace, name), [])
            if pod and not _opened(address, port, declared)
        }
        for port in service["spec"].get("ports") or []:
            target = port.get("targetPort", port["port"])
            # DNS is open to the connector; a named port cannot be compared with an endpoint's number.
            if port.get("protocol", "TCP") == "TCP" and port["port"] != 53 and target in served:
                return [
                    Target(f"Service {name} of {namespace}", service["spec"]["clusterIP"], port["port"], open=False)
                ]
    return []


def _opened(address: str, port: int, declared: Declared) -> bool:
    """Whether the policy declared opens an address, as a route's destination or as a part of the internet."""
    try:
        where = ip_address(address)
    except ValueError:
        return False
    if declared.settings.network_policy.preset == "guide" and where.is_global:
        return True
    return any(
        (
            isinstance(each, NetworkDestination)
            or (isinstance(each, AddressDestination) and (each.port, each.protocol) == (port, "TCP"))
        )
        and where in ip_network(each.cidr)
        for each in declared.settings.destinations(declared.namespace)
    )


def _endpoints(endpoint_slice: Object) -> list[tuple[str, int, bool]]:
    """Address, port, and whether a pod is there, of each ready endpoint over TCP."""
    ports = [each["port"] for each in endpoint_slice.get("ports") or [] if each.get("protocol", "TCP") == "TCP"]
    return [
        (address, port, (each.get("targetRef") or {}).get("kind") == "Pod")
        for each in endpoint_slice.get("endpoints") or []
        if (each.get("conditions") or {}).get("ready") is not False
        for address in each["addresses"]
        for port in ports
    ]


def _slices(cluster: Cluster, namespace: str) -> list[Object]:
    return cluster.items(f"/apis/discovery.k8s.io/v1{namespace}/endpointslices")


def _api_pods(cluster: Cluster) -> list[Object]:
    own = _slices(cluster, "/namespaces/default")
    return [
        each for each in own if (each["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == "kubernetes"
    ]


def _try(look: Any) -> list[Target]:
    try:
        return look()
    except Unread:
        return []

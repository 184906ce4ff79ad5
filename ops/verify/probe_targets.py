"""Targets to probe from inside a connector's pod: what it must reach, and what must be blocked."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from clients.errors import CheckUnavailable
from clients.kubernetes import KubernetesApi, Object
from ops.errors import OperatorError
from ops.expected_stack import ExpectedStack
from settings import AddressDestination, EntityDestination, NetworkDestination, PodDestination

KUBELET_PORT = 10250


def dns_name(domain: str) -> str:
    """A name that each cluster with this DNS domain resolves."""
    return f"kubernetes.default.svc.{domain}"


@dataclass(frozen=True)
class Target:
    """One address and port."""

    description: str
    host: str
    port: int
    allowed: bool
    """Whether the network policy should allow it."""
    listening: bool = True
    """Whether a process is certain to listen there."""

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


def backends(stack: ExpectedStack) -> list[Target]:
    """The origin of each route, once."""
    found: dict[tuple[str, int], Target] = {}
    for route in stack.updated.routes:
        origin = route.origin
        if origin.port is None:
            continue
        host = origin.host
        if origin.service:
            host = f"{origin.service}.{origin.namespace or stack.namespace}.svc.{origin.domain}"
        found.setdefault((host, origin.port), Target(f"backend of {route.hostname}", host, origin.port, allowed=True))
    return list(found.values())


def metadata() -> Target:
    """The address at which clouds serve credentials; many clusters have none."""
    return Target("cloud metadata", "169.254.169.254", 80, allowed=False, listening=False)


def from_settings(stack: ExpectedStack, lan: Iterable[Target]) -> list[Target]:
    """Targets that are known without the cluster; `lan` are those given on the command line."""
    return [*backends(stack), metadata(), *lan]


def parse_lan(addresses: Iterable[str]) -> list[Target]:
    """Targets that must be blocked, each given as HOST:PORT. Raises OperatorError for any other text."""
    targets = []
    for text in addresses:
        host, _, port = text.rpartition(":")
        if not host or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
            raise OperatorError(f"{text!r} is not HOST:PORT, such as 192.168.1.1:443")
        targets.append(Target("LAN", host.strip("[]"), int(port), allowed=False))
    return targets


def from_cluster(api: KubernetesApi, stack: ExpectedStack, own_node: str) -> list[Target]:
    """Targets that must be blocked: the Kubernetes API, another node's kubelet (on the LAN) and a Service elsewhere.

    Targets that these credentials may not list are left out. So is the pod's own node, which no policy can block:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-resource.
    """

    def api_server() -> list[Target]:
        service = api.get("/api/v1/namespaces/default/services/kubernetes")
        slices = [one for one in _slices(api, "/namespaces/default") if _service_name(one) == "kubernetes"]
        return kubernetes_api(service, slices, stack)

    return [
        *_if_readable(api_server),
        *_if_readable(lambda: kubelet(api.items("/api/v1/nodes"), stack, own_node)),
        *_if_readable(lambda: foreign_service(api.items("/api/v1/services"), _slices(api), stack)),
    ]


def kubernetes_api(service: Object, slices: list[Object], stack: ExpectedStack) -> list[Target]:
    """The API server, by its Service; none if the declared policy allows its real address."""
    ports = [port["port"] for port in service["spec"]["ports"]]
    endpoints = [(address, port) for one in slices for address, port, _ in _endpoints(one)]
    entity = any(isinstance(one, EntityDestination) for one in stack.updated.destinations(stack.namespace))
    if entity or any(_is_allowed(address, port, stack) for address, port in endpoints):
        return []
    return [Target("Kubernetes API", service["spec"]["clusterIP"], ports[0], allowed=False)]


def kubelet(nodes: list[Object], stack: ExpectedStack, own_node: str) -> list[Target]:
    """The kubelet of the first other node."""
    for node in nodes:
        for one in node.get("status", {}).get("addresses") or []:
            other = node["metadata"]["name"] != own_node and one["type"] == "InternalIP"
            if other and not _is_allowed(one["address"], KUBELET_PORT, stack):
                return [Target("LAN (another node's kubelet)", one["address"], KUBELET_PORT, allowed=False)]
    return []


def foreign_service(services: list[Object], slices: list[Object], stack: ExpectedStack) -> list[Target]:
    """A Service with a ready pod, in a namespace without backends of the stack."""
    endpoints: dict[tuple[str, str], list[tuple[str, int, bool]]] = {}
    for one in slices:
        key = (one["metadata"]["namespace"], _service_name(one))
        endpoints.setdefault(key, []).extend(_endpoints(one))
    destinations = stack.updated.destinations(stack.namespace)
    own_namespaces = {stack.namespace, *(one.namespace for one in destinations if isinstance(one, PodDestination))}
    for service in services:
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        if namespace in own_namespaces or service["spec"].get("clusterIP") in (None, "", "None"):
            continue
        listening = {
            port
            for address, port, is_pod in endpoints.get((namespace, name), [])
            if is_pod and not _is_allowed(address, port, stack)
        }
        for port in service["spec"].get("ports") or []:
            target = port.get("targetPort", port["port"])
            # The policy allows DNS; a named port cannot be compared with an endpoint's number.
            if port.get("protocol", "TCP") == "TCP" and port["port"] != 53 and target in listening:
                address = service["spec"]["clusterIP"]
                return [Target(f"Service {name} of {namespace}", address, port["port"], allowed=False)]
    return []


def _is_allowed(address: str, port: int, stack: ExpectedStack) -> bool:
    """Whether the declared policy allows an address, as a route's destination or as part of the internet."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if stack.settings.network_policy.preset == "guide" and ip.is_global:
        return True
    return any(
        (
            isinstance(one, NetworkDestination)
            or (isinstance(one, AddressDestination) and (one.port, one.protocol) == (port, "TCP"))
        )
        and ip in ip_network(one.cidr)
        for one in stack.updated.destinations(stack.namespace)
    )


def _endpoints(endpoint_slice: Object) -> list[tuple[str, int, bool]]:
    """Address, port, and whether it is a pod, of each ready TCP endpoint."""
    ports = [port["port"] for port in endpoint_slice.get("ports") or [] if port.get("protocol", "TCP") == "TCP"]
    return [
        (address, port, (one.get("targetRef") or {}).get("kind") == "Pod")
        for one in endpoint_slice.get("endpoints") or []
        if (one.get("conditions") or {}).get("ready") is not False
        for address in one["addresses"]
        for port in ports
    ]


def _slices(api: KubernetesApi, namespace: str = "") -> list[Object]:
    return api.items(f"/apis/discovery.k8s.io/v1{namespace}/endpointslices")


def _service_name(endpoint_slice: Object) -> str:
    return (endpoint_slice["metadata"].get("labels") or {}).get("kubernetes.io/service-name", "")


def _if_readable(read: Callable[[], list[Target]]) -> list[Target]:
    try:
        return read()
    except CheckUnavailable:
        return []

"""Targets to probe from inside a connector's pod: what it must reach, and what must be blocked."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clients.errors import CheckUnavailable
from clients.kubernetes import KubernetesApi, Object
from ops.errors import OperatorError
from ops.expected_stack import ExpectedStack
from ops.verify import declared_policy
from settings import PodDestination
from traffic import Host
from traffic.services import NoEndpoint, endpoints

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
    hostnames: tuple[str, ...] = ()
    """Those whose routes lead there."""

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


def backends(stack: ExpectedStack) -> list[Target]:
    """The origin of each route, once."""
    found: dict[tuple[str, int], list[str]] = {}
    for route in stack.updated.routes:
        origin = route.origin
        if origin.port is None:
            continue
        host = origin.host
        if origin.service:
            host = f"{origin.service}.{origin.namespace or stack.namespace}.svc.{origin.domain}"
        found.setdefault((host, origin.port), []).append(route.hostname)
    return [
        Target(f"backend of {hostnames[0]}", host, port, allowed=True, hostnames=tuple(dict.fromkeys(hostnames)))
        for (host, port), hostnames in found.items()
    ]


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
    hosts = [Host(address, reserved=("kube-apiserver",)) for one in slices for address in _addresses(one)]
    numbers = {port["port"] for one in slices for port in one.get("ports") or []}
    if any(declared_policy.allows(stack, host, number) for host in hosts for number in numbers):
        return []
    return [Target("Kubernetes API", service["spec"]["clusterIP"], ports[0], allowed=False)]


def kubelet(nodes: list[Object], stack: ExpectedStack, own_node: str) -> list[Target]:
    """The kubelet of the first other node."""
    for node in nodes:
        for one in node.get("status", {}).get("addresses") or []:
            other = node["metadata"]["name"] != own_node and one["type"] == "InternalIP"
            host = Host(one["address"], reserved=("remote-node",))
            if other and not declared_policy.allows(stack, host, KUBELET_PORT):
                return [Target("LAN (another node's kubelet)", one["address"], KUBELET_PORT, allowed=False)]
    return []


def foreign_service(services: list[Object], slices: list[Object], stack: ExpectedStack) -> list[Target]:
    """A Service with a ready pod, in a namespace without backends of the stack."""
    destinations = stack.updated.destinations(stack.namespace)
    own_namespaces = {stack.namespace, *(one.namespace for one in destinations if isinstance(one, PodDestination))}
    for service in services:
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        if namespace in own_namespaces or service["spec"].get("clusterIP") in (None, "", "None"):
            continue
        of_service = [one for one in slices if (one["metadata"]["namespace"], _service_name(one)) == (namespace, name)]
        for port in service["spec"].get("ports") or []:
            # The policy allows DNS.
            if port["port"] != 53 and _is_listening(service, of_service, port["port"], stack):
                address = service["spec"]["clusterIP"]
                return [Target(f"Service {name} of {namespace}", address, port["port"], allowed=False)]
    return []


def _is_listening(service: Object, slices: list[Object], port: int, stack: ExpectedStack) -> bool:
    """Whether a pod behind a Service listens, and the declared policy does not allow it."""
    try:
        found = endpoints(service, slices, port)
    except NoEndpoint:
        return False
    hosts = [(Host(one.address, one.pod[0]), one.port) for one in found if one.pod]
    return any(not declared_policy.allows(stack, host, number) for host, number in hosts)


def _addresses(endpoint_slice: Object) -> list[str]:
    return [address for one in endpoint_slice.get("endpoints") or [] for address in one["addresses"]]


def _slices(api: KubernetesApi, namespace: str = "") -> list[Object]:
    return api.items(f"/apis/discovery.k8s.io/v1{namespace}/endpointslices")


def _service_name(endpoint_slice: Object) -> str:
    return (endpoint_slice["metadata"].get("labels") or {}).get("kubernetes.io/service-name", "")


def _if_readable(read: Callable[[], list[Target]]) -> list[Target]:
    try:
        return read()
    except CheckUnavailable:
        return []

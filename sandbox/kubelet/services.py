"""Where a connector's connection to a host and port arrives: a pod, or an address, as kube-proxy leads it there."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from sandbox.kubelet.cluster_api import Object
from sandbox.kubelet.recent import RecentObjects
from traffic.services import Endpoint, NoEndpoint, endpoints, parse_name, service_at


@dataclass(frozen=True)
class Backend:
    """Where one connection arrives: an address and port, the pod that has it, and the Service that leads there."""

    address: str
    target: int
    pod: Object | None = None
    service: str = ""
    """Namespace and name: `shop/blog`; empty where the address itself was dialled."""
    port: int = 0
    """The Service's port."""

    def __str__(self) -> str:
        place = f"pod {self.pod['metadata']['name']}" if self.pod else f"address {self.address}"
        return f"{place}, port {self.target}"


class Services:
    """Resolves what connectors dial; the endpoints of a Service take turns."""

    def __init__(self, objects: RecentObjects) -> None:
        self._objects = objects
        self._counter = itertools.count()

    async def resolve(self, host: str, port: int, namespace: str, node: str = "") -> Backend:
        """The backend of a host and port, for a pod of `namespace` on `node`. Raises NoEndpoint.

        `host` is a name such as `blog`, `blog.shop` or `blog.shop.svc.cluster.local`, or an IP address: a Service's, a
        pod's, or one outside the cluster.
        """
        if _is_address(host):
            return await self._of_address(host, port, node)
        name = parse_name(host, namespace)
        path = f"/api/v1/namespaces/{name.namespace}/services/{name.name}"
        service = await self._objects.get(path)
        if service is None:
            raise NoEndpoint(f"there is no Service {name.name} in the namespace {name.namespace}")
        return await self._of_service(service, port, node, name.hostname)

    async def config_map_files(self, pod: Object, folder: str) -> dict[str, str]:
        """The files that a pod mounts at `folder` from a ConfigMap, by name."""
        for container in pod["spec"]["containers"]:
            mounts = {mount["mountPath"].rstrip("/"): mount["name"] for mount in container.get("volumeMounts", [])}
            for volume in pod["spec"].get("volumes", []):
                if volume["name"] == mounts.get(folder) and "configMap" in volume:
                    path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/configmaps/{volume['configMap']['name']}"
                    return (await self._objects.get(path) or {}).get("data") or {}
        return {}

    async def _of_service(self, service: Object, port: int, node: str, hostname: str = "") -> Backend:
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        slices = await self._objects.items(path, labelSelector=f"kubernetes.io/service-name={name}")
        endpoint = self._next(endpoints(service, slices, port, hostname=hostname, node=node))
        if endpoint.pod is None:
            pod = await self._pod_at(endpoint.address)
        elif (pod := await self._objects.pod(*endpoint.pod)) is None:
            raise NoEndpoint(f"the pod behind Service {name} of {namespace} no longer exists")
        _require_listener(pod, endpoint.port)
        return Backend(endpoint.address, endpoint.port, pod, f"{namespace}/{name}", port)

    async def _of_address(self, address: str, port: int, node: str) -> Backend:
        if service := service_at(await self._objects.items("/api/v1/services"), address, port):
            return await self._of_service(service, port, node)
        pod = await self._pod_at(address)
        _require_listener(pod, port)
        return Backend(address, port, pod)

    async def _pod_at(self, address: str) -> Object | None:
        pods = await self._objects.items("/api/v1/pods", fieldSelector=f"status.podIP={address}")
        return next(iter(pods), None)

    def _next(self, found: Sequence[Endpoint]) -> Endpoint:
        ordered = sorted(found, key=lambda endpoint: (endpoint.pod or ("", ""), endpoint.address, endpoint.port))
        return ordered[next(self._counter) % len(ordered)]


def _require_listener(pod: Object | None, port: int) -> None:
    """Raises NoEndpoint where a pod declares ports, and this is none of them: nothing runs in it that could listen."""
    containers = pod["spec"].get("containers") or [] if pod else []
    listed = [one for container in containers for one in container.get("ports") or []]
    declared = {one["containerPort"] for one in listed if one.get("protocol", "TCP") == "TCP"}
    if pod and declared and port not in declared:
        numbers = ", ".join(map(str, sorted(declared)))
        raise NoEndpoint(f"pod {pod['metadata']['name']} declares the ports {numbers}, and does not listen on {port}")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

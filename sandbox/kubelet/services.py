"""Resolution of Service names to ready pods, as the cluster's DNS and kube-proxy do it."""

import itertools
import time
from dataclasses import dataclass
from typing import Any

from sandbox.kubelet.cluster_api import ClusterApi, Object

_CACHE_SECONDS = 1.0
"""How long a response of the API server is reused, so that load on a hostname is not load on the API server."""


class NoEndpoint(Exception):
    """The address has no endpoint; the message says why."""


@dataclass(frozen=True)
class Backend:
    """The endpoint of one connection: a Service, a pod behind it and the pod's port."""

    namespace: str
    service: str
    port: int
    pod: Object
    target: int | str


class Services:
    """Resolves Services; the pods of one take turns."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api
        self._cache: dict[str, tuple[float, Any]] = {}
        self._counter = itertools.count()

    async def resolve(self, host: str, port: int, namespace: str) -> Backend:
        """The endpoint of a host and port for a pod of `namespace`. Raises NoEndpoint.

        `host` is a name such as `blog`, `blog.shop` or `blog.shop.svc.cluster.local`.
        """
        name, namespace = _service_of(host, namespace)
        service = await self._get(f"/api/v1/namespaces/{namespace}/services/{name}")
        if service is None:
            raise NoEndpoint(f"there is no Service {name} in the namespace {namespace}")
        spec = service["spec"]
        if spec.get("type") == "ExternalName":
            raise NoEndpoint(f"Service {name} is an alias of {spec.get('externalName')}, outside the cluster")
        target = _target_port(spec, port)
        if target is None:
            raise NoEndpoint(f"Service {name} of {namespace} has no port {port}")
        pods = await self._ready_pods(namespace, name)
        if not pods:
            raise NoEndpoint(f"Service {name} of {namespace} has no ready pod")
        pod = await self._get(f"/api/v1/namespaces/{namespace}/pods/{pods[next(self._counter) % len(pods)]}")
        if pod is None:
            raise NoEndpoint(f"the pod behind Service {name} of {namespace} no longer exists")
        return Backend(namespace, name, port, pod, target)

    async def config_map_files(self, backend: Backend, folder: str) -> dict[str, str]:
        """The files that the pod mounts at `folder` from a ConfigMap, by name."""
        for container in backend.pod["spec"]["containers"]:
            mounts = {mount["mountPath"].rstrip("/"): mount["name"] for mount in container.get("volumeMounts", [])}
            for volume in backend.pod["spec"].get("volumes", []):
                if volume["name"] == mounts.get(folder) and "configMap" in volume:
                    name = volume["configMap"]["name"]
                    config_map = await self._get(f"/api/v1/namespaces/{backend.namespace}/configmaps/{name}")
                    return (config_map or {}).get("data") or {}
        return {}

    async def _ready_pods(self, namespace: str, service: str) -> list[str]:
        path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        slices = await self._get(path, labelSelector=f"kubernetes.io/service-name={service}")
        names = {
            endpoint["targetRef"]["name"]
            for endpoint_slice in (slices or {}).get("items", [])
            for endpoint in endpoint_slice.get("endpoints") or []
            if endpoint.get("conditions", {}).get("ready") and endpoint.get("targetRef", {}).get("kind") == "Pod"
        }
        return sorted(names)

    async def _get(self, path: str, **query: str) -> Object | None:
        key = f"{path}?{query}"
        fetched_at, content = self._cache.get(key, (0.0, None))
        if time.monotonic() - fetched_at > _CACHE_SECONDS or not fetched_at:
            content = await self._api.get(path, **query)
            self._cache[key] = (time.monotonic(), content)
        return content


def _service_of(host: str, namespace: str) -> tuple[str, str]:
    """Name and namespace of the Service; raises NoEndpoint where `host` is not a Service's name."""
    labels = host.rstrip(".").split(".")
    name, service_namespace, domain = labels[0], (labels[1:2] or [namespace])[0], tuple(labels[2:])
    # The cluster's domain may be any: the stack's `clusterDomain` is what it says of its own cluster.
    if not name or domain[:1] not in ((), ("svc",)):
        raise NoEndpoint(f"{host} is not a Service of this cluster, and nothing else can be reached from it")
    return name, service_namespace


def _target_port(spec: Object, port: int) -> int | str | None:
    if spec.get("clusterIP") == "None":
        return port  # headless: its name resolves to the pods' own addresses, with any port
    return next((item.get("targetPort", port) for item in spec.get("ports", []) if item["port"] == port), None)

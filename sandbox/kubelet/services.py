"""Service names, as the cluster's DNS and its proxies resolve them: to one ready pod at a time."""

import itertools
import time
from dataclasses import dataclass
from typing import Any

from sandbox.kubelet.cluster_api import ClusterApi, Object

_FRESH = 1.0
"""Seconds that an answer of the API server's is used for: a load on a hostname is none on the cluster."""
_DOMAIN = ("svc", "cluster", "local")


class NoOrigin(Exception):
    """Nothing answers at this address, and why."""


@dataclass(frozen=True)
class Backend:
    """The pod behind a Service that a request goes to, and the port of it."""

    namespace: str
    service: str
    port: int
    pod: Object
    target: int | str


class Services:
    """Looks Services up. `find` is what a connection to a name and port comes to."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api
        self._kept: dict[str, tuple[float, Any]] = {}
        self._turn = itertools.count()

    async def find(self, host: str, port: int, namespace: str) -> Backend:
        """`host` as a pod of `namespace` may write it: `blog`, `blog.shop`, `blog.shop.svc.cluster.local`. Raises NoOrigin."""
        name, where = _named(host, namespace)
        service = await self._get(f"/api/v1/namespaces/{where}/services/{name}")
        if service is None:
            raise NoOrigin(f"there is no Service {name} in the namespace {where}")
        spec = service["spec"]
        if spec.get("type") == "ExternalName":
            raise NoOrigin(f"Service {name} is a name for {spec.get('externalName')}, outside the cluster")
        target = _target(spec, port)
        if target is None:
            raise NoOrigin(f"Service {name} of {where} has no port {port}")
        pods = await self._ready_pods(where, name)
        if not pods:
            raise NoOrigin(f"Service {name} of {where} has no ready pod")
        path = f"/api/v1/namespaces/{where}/pods/{pods[next(self._turn) % len(pods)]}"
        pod = await self._get(path)
        if pod is None:
            raise NoOrigin(f"the pod behind Service {name} of {where} is gone")
        return Backend(where, name, port, pod, target)

    async def files(self, backend: Backend, folder: str) -> dict[str, str]:
        """What the pod mounts at `folder` from a ConfigMap: file names and their content."""
        for container in backend.pod["spec"]["containers"]:
            mounts = {mount["mountPath"].rstrip("/"): mount["name"] for mount in container.get("volumeMounts", [])}
            for volume in backend.pod["spec"].get("volumes", []):
                if volume["name"] == mounts.get(folder) and "configMap" in volume:
                    name = volume["configMap"]["name"]
                    found = await self._get(f"/api/v1/namespaces/{backend.namespace}/configmaps/{name}")
                    return (found or {}).get("data") or {}
        return {}

    async def _ready_pods(self, namespace: str, service: str) -> list[str]:
        path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        slices = await self._get(path, labelSelector=f"kubernetes.io/service-name={service}")
        names = {
            endpoint["targetRef"]["name"]
            for part in (slices or {}).get("items", [])
            for endpoint in part.get("endpoints") or []
            if endpoint.get("conditions", {}).get("ready") and endpoint.get("targetRef", {}).get("kind") == "Pod"
        }
        return sorted(names)

    async def _get(self, path: str, **query: str) -> Object | None:
        key = f"{path}?{query}"
        when, found = self._kept.get(key, (0.0, None))
        if time.monotonic() - when > _FRESH or not when:
            found = await self._api.get(path, **query)
            self._kept[key] = (time.monotonic(), found)
        return found


def _named(host: str, namespace: str) -> tuple[str, str]:
    """Name and namespace of the Service that `host` is; raises NoOrigin for what is none."""
    labels = host.rstrip(".").split(".")
    name, where, domain = labels[0], (labels[1:2] or [namespace])[0], tuple(labels[2:])
    if not name or domain != _DOMAIN[: len(domain)] or len(domain) == 2:
        raise NoOrigin(f"{host} is no Service of this cluster, and nothing else is reached from it")
    return name, where


def _target(spec: Object, port: int) -> int | str | None:
    if spec.get("clusterIP") == "None":
        return port  # headless: the pods' own addresses, on any port
    return next((each.get("targetPort", port) for each in spec.get("ports", []) if each["port"] == port), None)

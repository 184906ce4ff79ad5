"""Services that a stack file takes for granted: made up, or given as manifests."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from clients.errors import KubernetesApiError
from clients.kubernetes import KubernetesApi, Object
from clients.pod_status import is_ready
from sandbox.errors import SandboxError
from sandbox.tools.tool import Progress

if TYPE_CHECKING:
    from settings import Settings

MADE_UP = "culvert.sandbox/made-up"
"""Label of the Services that no manifest gave."""
_MADE_UP_HINT = (
    "The sandbox made the Service up: apply such a pod with kubectl in the shell of `python -m sandbox env`; if your "
    "Service has other labels or ports, give its manifest with --manifests"
)
_DELETION_SECONDS = 30
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_PATHS = {
    ("v1", "Service"): "/api/v1/namespaces/{}/services",
    ("discovery.k8s.io/v1", "EndpointSlice"): "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
}
_OF_THE_CLUSTER = ("default", "kubernetes")
"""Namespace and name of the Service of the Kubernetes API, which each cluster has of its own."""


def created_namespace(settings: "Settings", namespace: str) -> str | None:
    """The namespace that the stack creates; None where it exists already."""
    return namespace if settings.namespace is None or settings.namespace.create else None


def assumed_services(settings: "Settings", namespace: str) -> list[Object]:
    """The Services that routes lead to, as the stack file describes them: a target port equal to the Service's, and
    pods labelled `app.kubernetes.io/name`, unless a backend declares others.

    Not those of the namespace that the stack creates: none can be there before the first run. Nor a name that ends with
    a dot, which says that it is no Service.
    """
    created = created_namespace(settings, namespace)
    found: dict[tuple[str, str], Object] = {}
    for route in settings.routes:
        origin, backend = route.origin, route.backend
        key = (origin.namespace or namespace, origin.service)
        if not origin.service or key[0] == created or key == _OF_THE_CLUSTER:
            continue
        made = found.setdefault(key, {"ports": {}, "selector": _selector(origin.service)})
        target = (backend.target_port if backend else None) or made["ports"].get(origin.port) or origin.port
        made["ports"][origin.port] = target
        if backend and backend.pod_selector:
            made["selector"] = backend.pod_selector
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"namespace": key[0], "name": key[1], "labels": {MADE_UP: "true"}},
            "spec": {
                "selector": made["selector"],
                "ports": [
                    {"name": f"port-{port}", "port": port, "targetPort": target}
                    for port, target in made["ports"].items()
                ],
            },
        }
        for key, made in found.items()
    ]


def read_manifests(folder: Path) -> list[Object]:
    """The Services and EndpointSlices in the YAML and JSON files of a folder and those below it, without what a cluster
    assigns, and without objects that culvert creates itself. EndpointSlices are left out where a Service's selector
    says more. Raises SandboxError for a folder without any.
    """
    files = sorted(path for suffix in ("yaml", "yml", "json") for path in folder.rglob(f"*.{suffix}"))
    objects = [_without_assigned(each) for file in files for each in _documents(file) if _path(each)]
    if not objects:
        raise SandboxError(
            f"{folder} has no manifest of a Service",
            key="--manifests",
            value=str(folder),
            accepted="a folder with YAML or JSON files of Services and EndpointSlices",
        )
    services = {_key(each): each for each in objects if each["kind"] == "Service"}
    return [
        each
        for each in objects
        if _key(each) != _OF_THE_CLUSTER
        and each["metadata"]["labels"].get("app.kubernetes.io/part-of") != "culvert"
        and (each["kind"] == "Service" or _depends_on_slices(services.get(_service_of(each))))
    ]


def make_up(kubeconfig: Path, services: Iterable[Object], progress: Progress) -> None:
    """Creates the Services that do not exist. One that was made up gets the ports of this stack too.

    Reports each that has no pod to lead to: visitors get error 502 from it.
    """
    api = KubernetesApi(str(kubeconfig))
    for service in services:
        path = f"{_path(service)}/{service['metadata']['name']}"
        found = api.find(path)
        if found is None:
            _create_in_namespace(api, service)
        elif MADE_UP in (found["metadata"].get("labels") or {}):
            _extend(api, path, found, service)
        if problem := _without_pods(api, service):
            progress(f"{problem}, so visitors get error 502. {_MADE_UP_HINT}")


def _without_pods(api: KubernetesApi, service: Object) -> str:
    """What a Service that was made up has no pod for, as the beginning of a sentence; empty if nothing is missing."""
    namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
    current = api.get(f"{_path(service)}/{name}")
    if MADE_UP not in (current["metadata"].get("labels") or {}):
        return ""  # it exists by a manifest or by kubectl
    selector = current["spec"]["selector"]
    ready = [pod for pod in api.items(f"/api/v1/namespaces/{namespace}/pods", selector) if is_ready(pod)]
    ports = [_target(port) for port in service["spec"]["ports"]]
    missing = [port for port in ports if not any(_listens(pod, port) for pod in ready)]
    if not missing:
        return ""
    labels = ",".join(f"{key}={value}" for key, value in selector.items())
    return f"Service {namespace}/{name} has no ready pod labelled {labels} with port {', '.join(map(str, missing))}"


def _listens(pod: Object, port: int | str) -> bool:
    """Whether a pod listens on a port in the sandbox: on those that it declares, or on any if it declares none."""
    declared = [one for container in pod["spec"].get("containers") or [] for one in container.get("ports") or []]
    return not declared or any(port in (one["containerPort"], one.get("name")) for one in declared)


def apply_manifests(kubeconfig: Path, manifests: Iterable[Object], created: str | None, progress: Progress) -> None:
    """Creates the objects, or replaces them, and deletes every Service that was made up.

    Objects of the namespace that the stack creates, `created`, wait until the stack has created it.
    """
    api = KubernetesApi(str(kubeconfig))
    for found in api.items("/api/v1/services", {MADE_UP: "true"}):
        _delete(api, f"{_PATHS['v1', 'Service'].format(found['metadata']['namespace'])}/{found['metadata']['name']}")
    given = list(manifests)
    if created and api.find(f"/api/v1/namespaces/{created}") is None:
        waiting = [each for each in given if each["metadata"]["namespace"] == created]
        given = [each for each in given if each not in waiting]
        if names := ", ".join(each["metadata"]["name"] for each in waiting):
            progress(f"not there before the stack has created the namespace {created}: {names}. Run up again then")
    for manifest in given:
        _delete(api, f"{_path(manifest)}/{manifest['metadata']['name']}")
        _create_in_namespace(api, manifest)


def _extend(api: KubernetesApi, path: str, found: Object, wanted: Object) -> None:
    """What a stack file declares precedes what follows from nothing but the port and the name."""
    ports = {port["port"]: port for port in found["spec"]["ports"]}
    changed = [
        port
        for port in wanted["spec"]["ports"]
        if port["port"] not in ports
        or (port["targetPort"] != port["port"] and _target(ports[port["port"]]) != port["targetPort"])
    ]
    selector = wanted["spec"]["selector"]
    declared = selector not in (_selector(wanted["metadata"]["name"]), found["spec"].get("selector"))
    patch: Object = {"ports": changed} if changed else {}
    patch |= {"selector": {**selector, "$patch": "replace"}} if declared else {}
    if patch:
        api.patch(path, {"spec": patch})


def _delete(api: KubernetesApi, path: str) -> None:
    """Deletes the object and waits until it is gone: a new one cannot be created before."""
    api.delete(path)
    deadline = time.monotonic() + _DELETION_SECONDS
    while api.find(path) is not None:
        if time.monotonic() > deadline:
            raise SandboxError(f"the cluster has not deleted {path} after {_DELETION_SECONDS} seconds")
        time.sleep(0.05)


def _selector(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name}


def _target(port: Object) -> Any:
    return port.get("targetPort", port["port"])


def _create_in_namespace(api: KubernetesApi, item: Object) -> None:
    name = {"name": item["metadata"]["namespace"]}
    _create(api, "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": name})
    _create(api, _path(item) or "", item)


def _create(api: KubernetesApi, path: str, item: Object) -> None:
    try:
        api.text("POST", path, {}, item, {"Content-Type": "application/json"})
    except KubernetesApiError as error:
        if error.status != 409:
            raise SandboxError(
                f"the cluster refused {item['kind']} {item['metadata']['name']}: {error.reason}"
            ) from None


def _documents(file: Path) -> list[Object]:
    try:
        documents = list(yaml.safe_load_all(file.read_text()))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SandboxError(
            f"{file} cannot be read: {' '.join(str(error).split())}",
            key="--manifests",
            value=str(file),
            accepted="YAML or JSON",
        ) from None
    items = [each for each in documents if isinstance(each, dict)]
    return [inner for each in items for inner in (each.get("items") or [] if each.get("kind") == "List" else [each])]


def _path(item: Any) -> str | None:
    """The path of the item's collection; None for other kinds, and without a name."""
    metadata = item.get("metadata") if isinstance(item, dict) else None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        return None
    path = _PATHS.get((str(item.get("apiVersion")), str(item.get("kind"))))
    return path and path.format(metadata.get("namespace") or "default")


def _without_assigned(item: Object) -> Object:
    """A manifest without what the cluster that it comes from assigned."""
    metadata = item["metadata"]
    labels = {**(metadata.get("labels") or {})}
    kept: Object = {"name": metadata["name"], "namespace": metadata.get("namespace") or "default", "labels": labels}
    if item["kind"] == "EndpointSlice":
        labels[_MANAGED_BY] = "culvert.sandbox"  # so that the controller of the sandbox's cluster leaves it alone
        fields = {key: item[key] for key in ("addressType", "ports") if key in item}
        # Not the pods, which are those of another cluster.
        fields["endpoints"] = [
            {key: each[key] for key in ("addresses", "conditions") if key in each}
            for each in item.get("endpoints") or []
        ]
        return {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": kept, **fields}
    spec = item.get("spec") or {}
    ports = [{key: value for key, value in port.items() if key != "nodePort"} for port in spec.get("ports") or []]
    described = {key: spec[key] for key in ("selector", "externalName") if spec.get(key)}
    described |= {"type": "ExternalName"} if spec.get("type") == "ExternalName" else {}
    described |= {"clusterIP": "None"} if spec.get("clusterIP") == "None" else {}
    return {"apiVersion": "v1", "kind": "Service", "metadata": kept, "spec": {**described, "ports": ports}}


def _key(item: Object) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _service_of(endpoint_slice: Object) -> tuple[str, str]:
    labels = endpoint_slice["metadata"]["labels"]
    return endpoint_slice["metadata"]["namespace"], labels.get("kubernetes.io/service-name", "")


def _depends_on_slices(service: Object | None) -> bool:
    return service is None or not service["spec"].get("selector") or service["spec"].get("clusterIP") == "None"

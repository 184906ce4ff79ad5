"""Pods, read from any kind of object that declares them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policy.property_paths import as_list, get_path, texts
from policy.stack import Resource, Stack

_TEMPLATE = ("spec", "template")
_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    **dict.fromkeys(
        ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"), _TEMPLATE
    ),
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
}
"""Kind → path of the pod's metadata and spec."""


@dataclass(frozen=True)
class Pod:
    """A declared pod; `namespace`, `labels` and `spec` may be UNKNOWN."""

    namespace: Any
    metadata: Any
    spec: Any

    @property
    def labels(self) -> Any:
        """Its labels."""
        return get_path(self.metadata, "labels")

    @property
    def containers(self) -> Iterator[tuple[str, Any]]:
        """Name and spec of every container, init and ephemeral containers included."""
        for kind in ("initContainers", "containers", "ephemeralContainers"):
            for index, container in enumerate(as_list(get_path(self.spec, kind))):
                yield str(get_path(container, "name") or f"{kind}[{index}]"), container

    @property
    def is_connector(self) -> bool:
        """Whether it runs cloudflared, by its label, image name, command, arguments or environment."""
        if get_path(self.labels, "app.kubernetes.io/name") == "cloudflared":
            return True
        return any(_is_cloudflared(container) for _, container in self.containers)


def pod_of(resource: Resource) -> Pod | None:
    """The pod that a Kubernetes object declares, or None."""
    path = _TEMPLATES.get(resource.kind)
    if path is None or not resource.in_cluster:
        return None
    properties = resource.properties
    namespace = get_path(properties, "metadata", "namespace") or "default"
    return Pod(namespace, get_path(properties, *path, "metadata"), get_path(properties, *path, "spec"))


def connector_of(resource: Resource) -> Pod | None:
    """The declared pod if it runs cloudflared, else None."""
    pod = pod_of(resource)
    return pod if pod and pod.is_connector else None


def connectors(stack: Stack) -> list[Pod]:
    """The pods of a stack that run cloudflared."""
    return [pod for resource in stack.resources if (pod := connector_of(resource))]


def _is_cloudflared(container: Any) -> bool:
    image = get_path(container, "image")
    name = re.split("[:@]", image.rsplit("/", 1)[-1])[0] if isinstance(image, str) else ""
    words = [
        word for part in ("command", "args") for _, text in texts(get_path(container, part)) for word in text.split()
    ]
    variables = {get_path(variable, "name") for variable in as_list(get_path(container, "env"))}
    return (
        "cloudflared" in name
        or ("tunnel" in words and "run" in words)
        or bool(variables & {"TUNNEL_TOKEN", "TUNNEL_TOKEN_FILE"})
    )

"""Pods, in whatever kind of object declares them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policy.property_paths import at, each, texts
from policy.stack import Resource, Stack

_TEMPLATE = ("spec", "template")
_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    **dict.fromkeys(
        ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"), _TEMPLATE
    ),
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
}
"""Kind → where in it the pod's metadata and spec stand."""


@dataclass(frozen=True)
class Pod:
    """A pod that an object declares; `namespace`, `labels` and `spec` may be UNKNOWN."""

    namespace: Any
    metadata: Any
    spec: Any

    @property
    def labels(self) -> Any:
        """Its labels."""
        return at(self.metadata, "labels")

    @property
    def containers(self) -> Iterator[tuple[str, Any]]:
        """Name and spec of every container, those that run first or are for debugging included."""
        for kind in ("initContainers", "containers", "ephemeralContainers"):
            for index, container in enumerate(each(at(self.spec, kind))):
                yield str(at(container, "name") or f"{kind}[{index}]"), container

    @property
    def is_connector(self) -> bool:
        """Whether cloudflared runs in it: by its label, its image's name, or what it is told to do."""
        if at(self.labels, "app.kubernetes.io/name") == "cloudflared":
            return True
        return any(_is_cloudflared(container) for _, container in self.containers)


def pod_of(resource: Resource) -> Pod | None:
    """The pod that an object of a cluster declares, if it declares one."""
    path = _TEMPLATES.get(resource.kind)
    if path is None or not resource.in_cluster:
        return None
    properties = resource.properties
    namespace = at(properties, "metadata", "namespace") or "default"
    return Pod(namespace, at(properties, *path, "metadata"), at(properties, *path, "spec"))


def connector_of(resource: Resource) -> Pod | None:
    """The pod of an object that runs cloudflared, if it does."""
    pod = pod_of(resource)
    return pod if pod and pod.is_connector else None


def connectors(stack: Stack) -> list[Pod]:
    """The connectors' pods of a stack."""
    return [pod for resource in stack.resources if (pod := connector_of(resource))]


def _is_cloudflared(container: Any) -> bool:
    image = at(container, "image")
    name = re.split("[:@]", image.rsplit("/", 1)[-1])[0] if isinstance(image, str) else ""
    words = [word for part in ("command", "args") for _, text in texts(at(container, part)) for word in text.split()]
    variables = {at(variable, "name") for variable in each(at(container, "env"))}
    return (
        "cloudflared" in name
        or ("tunnel" in words and "run" in words)
        or bool(variables & {"TUNNEL_TOKEN", "TUNNEL_TOKEN_FILE"})
    )

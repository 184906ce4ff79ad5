"""Contents of a namespace that are not the stack's: a namespace is deleted together with everything in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from clients.errors import KubernetesApiError
from clients.kubernetes import KubernetesApi
from ops.recover.live_resources import field_manager, owner_of

Body = Mapping[str, Any]
IsOwn = Callable[[str, Body], bool]
"""Whether an object is the stack's, by its type of the engine and its metadata."""

_MADE_BY_KUBERNETES = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
"""What the control plane puts into every namespace."""
_DERIVED = ("Event", "Endpoints", "EndpointSlice")
"""Kinds that controllers write about other objects."""


@dataclass
class ForeignContents:
    """What a namespace has beside the stack's own objects."""

    objects: list[str] = field(default_factory=list)
    """Each `Kind name`, without those that belong to another object (a Deployment's pods)."""
    unread: list[str] = field(default_factory=list)
    """Kinds that could not be listed, each with the reason."""

    def __bool__(self) -> bool:
        return bool(self.objects or self.unread)

    def lines(self) -> list[str]:
        return [*self.objects, *(f"unknown: {reason}" for reason in self.unread)]


def foreign_contents(cluster: KubernetesApi, namespace: str, is_own: IsOwn) -> ForeignContents:
    """Lists the objects of a namespace that are not the stack's, of every kind that the cluster has."""
    contents = ForeignContents()
    for version, kind, path in _namespaced_kinds(cluster, contents):
        try:
            # Metadata alone: no Secret is read.
            listed = cluster.items(path.format(namespace=namespace), metadata_only=True)
        except KubernetesApiError as error:
            # Some kinds cannot be listed; others are served by an API that is not running.
            if error.status not in (404, 405):
                contents.unread.append(f"{kind}: {error}")
            continue
        type = f"kubernetes:{version if '/' in version else f'core/{version}'}:{kind}"
        for body in listed:
            metadata = body["metadata"]
            # What has no uid is not stored: an API computes it for each request, as it does the metrics of pods.
            derived = not metadata.get("uid") or metadata.get("ownerReferences") or kind in _DERIVED
            if not derived and (kind, metadata["name"]) not in _MADE_BY_KUBERNETES and not is_own(type, body):
                contents.objects.append(f"{kind} {metadata['name']}")
    contents.objects.sort()
    return contents


def own_objects(resources: Iterable[Mapping[str, Any]], mark: str) -> IsOwn:
    """Whether an object is the stack's: its state has it, or the engine created it with the stack's annotation."""
    known = {(resource["type"], resource.get("id")) for resource in resources}

    def is_own(type: str, body: Body) -> bool:
        id = f"{body['metadata']['namespace']}/{body['metadata']['name']}"
        return (type, id) in known or (bool(field_manager(body)) and owner_of(body) == mark)

    return is_own


def _namespaced_kinds(cluster: KubernetesApi, contents: ForeignContents) -> Iterator[tuple[str, str, str]]:
    """API version, kind and path of each kind that can be listed in a namespace."""
    groups = cluster.get("/apis")["groups"]
    for version in ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]:
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        try:
            served = cluster.get(root).get("resources") or []
        except KubernetesApiError as error:
            contents.unread.append(f"{version}: {error}")
            continue
        for kind in served:
            if kind["namespaced"] and "/" not in kind["name"] and "list" in kind["verbs"]:
                yield version, kind["kind"], f"{root}/namespaces/{{namespace}}/{kind['name']}"

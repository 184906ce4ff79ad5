"""Live resources: what exists at Cloudflare and in the cluster, found by the inputs that it was created from."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clients.cloudflare import CloudflareApi
from clients.kubernetes import KubernetesApi
from components.exposure.hooks.rulesets import release_rules
from components.naming import OWNER
from ops.recover.cloudflare_kinds import RULESET, TUNNEL, CloudflareKind
from ops.recover.kinds import KINDS, Kind
from ops.recover.object_kinds import ObjectKind

FIELD_MANAGER = "pulumi-kubernetes"
"""Prefix of the field managers under which the engine's plugin writes."""


@dataclass(frozen=True)
class LiveResource:
    """A resource that exists. `id` is the engine's, `path` and `body` those of the resource's API."""

    kind: Kind
    name: str
    id: str
    path: str
    body: Mapping[str, Any]

    @property
    def type(self) -> str:
        return self.kind.type

    @property
    def key(self) -> tuple[str, str]:
        """Type and id, which identify it."""
        return (self.type, self.id)

    @property
    def noun(self) -> str:
        """Its kind for display: `tunnel`, `record`, `Deployment`."""
        return self.kind.kind if isinstance(self.kind, ObjectKind) else self.kind.noun


class LiveResources:
    """What exists at Cloudflare and in the cluster. Each is connected to on first use.

    All methods raise CheckUnavailable if one cannot be read.
    """

    def __init__(self, environ: Mapping[str, str], provider: Mapping[str, str] | None = None) -> None:
        """`environ` says where they are: `CLOUDFLARE_API_TOKEN`, `CLOUDFLARE_BASE_URL`, `KUBECONFIG`. `provider` has
        the `kubeconfig` and the `context` that the stack file names, if it does."""
        self._environ = environ
        self._provider = provider or {}

    @cached_property
    def cloudflare(self) -> CloudflareApi:
        return CloudflareApi(self._environ)

    @cached_property
    def cluster(self) -> KubernetesApi:
        kubeconfig = self._provider.get("kubeconfig") or self._environ.get("KUBECONFIG")
        return KubernetesApi(kubeconfig, self._provider.get("context"))

    def find(
        self, type: str, inputs: Mapping[str, Any], except_for: Collection[tuple[str, str]] = ()
    ) -> LiveResource | None:
        """The resource that was created from these inputs, if any; of several, the newest.

        Resources with a type and id in `except_for` are known to be others. None as well for types that exist only in
        the state, or that can be written twice (`kinds.IN_THE_STATE_ALONE`).
        """
        kind = KINDS.get(type)
        if isinstance(kind, ObjectKind):
            found = self._find_object(kind, inputs["metadata"])
            return None if found and found.key in except_for else found
        if kind is None:
            return None
        candidates = [
            one
            for one in self.at_cloudflare(kind, kind.scope_id(inputs))
            if kind.matches(one.body, inputs) and one.key not in except_for
        ]
        return max(candidates, key=_age, default=None)

    def at_cloudflare(self, kind: CloudflareKind, scope_id: str) -> Iterator[LiveResource]:
        """All resources of a kind in an account or zone."""
        bodies = self.cloudflare.items(kind.path(scope_id), kind.permission, paged=kind.paged, **(kind.current or {}))
        for body in bodies:
            within = {"zone_id": scope_id} if kind.scope == "zones" else {}
            path = kind.path(scope_id, body["id"])
            yield LiveResource(kind, body.get(kind.name) or "", body["id"], path, {**body, **within})

    def exists(self, resource: Mapping[str, Any]) -> bool:
        """Whether a resource of the state still exists. Its type is one of `KINDS`."""
        kind, id = KINDS[resource["type"]], resource["id"]
        if isinstance(kind, ObjectKind):
            namespace, _, name = id.rpartition("/")
            return self.cluster.find(kind.path(namespace, name)) is not None
        body = self.cloudflare.find(kind.path(kind.scope_id(resource["inputs"]), id), kind.permission)
        return body is not None and not body.get("deleted_at")

    def is_deleted(self, resource: Mapping[str, Any]) -> bool:
        """Whether a tunnel no longer exists, which a refresh does not notice; False for all other types."""
        if resource["type"] != TUNNEL.type:
            return False
        return self.cloudflare.tunnel(resource["inputs"]["accountId"], resource["id"]) is None

    def delete(self, resource: LiveResource, owner: str) -> None:
        """Deletes a resource of the stack with the name `owner`.

        Of a tunnel first the connections, because of which the API would refuse; of a ruleset only the stack's rules.
        """
        if resource.kind is RULESET:
            release_rules(self.cloudflare, resource.body["zone_id"], resource.id, owner)
        elif isinstance(resource.kind, CloudflareKind):
            if resource.kind is TUNNEL:
                self.cloudflare.delete(f"{resource.path}/connections", TUNNEL.permission)
            self.cloudflare.delete(resource.path, resource.kind.permission)
        else:
            self.cluster.delete(resource.path)

    def _find_object(self, kind: ObjectKind, metadata: Mapping[str, Any]) -> LiveResource | None:
        body = self.cluster.find(kind.path(metadata.get("namespace", "default"), metadata["name"]))
        # Only an object that the engine created: one of the same name that was created elsewhere has other managers.
        if body is None or not field_manager(body) or is_terminating(body):
            return None
        same_owner = owner_of(body) == (metadata.get("annotations") or {}).get(OWNER, "")
        return from_object(kind, body) if same_owner else None


def from_object(kind: ObjectKind, body: Mapping[str, Any]) -> LiveResource:
    name, namespace = body["metadata"]["name"], body["metadata"].get("namespace")
    return LiveResource(
        kind,
        name,
        f"{namespace}/{name}" if namespace else name,
        kind.path(namespace, name),
        # Items of a list do not repeat these.
        {"apiVersion": kind.version, "kind": kind.kind, **body},
    )


def field_manager(body: Mapping[str, Any]) -> str:
    """The engine's field manager of an object; empty if the engine did not create it."""
    names = [field.get("manager", "") for field in body["metadata"].get("managedFields") or []]
    return next((name for name in sorted(names, reverse=True) if name.startswith(FIELD_MANAGER)), "")


def owner_of(body: Mapping[str, Any]) -> str:
    """The stack that an object's annotation names; empty without one."""
    return (body["metadata"].get("annotations") or {}).get(OWNER, "")


def is_terminating(body: Mapping[str, Any]) -> bool:
    # A namespace, for one, outlives its deletion until its pods have used up their grace period.
    return bool(body["metadata"].get("deletionTimestamp"))


def _age(resource: LiveResource) -> str:
    """When a resource at Cloudflare was created, in the API's format; the field's name depends on the kind."""
    return next((resource.body[key] for key in ("created_at", "created_on", "created") if resource.body.get(key)), "")

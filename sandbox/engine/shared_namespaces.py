"""Namespaces that a run deletes although others have objects in them."""

from collections.abc import Iterable, Mapping
from typing import Any

from ops.project import project_name
from ops.recover.object_kinds import NAMESPACE
from ops.recover.owner import Owner
from sandbox.errors import SandboxError

OPTION = "--delete-shared-namespace"
_SHOWN = 20


def shared_namespaces(
    stack: str, resources: Iterable[Mapping[str, Any]], kubeconfig: str, deleted: Iterable[str] | None = None
) -> dict[str, list[str]]:
    """The namespaces of a stack's state with objects of others, and these objects; of those in `deleted` if given."""
    resources = list(resources)
    namespaces = [one["id"] for one in resources if one["type"] == NAMESPACE.type and one.get("id")]
    if deleted is not None:
        namespaces = [name for name in namespaces if name in {*deleted}]
    if not namespaces:
        return {}
    # Imported here, since an update needs none of these clients.
    from clients.kubernetes import KubernetesApi
    from ops.recover.namespace_contents import foreign_contents, own_objects
    from sandbox.services.cluster_services import MADE_UP

    api = KubernetesApi(kubeconfig)
    own = own_objects(resources, Owner(project_name(), stack).mark)

    def is_own(type: str, body: Mapping[str, Any]) -> bool:
        # Services that the sandbox makes up for the routes of other stacks are of no use to anyone else.
        return own(type, body) or MADE_UP in (body["metadata"].get("labels") or {})

    contents = {name: foreign_contents(api, name, is_own) for name in namespaces}
    return {name: found.lines() for name, found in contents.items() if found}


def describe(shared: Mapping[str, list[str]]) -> str:
    """What would be deleted along with each namespace, in one line each."""
    return "\n".join(
        f"the namespace {name} also has objects of others, which are deleted with it: {', '.join(objects[:_SHOWN])}"
        + (f" and {len(objects) - _SHOWN} more" if len(objects) > _SHOWN else "")
        for name, objects in shared.items()
    )


def refuse(shared: Mapping[str, list[str]]) -> None:
    """Raises SandboxError if there are any."""
    if shared:
        raise SandboxError(
            f"{describe(shared)}. Nothing was deleted",
            key="namespace",
            value=", ".join(shared),
            accepted=f"a namespace without objects of others, or {OPTION}",
            source="docs/recover.md#a-namespace-with-objects-of-others",
        )

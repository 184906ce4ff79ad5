"""Field managers: which client owns which field of an object.

Creating an object and applying it later use two managers, and an apply removes only fields that the same manager
applied before. So an update first takes over the fields of the creation, and those that kubectl changed. Source:
`fixCSAFieldManagers`, `patchForce` and `handleSSAIgnoreFields` of pulumi-kubernetes 4.34, and
`PatchReplaceFieldsManagers` of github.com/fluxcd/pkg/ssa.
"""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.providers.kubernetes.api import CREATOR, Api

TAKEN_OVER = {
    "Update": (CREATOR, "pulumi-resource-kubernetes", "kubectl", "before-first-apply"),
    "Apply": ("kubectl",),
}
"""Operation → prefixes of the managers whose fields an update takes over: kubectl's are kubectl-edit, kubectl-set and
so on. Fields set through a subresource, as by `kubectl scale`, are not among them."""


def new_manager() -> str:
    """The name of one resource's own manager."""
    return f"{CREATOR}-{secrets.token_hex(4)}"


def only_created(live: dict[str, Any]) -> bool:
    """Whether the object has fields of its creation that no update has taken over."""
    return any(owner["manager"] == CREATOR and owner["operation"] == "Update" for owner in _owners(live))


def take_over_fields(api: Api, live: dict[str, Any], manager: str) -> dict[str, Any]:
    """Transfers the fields of the creation and of kubectl to `manager`. Returns the object with its new owners."""
    taken = [owner for owner in _owners(live) if _is_taken_over(owner)]
    if not taken:
        return live
    ours = [owner for owner in _owners(live) if owner["manager"] == manager and owner["operation"] == "Apply"]
    fields: dict[str, Any] = {}
    for owner in [*ours, *taken]:
        fields = _union(fields, owner.get("fieldsV1") or {})
    merged = {**(ours or taken)[0], "manager": manager, "operation": "Apply", "fieldsV1": fields}
    owners = [*(owner for owner in _owners(live) if owner not in (*ours, *taken)), merged]
    # Without its resourceVersion: controllers change the status of an object at any time.
    return api.merge(live, {"metadata": {"managedFields": owners}})


def _owners(live: Mapping[str, Any]) -> list[dict[str, Any]]:
    return live["metadata"].get("managedFields") or []


def _is_taken_over(owner: Mapping[str, Any]) -> bool:
    return owner["manager"].startswith(TAKEN_OVER[owner["operation"]]) and not owner.get("subresource")


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _union(one.get(key, {}), other.get(key, {})) for key in {**one, **other}}


def keep_ignored_fields(manifest: dict[str, Any], live: Mapping[str, Any], manager: str, paths: Iterable[str]) -> None:
    """Changes `manifest` so that applying it leaves the fields at `paths` as they are: it lacks those that only other
    managers own, and has the live values of the rest. Without its value, a field that `manager` owns would be removed.
    """
    for path in paths:
        *parents, last = path.split(".")
        owners = [owner for owner in _owners(live) if _owns(owner, path)]
        holder: Any = manifest
        for step in parents:
            holder = holder.get(step) or {}
        if owners and all(owner["manager"] != manager for owner in owners):
            holder.pop(last, None)
        elif (present := _at(live, path)) is not None:
            holder[last] = present


def _owns(owner: Mapping[str, Any], path: str) -> bool:
    return _at(owner.get("fieldsV1") or {}, ".".join(f"f:{step}" for step in path.split("."))) is not None


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value

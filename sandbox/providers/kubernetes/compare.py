"""Differences between a program's inputs and the live object, and which of them require a replacement.

Source: `diff.go` and `util.go` of pulumi-kubernetes 4.34: the live object is pruned to the keys of the old inputs, so
that fields the cluster adds are not differences, and compared with the new ones.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sandbox.providers.interface import Change
from sandbox.providers.values import plain

WORKLOAD = (".spec.selector",)
FORCE_NEW: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): WORKLOAD,
    ("apps", "Deployment"): WORKLOAD,
    ("apps", "StatefulSet"): (
        *WORKLOAD,
        ".spec.podManagementPolicy",
        ".spec.revisionHistoryLimit",
        ".spec.serviceName",
        ".spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): (*WORKLOAD, ".spec.completions", ".spec.parallelism", ".spec.template"),
    ("", "ConfigMap"): (".binaryData", ".data"),
    ("", "PersistentVolumeClaim"): (*WORKLOAD, ".spec.accessModes", ".spec.storageClassName", ".spec.volumeName"),
    ("", "Pod"): (".spec",),
    ("", "ResourceQuota"): (".spec.scopes",),
    ("", "Secret"): (".type", ".stringData", ".data"),
    ("", "Service"): (".spec.clusterIP",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (".roleRef",),
    ("rbac.authorization.k8s.io", "RoleBinding"): (".roleRef",),
    ("storage.k8s.io", "StorageClass"): (".parameters", ".provisioner"),
}
"""Group and kind → immutable fields, besides name and namespace."""

MISSING = object()
QUANTITIES = frozenset({"limits", "requests", "hard", "capacity", "sizeLimit"})
"""Keys whose values are resource quantities, which the API server writes in canonical form."""

UNITS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY_UNITS = {unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}


def force_new(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    group = manifest["apiVersion"].rpartition("/")[0]
    return ".metadata.name", ".metadata.namespace", *FORCE_NEW.get((group, manifest["kind"]), ())


def prune(live: Any, shape: Any, at: tuple[str | int, ...] = ()) -> Any:
    """`live` with the keys of `shape` only, and `shape`'s spelling of equal quantities (`1` and `1000m`).

    Empty values of `shape` that the API server omits are kept.
    """
    if isinstance(live, Mapping) and isinstance(shape, Mapping):
        return {
            name: prune(live[name], item, (*at, name)) if name in live else item
            for name, item in shape.items()
            if name in live or not item
        }
    if isinstance(live, list) and isinstance(shape, list):
        cut = [prune(one, item, (*at, number)) for number, (one, item) in enumerate(zip(live, shape, strict=False))]
        return [*cut, *live[len(shape) :]]
    return shape if same(live, shape, at) else live


def changes(old: Any, new: Any, immutable: tuple[str, ...]) -> dict[str, Change]:
    """Changes by property path. `old` is a pruned live object, `new` the inputs, `immutable` fields that replace."""
    found = {}
    for at, before, after in _walk((), plain(old), plain(new)):
        kind = "add" if before is MISSING else "delete" if after is MISSING else "update"
        dotted = "".join(f".{step}" for step in at if isinstance(step, str))
        value = before if after is MISSING else after
        replace = any(_touches(dotted, value, field) for field in immutable)
        found[_property_path(at)] = Change(kind, replace, of_inputs=kind == "delete")
    return found


def _walk(at: tuple[str | int, ...], old: Any, new: Any) -> Iterator[tuple[tuple[str | int, ...], Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from _walk((*at, name), old.get(name, MISSING), new.get(name, MISSING))
    elif isinstance(old, list) and isinstance(new, list):
        for number in range(max(len(old), len(new))):
            pair = (items[number] if number < len(items) else MISSING for items in (old, new))
            yield from _walk((*at, number), *pair)
    elif not same(old, new, at):
        yield at, old, new


def _touches(dotted: str, value: Any, immutable: str) -> bool:
    """Whether the change is inside an immutable field, or the added or removed value contains one."""
    if f"{dotted}.".startswith(f"{immutable}."):
        return True
    if not f"{immutable}.".startswith(f"{dotted}."):
        return False
    for step in immutable[len(dotted) :].strip(".").split("."):
        if not isinstance(value, Mapping) or step not in value:
            return False
        value = value[step]
    return True


def same(one: Any, other: Any, at: tuple[str | int, ...]) -> bool:
    """Equality where the quantities `1` and `1000m` are the same, and 1 and true are not."""
    if one == other and isinstance(one, bool) == isinstance(other, bool):
        return True
    if not QUANTITIES & set(at):
        return False
    amounts = quantity(one), quantity(other)
    return amounts[0] is not None and amounts[0] == amounts[1]


def quantity(value: Any) -> Decimal | None:
    """The number of a resource quantity (`500m`, `1Gi`, `2`); None for any other value."""
    found = re.fullmatch(r"([+-]?[0-9.]+)([numkMGTPE]?|[KMGTPE]i)", str(value))
    if not found or isinstance(value, bool):
        return None
    number, unit = Decimal(found[1]), found[2]
    return number * BINARY_UNITS[unit] if unit in BINARY_UNITS else number.scaleb(UNITS[unit])


def _property_path(at: tuple[str | int, ...]) -> str:
    """A path in the engine's syntax: `spec.containers[0].env`, `metadata.labels["app.kubernetes.io/name"]`."""
    text = ""
    for step in at:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.search(r'[."\[\]]', step):
            quoted = step.replace('"', '\\"')
            text += f'["{quoted}"]'
        else:
            text += f".{step}" if text else step
    return text

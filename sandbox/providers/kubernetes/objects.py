"""Kubernetes objects as inputs, as live state, and as what the engine keeps of both.

Source: `provider/pkg/provider` and `provider/pkg/metadata` of pulumi-kubernetes 4.34.
"""

import base64
import copy
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.providers.interface import ProviderError, Request
from sandbox.providers.values import Secret, Unknown, has_secret, has_unknown, plain

AUTONAMED = "pulumi.com/autonamed"
SERVER_MADE = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)
"""Metadata that only the API server writes."""


def kind_of(token: str) -> tuple[str, str]:
    """`kubernetes:apps/v1:Deployment` → (`apps/v1`, `Deployment`); the core group has no name in an object."""
    _, version, kind = token.split(":", 2)
    return version.removeprefix("core/"), kind


def normal(inputs: Mapping[str, Any], token: str) -> dict[str, Any]:
    """The inputs of one object in the form that is kept and compared: named kind, no nulls, a Secret's data encoded."""
    version, kind = kind_of(token)
    thing = without_nulls({"apiVersion": version, "kind": kind, **inputs})
    metadata = plain(thing.get("metadata")) or {}
    if isinstance(metadata, Unknown):
        raise ProviderError(f"the metadata of a {kind} cannot be unknown as a whole")
    thing["metadata"] = {name: value for name, value in metadata.items() if name not in SERVER_MADE}
    if is_secret(thing):
        data, text = thing.get("data"), thing.get("stringData")
        if text is not None and not has_unknown([data, text]):
            encoded = {name: _encoded(value) for name, value in plain(text).items()}
            thing["data"] = {**(plain(data) or {}), **encoded}
            del thing["stringData"]
    return thing


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def is_secret(thing: Mapping[str, Any]) -> bool:
    return thing.get("apiVersion") == "v1" and thing.get("kind") == "Secret"


def is_autonamed(thing: Mapping[str, Any]) -> bool:
    annotations = thing.get("metadata", {}).get("annotations")
    return isinstance(annotations, Mapping) and annotations.get(AUTONAMED) == "true"


def named(thing: dict[str, Any], old: Mapping[str, Any], request: Request) -> dict[str, Any]:
    """With a name: its own, or the one generated before, or a new one of the logical name and eight hex digits."""
    metadata = thing["metadata"]
    if metadata.get("name"):
        return thing
    if metadata.get("generateName"):
        raise ProviderError("the `.metadata.generateName` field is not supported in Server-Side Apply mode")
    if old and not is_autonamed(old):
        old = {}
    digits = hashlib.sha256(request.seed).hexdigest()[:8] if request.seed else secrets.token_hex(4)
    name = old["metadata"]["name"] if old else f"{request.name}-{digits}"
    annotations = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return {**thing, "metadata": {**metadata, "name": name, "annotations": annotations}}


def identity(thing: Mapping[str, Any]) -> str:
    """`namespace/name`, or the name alone."""
    metadata = thing["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else metadata["name"]


def shown(thing: Mapping[str, Any]) -> str:
    return f"{thing['kind']} {identity(thing)}"


def annotation(thing: Mapping[str, Any], name: str) -> str:
    return (thing["metadata"].get("annotations") or {}).get(f"pulumi.com/{name}", "")


def hidden(thing: dict[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    """`thing` with its values secret where those of `like` are, and always in a Secret."""
    result = {}
    for name, value in thing.items():
        known = like.get(name)
        if thing.get("kind") == "Secret" and name in ("data", "stringData"):
            result[name] = Secret(plain(value))
        elif isinstance(value, dict) and isinstance(known, Mapping):
            result[name] = hidden(value, known)
        elif has_secret(known):
            result[name] = Secret(plain(value))
        else:
            result[name] = value
    return result


def checkpoint(inputs: dict[str, Any], live: dict[str, Any], version: str, manager: str) -> dict[str, Any]:
    """What the engine keeps: the live object, the inputs it was made from, and who manages it."""
    return {
        **hidden(live, inputs),
        "__inputs": hidden(plain(inputs), inputs),
        "__initialApiVersion": version,
        "__fieldManager": manager,
    }


def parted(outputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs and the live object of a checkpoint, secrets unwrapped."""
    kept = plain(outputs)
    live = {name: value for name, value in kept.items() if not name.startswith("__")}
    return kept.get("__inputs") or {}, live


def imported(live: dict[str, Any]) -> dict[str, Any]:
    """The inputs that would make the object: what is there, less what only the cluster writes."""
    thing = {name: copy.deepcopy(value) for name, value in live.items() if name != "status"}
    thing["metadata"] = {name: value for name, value in thing["metadata"].items() if name not in SERVER_MADE}
    annotations = thing["metadata"].get("annotations") or {}
    annotations.pop("deployment.kubernetes.io/revision", None)
    return thing

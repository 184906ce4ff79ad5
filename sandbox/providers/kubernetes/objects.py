"""Kubernetes objects: as inputs, as live objects, and as checkpoints in the engine's state.

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
"""Metadata fields that only the API server writes."""


def parse_type(token: str) -> tuple[str, str]:
    """`kubernetes:apps/v1:Deployment` → (`apps/v1`, `Deployment`); the core group is not named in `apiVersion`."""
    _, version, kind = token.split(":", 2)
    return version.removeprefix("core/"), kind


def normalize(inputs: Mapping[str, Any], token: str) -> dict[str, Any]:
    """The inputs in the form that is stored and compared: kind set, no nulls, a Secret's data encoded."""
    version, kind = parse_type(token)
    manifest = without_nulls({"apiVersion": version, "kind": kind, **inputs})
    metadata = plain(manifest.get("metadata")) or {}
    if isinstance(metadata, Unknown):
        raise ProviderError(f"the metadata of a {kind} must not be unknown as a whole")
    manifest["metadata"] = {name: value for name, value in metadata.items() if name not in SERVER_MADE}
    if is_secret(manifest):
        data, text = manifest.get("data"), manifest.get("stringData")
        if text is not None and not has_unknown([data, text]):
            encoded = {name: _encoded(value) for name, value in plain(text).items()}
            manifest["data"] = {**(plain(data) or {}), **encoded}
            del manifest["stringData"]
    return manifest


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def is_secret(manifest: Mapping[str, Any]) -> bool:
    return manifest.get("apiVersion") == "v1" and manifest.get("kind") == "Secret"


def is_autonamed(manifest: Mapping[str, Any]) -> bool:
    annotations = manifest.get("metadata", {}).get("annotations")
    return isinstance(annotations, Mapping) and annotations.get(AUTONAMED) == "true"


def with_name(manifest: dict[str, Any], old: Mapping[str, Any], request: Request) -> dict[str, Any]:
    """The manifest with a name: its own, the one generated before, or the logical name and eight hex digits."""
    metadata = manifest["metadata"]
    if metadata.get("name"):
        return manifest
    if metadata.get("generateName"):
        raise ProviderError("the `.metadata.generateName` field is not supported in Server-Side Apply mode")
    if old and not is_autonamed(old):
        old = {}
    digits = hashlib.sha256(request.seed).hexdigest()[:8] if request.seed else secrets.token_hex(4)
    name = old["metadata"]["name"] if old else f"{request.name}-{digits}"
    annotations = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return {**manifest, "metadata": {**metadata, "name": name, "annotations": annotations}}


def identity(manifest: Mapping[str, Any]) -> str:
    """`namespace/name`, or the name alone."""
    metadata = manifest["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else metadata["name"]


def describe(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['kind']} {identity(manifest)}"


def annotation(manifest: Mapping[str, Any], name: str) -> str:
    return (manifest["metadata"].get("annotations") or {}).get(f"pulumi.com/{name}", "")


def hide_secrets(manifest: dict[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    """`manifest` with values wrapped as secrets where those of `like` are, and always in a Secret."""
    result = {}
    for name, value in manifest.items():
        known = like.get(name)
        if manifest.get("kind") == "Secret" and name in ("data", "stringData"):
            result[name] = Secret(plain(value))
        elif isinstance(value, dict) and isinstance(known, Mapping):
            result[name] = hide_secrets(value, known)
        elif has_secret(known):
            result[name] = Secret(plain(value))
        else:
            result[name] = value
    return result


def checkpoint(inputs: dict[str, Any], live: dict[str, Any], version: str, manager: str) -> dict[str, Any]:
    """What the state stores: the live object, its inputs, and its field manager."""
    return {
        **hide_secrets(live, inputs),
        "__inputs": hide_secrets(plain(inputs), inputs),
        "__initialApiVersion": version,
        "__fieldManager": manager,
    }


def split_checkpoint(outputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs and the live object of a checkpoint, secrets unwrapped."""
    values = plain(outputs)
    live = {name: value for name, value in values.items() if not name.startswith("__")}
    return values.get("__inputs") or {}, live


def import_inputs(live: dict[str, Any]) -> dict[str, Any]:
    """The inputs that would create the object: the live one without fields that only the cluster writes."""
    manifest = {name: copy.deepcopy(value) for name, value in live.items() if name != "status"}
    manifest["metadata"] = {name: value for name, value in manifest["metadata"].items() if name not in SERVER_MADE}
    annotations = manifest["metadata"].get("annotations") or {}
    annotations.pop("deployment.kubernetes.io/revision", None)
    return manifest

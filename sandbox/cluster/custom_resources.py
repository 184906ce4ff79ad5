"""The CustomResourceDefinitions of other software, unchanged, from `crds/`."""

import hashlib
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client
from kubernetes.client.exceptions import NotFoundException

from sandbox.errors import SandboxError

FOLDER = Path(__file__).parent / "crds"
_DIGEST = "culvert.sandbox/definition"
"""Annotation with the digest of the installed definition: an unchanged one, up to a megabyte, is not sent again."""


def install(api: client.ApiClient, more: Iterable[Any] = ()) -> None:
    """Installs the definitions of `crds/` and `more`, and waits until the API server serves them."""
    definitions = client.ApiextensionsV1Api(api)
    files = sorted(FOLDER.glob("*.yaml"))
    # In Python alone, half a second of each start of the sandbox.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = [document for file in files for document in yaml.load_all(file.read_text(), loader)]
    names = [_apply(definitions, document) for document in (*documents, *more)]
    deadline = time.monotonic() + 30
    while waiting := [name for name in names if not _established(definitions, name)]:
        if time.monotonic() > deadline:
            raise SandboxError(f"The API server does not serve {', '.join(waiting)} after 30 seconds.")
        time.sleep(0.05)


def _apply(definitions: client.ApiextensionsV1Api, definition: Any) -> str:
    name: str = definition["metadata"]["name"]
    digest = {_DIGEST: hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()}
    metadata = {
        **definition["metadata"],
        "annotations": {**(definition["metadata"].get("annotations") or {}), **digest},
    }
    try:
        live = _live(definitions, name)["metadata"]
    except NotFoundException:
        body: Any = {**definition, "metadata": metadata}
        definitions.create_custom_resource_definition(body, _preload_content=False)
        return name
    if digest.items() <= (live.get("annotations") or {}).items():
        return name
    body = {**definition, "metadata": {**metadata, "resourceVersion": live["resourceVersion"]}}
    definitions.replace_custom_resource_definition(name, body, _preload_content=False)
    return name


def _established(definitions: client.ApiextensionsV1Api, name: str) -> bool:
    conditions = _live(definitions, name).get("status", {}).get("conditions") or []
    return any(condition["type"] == "Established" and condition["status"] == "True" for condition in conditions)


def _live(definitions: client.ApiextensionsV1Api, name: str) -> dict[str, Any]:
    # Parsed as JSON: of half a megabyte, the library would create a Python object for each field.
    reply: Any = definitions.read_custom_resource_definition(name, _preload_content=False)
    return json.loads(reply.data)

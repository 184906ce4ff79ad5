"""The kinds that other software brings into a cluster: their definitions, upstream's own, are in `crds/`."""

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
_MARK = "culvert.sandbox/definition"
"""Annotation that says which definition was put there: one that is there already is a megabyte not sent."""


def install(api: client.ApiClient, more: Iterable[Any] = ()) -> None:
    """Make every kind of `crds/`, and those that `more` defines, known to the API server; wait until objects can be made."""
    definitions = client.ApiextensionsV1Api(api)
    files = sorted(FOLDER.glob("*.yaml"))
    kept = [one for file in files for one in yaml.safe_load_all(file.read_text())]
    names = [_put(definitions, one) for one in (*kept, *more)]
    deadline = time.monotonic() + 30
    while waiting := [name for name in names if not _established(definitions, name)]:
        if time.monotonic() > deadline:
            raise SandboxError(f"The API server does not serve {', '.join(waiting)} after half a minute.")
        time.sleep(0.05)


def _put(definitions: client.ApiextensionsV1Api, wanted: Any) -> str:
    name: str = wanted["metadata"]["name"]
    mark = {_MARK: hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()}
    metadata = {**wanted["metadata"], "annotations": {**(wanted["metadata"].get("annotations") or {}), **mark}}
    try:
        live = _live(definitions, name)["metadata"]
    except NotFoundException:
        body: Any = {**wanted, "metadata": metadata}
        definitions.create_custom_resource_definition(body, _preload_content=False)
        return name
    if mark.items() <= (live.get("annotations") or {}).items():
        return name
    body = {**wanted, "metadata": {**metadata, "resourceVersion": live["resourceVersion"]}}
    definitions.replace_custom_resource_definition(name, body, _preload_content=False)
    return name


def _established(definitions: client.ApiextensionsV1Api, name: str) -> bool:
    conditions = _live(definitions, name).get("status", {}).get("conditions") or []
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


def _live(definitions: client.ApiextensionsV1Api, name: str) -> dict[str, Any]:
    # Half a megabyte, of which the library would make a Python object for each field.
    reply: Any = definitions.read_custom_resource_definition(name, _preload_content=False)
    return json.loads(reply.data)

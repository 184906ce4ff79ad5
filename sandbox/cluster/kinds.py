"""The kinds that other software brings into a cluster: their definitions, upstream's own, are in `crds/`."""

import time
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client
from kubernetes.client.exceptions import ConflictException

from sandbox.errors import SandboxError

FOLDER = Path(__file__).parent / "crds"


def install(api: client.ApiClient) -> None:
    """Make every kind of `crds/` known to the API server, as its file says, and wait until objects of it can be made."""
    definitions = client.ApiextensionsV1Api(api)
    files = sorted(FOLDER.glob("*.yaml"))
    names = [_put(definitions, one) for file in files for one in yaml.safe_load_all(file.read_text())]
    deadline = time.monotonic() + 30
    while waiting := [name for name in names if not _established(definitions, name)]:
        if time.monotonic() > deadline:
            raise SandboxError(f"The API server does not serve {', '.join(waiting)} after half a minute.")
        time.sleep(0.05)


def _put(definitions: client.ApiextensionsV1Api, wanted: Any) -> str:
    name: str = wanted["metadata"]["name"]
    try:
        definitions.create_custom_resource_definition(wanted)
    except ConflictException:  # there since an earlier start, maybe of another version
        live: Any = definitions.read_custom_resource_definition(name)
        wanted["metadata"]["resourceVersion"] = live.metadata.resource_version
        definitions.replace_custom_resource_definition(name, wanted)
    return name


def _established(definitions: client.ApiextensionsV1Api, name: str) -> bool:
    live: Any = definitions.read_custom_resource_definition(name)
    return any(one.type == "Established" and one.status == "True" for one in live.status.conditions or ())

"""One Secret, written as it is wanted and only where it is not."""

import base64
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException


def read(core: client.CoreV1Api, namespace: str, name: str) -> dict[str, bytes] | None:
    """What a Secret holds; None where there is none."""
    try:
        found: Any = core.read_namespaced_secret(name, namespace)
    except ApiException as error:
        if error.status == 404:
            return None
        raise
    return {key: base64.b64decode(value) for key, value in (found.data or {}).items()}


def write(core: client.CoreV1Api, metadata: dict[str, Any], content: dict[str, bytes]) -> None:
    """Make the Secret of this metadata hold `content`, whatever else is in it."""
    namespace, name = metadata["namespace"], metadata["name"]
    there = read(core, namespace, name)
    body: Any = {"metadata": metadata, "data": {key: base64.b64encode(it).decode() for key, it in content.items()}}
    if there is None:
        core.create_namespaced_secret(namespace, body)
    elif not content.items() <= there.items():
        core.patch_namespaced_secret(name, namespace, body)

"""Reading and writing a Secret."""

import base64
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException


def read(core: client.CoreV1Api, namespace: str, name: str) -> dict[str, bytes] | None:
    """The data of a Secret; None if it does not exist."""
    try:
        secret: Any = core.read_namespaced_secret(name, namespace)
    except ApiException as error:
        if error.status == 404:
            return None
        raise
    return {key: base64.b64decode(value) for key, value in (secret.data or {}).items()}


def write(core: client.CoreV1Api, metadata: dict[str, Any], content: dict[str, bytes]) -> None:
    """Creates the Secret, or updates it unless it holds `content`; its other keys stay."""
    namespace, name = metadata["namespace"], metadata["name"]
    current = read(core, namespace, name)
    body: Any = {
        "metadata": metadata,
        "data": {key: base64.b64encode(value).decode() for key, value in content.items()},
    }
    if current is None:
        core.create_namespaced_secret(namespace, body)
    elif not content.items() <= current.items():
        core.patch_namespaced_secret(name, namespace, body)

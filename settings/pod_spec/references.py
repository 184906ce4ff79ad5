"""References to values elsewhere: keys of Secrets and ConfigMaps, fields of the pod and resources of the container."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from settings import references
from settings.errors import reject
from settings.pod_spec.fields import KubernetesFields, Quantity, Switch, Text
from settings.schema import Accepts
from settings.types.kubernetes import ConfigMapName, SecretKey, SecretName, is_label_key

POD_FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
FILE_FIELDS = ("metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations")
RESOURCES = tuple(
    f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "memory", "ephemeral-storage")
)
_DIVISORS = {
    "cpu": ("1", "1m"),
    "memory": ("1", *(f"1{unit}" for unit in ("k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))),
}


def _fields(paths: tuple[str, ...]) -> str:
    return f"one of {', '.join(paths)}, metadata.labels['KEY'] and metadata.annotations['KEY']"


def _one_label(path: str) -> bool:
    """Whether it is the path of one label or annotation of the pod."""
    match = re.fullmatch(r"metadata\.(?:labels|annotations)\['([^']+)'\]", path)
    return match is not None and is_label_key(match[1])


def _variable_field(path: str) -> str:
    if path not in POD_FIELDS and not _one_label(path):
        reject("is not a field of a pod that a variable may have")
    return path


def _file_field(path: str) -> str:
    if path not in FILE_FIELDS and not _one_label(path):
        reject("is not a field of a pod that a file may have")
    return path


class SecretKeyRef(KubernetesFields):
    """A key of a Secret."""

    SOURCE = references.KUBERNETES_SECRETS

    name: SecretName
    key: SecretKey
    optional: Switch = None


class ConfigMapKeyRef(KubernetesFields):
    """A key of a ConfigMap."""

    SOURCE = references.KUBERNETES_CONFIG_MAPS

    name: ConfigMapName
    key: SecretKey
    optional: Switch = None


class FieldRef(KubernetesFields):
    """A field of the pod, as a variable."""

    SOURCE = references.KUBERNETES_DOWNWARD_API

    api_version: Literal["v1"] | None = None
    field_path: Annotated[str, AfterValidator(_variable_field), Accepts(_fields(POD_FIELDS))]


class FileFieldRef(KubernetesFields):
    """A field of the pod, as a file."""

    SOURCE = references.KUBERNETES_DOWNWARD_API

    api_version: Literal["v1"] | None = None
    field_path: Annotated[str, AfterValidator(_file_field), Accepts(_fields(FILE_FIELDS))]


class ResourceFieldRef(KubernetesFields):
    """A request or a limit of a container."""

    SOURCE = references.KUBERNETES_DOWNWARD_API

    container_name: Text | None = None
    resource: Literal[RESOURCES]  # pyright: ignore[reportInvalidTypeForm] - a tuple of strings
    divisor: Quantity | None = None

    @model_validator(mode="after")
    def _known_divisor(self) -> "ResourceFieldRef":
        known = _DIVISORS["cpu" if self.resource.endswith(".cpu") else "memory"]
        if self.divisor is not None and str(self.divisor) not in (*known, "0"):
            reject(f"has a divisor of {self.divisor}", f"one of {', '.join(known)}")
        return self


class ValueFrom(KubernetesFields):
    """The source of a variable's value; that there is exactly one is checked with the variable."""

    SOURCE = references.KUBERNETES_ENVIRONMENT

    secret_key_ref: SecretKeyRef | None = None
    config_map_key_ref: ConfigMapKeyRef | None = None
    field_ref: FieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None

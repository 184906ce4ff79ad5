"""Sources of volumes that restricted Pod Security allows."""

import re
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import AfterValidator, Field, StrictInt, model_validator

from settings import references
from settings.errors import reject
from settings.pod_spec.fields import KubernetesFields, Mode, Quantity, RelativePath, Switch, one_of
from settings.pod_spec.references import FileFieldRef, ResourceFieldRef
from settings.types.kubernetes import ConfigMapName, ObjectName, SecretKey, SecretName, object_name


def _medium(text: str) -> str:
    if not re.fullmatch(r"|Memory|HugePages(-[0-9]+[KMGTPE]i?)?", text):
        reject("is not a medium of an empty volume")
    return text


def _driver(text: str) -> str:
    if len(text) > 63:
        reject("must have at most 63 characters")
    return object_name(text)


class Item(KubernetesFields):
    """A key, and the file that it becomes."""

    SOURCE = references.KUBERNETES_VOLUMES

    key: SecretKey
    path: RelativePath
    mode: Mode | None = None


Items = tuple[Item, ...]


class SecretVolume(KubernetesFields):
    """A Secret as files."""

    SOURCE = references.KUBERNETES_VOLUMES

    secret_name: SecretName
    items: Items | None = None
    default_mode: Mode | None = None
    optional: Switch = None


class ConfigMapVolume(KubernetesFields):
    """A ConfigMap as files."""

    SOURCE = references.KUBERNETES_VOLUMES

    name: ConfigMapName
    items: Items | None = None
    default_mode: Mode | None = None
    optional: Switch = None


class EmptyVolume(KubernetesFields):
    """An empty folder."""

    SOURCE = references.KUBERNETES_VOLUMES

    medium: Annotated[str, AfterValidator(_medium)] | None = None
    size_limit: Quantity | None = None


class ClaimVolume(KubernetesFields):
    """The volume of a PersistentVolumeClaim."""

    SOURCE = references.KUBERNETES_VOLUMES

    claim_name: ObjectName
    read_only: Switch = None


class LocalReference(KubernetesFields):
    """A Secret by its name."""

    SOURCE = references.KUBERNETES_VOLUMES

    name: SecretName


class CsiVolume(KubernetesFields):
    """A volume of a CSI driver."""

    SOURCE = references.KUBERNETES_VOLUMES

    driver: Annotated[str, AfterValidator(_driver)]
    read_only: Switch = None
    fs_type: str | None = None
    volume_attributes: dict[str, str] | None = None
    node_publish_secret_ref: LocalReference | None = None


class SecretProjection(KubernetesFields):
    """Files of a Secret."""

    SOURCE = references.KUBERNETES_VOLUMES

    name: SecretName
    items: Items | None = None
    optional: Switch = None


class ConfigMapProjection(KubernetesFields):
    """Files of a ConfigMap."""

    SOURCE = references.KUBERNETES_VOLUMES

    name: ConfigMapName
    items: Items | None = None
    optional: Switch = None


class PodFile(KubernetesFields):
    """A field of the pod, or a resource of a container, as a file."""

    SOURCE = references.KUBERNETES_DOWNWARD_API

    path: RelativePath
    field_ref: FileFieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None
    mode: Mode | None = None

    _one_source = model_validator(mode="after")(one_of("field_ref", "resource_field_ref"))

    @model_validator(mode="after")
    def _container_named(self) -> "PodFile":
        if self.resource_field_ref and not self.resource_field_ref.container_name:
            reject("must name the container of the resource", "resourceFieldRef with containerName: cloudflared")
        return self


class DownwardApi(KubernetesFields):
    """Fields of the pod as files."""

    SOURCE = references.KUBERNETES_DOWNWARD_API

    items: tuple[PodFile, ...] | None = None


class AccountToken(KubernetesFields):
    """A token of the pod's service account."""

    SOURCE = references.KUBERNETES_VOLUMES

    path: RelativePath
    audience: str | None = None
    expiration_seconds: Annotated[StrictInt, Ge(600), Le(1 << 32)] | None = None


class Projection(KubernetesFields):
    """One source of a projected volume."""

    SOURCE = references.KUBERNETES_VOLUMES

    secret: SecretProjection | None = None
    config_map: ConfigMapProjection | None = None
    downward_api: Annotated[DownwardApi | None, Field(alias="downwardAPI")] = None
    service_account_token: AccountToken | None = None

    _one_source = model_validator(mode="after")(one_of("secret", "config_map", "downward_api", "service_account_token"))

    @property
    def paths(self) -> list[str]:
        """The files that it names."""
        items = [each.items or () for each in (self.secret, self.config_map, self.downward_api) if each]
        token = [self.service_account_token.path] if self.service_account_token else []
        return [item.path for listed in items for item in listed] + token


class ProjectedVolume(KubernetesFields):
    """Several sources in one folder."""

    SOURCE = references.KUBERNETES_VOLUMES

    sources: tuple[Projection, ...] | None = None
    default_mode: Mode | None = None

    @model_validator(mode="after")
    def _each_path_once(self) -> "ProjectedVolume":
        paths = [path for source in self.sources or () for path in source.paths]
        if twice := [path for path in paths if paths.count(path) > 1]:
            reject(f"has the path {twice[0]} twice", "each path once")
        return self

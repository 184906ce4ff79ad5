"""Extra volumes of the connector."""

from typing import Annotated, Any

from pydantic import AfterValidator, StrictBool, model_validator

from settings import references
from settings.errors import reject, require_one
from settings.pod_spec.fields import valid
from settings.pod_spec.volumes import (
    ClaimVolume,
    ConfigMapVolume,
    CsiVolume,
    EmptyVolume,
    ProjectedVolume,
    SecretVolume,
)
from settings.schema import Accepts, Options
from settings.types.dns import LABEL

RESERVED_PREFIX = "culvert-"
"""Prefix of the names of culvert's own volumes."""
RESERVED_PATH = "/etc/culvert"
"""Path below which culvert's own volumes are mounted."""
VOLUME_SOURCES = {
    "secret": "secret",
    "configMap": "config_map",
    "emptyDir": "empty_dir",
    "projected": "projected",
    "csi": "csi",
    "persistentVolumeClaim": "persistent_volume_claim",
}
"""Kind of a volume in a pod spec, and the field here."""


def _volume_name(name: str) -> str:
    if name.startswith(RESERVED_PREFIX) or not LABEL.fullmatch(name):
        reject("is not a valid name of an extra volume")
    return name


def _mount_path(path: str) -> str:
    parts = path.split("/")
    clean = "/" + "/".join(part for part in parts if part not in ("", "."))
    if not path.startswith("/") or clean == "/" or ":" in path or ".." in parts:
        reject("is not an absolute path below /")
    if f"{clean}/".startswith(f"{RESERVED_PATH}/") or RESERVED_PATH.startswith(f"{clean}/"):
        reject("would hide the connector's token")
    return clean


VolumeName = Annotated[
    str,
    AfterValidator(_volume_name),
    Accepts(f"a DNS label that does not begin with {RESERVED_PREFIX}", examples=("origin-ca",)),
]
MountPath = Annotated[
    str,
    AfterValidator(_mount_path),
    Accepts(f"an absolute path outside {RESERVED_PATH}, such as /etc/origin-ca", examples=("/etc/origin-ca",)),
]


class VolumeOptions(Options):
    """One volume, its one source, and its mount path. hostPath is rejected: restricted Pod Security forbids it."""

    SOURCE = references.KUBERNETES_VOLUMES

    name: VolumeName
    """Name of the volume."""
    mount_path: MountPath
    """Path in the container at which the volume is mounted."""
    read_only: StrictBool = True
    """Whether the mount is read-only."""
    secret: Annotated[
        Annotated[dict[str, Any], valid(SecretVolume)] | None,
        Accepts("secret of a volume in a pod spec", examples=({"secretName": "origin-ca"},)),
    ] = None
    """Secret volume, as in a pod spec."""
    config_map: Annotated[
        Annotated[dict[str, Any], valid(ConfigMapVolume)] | None,
        Accepts("configMap of a volume in a pod spec", examples=({"name": "origin-ca"},)),
    ] = None
    """ConfigMap volume, as in a pod spec."""
    empty_dir: Annotated[
        Annotated[dict[str, Any], valid(EmptyVolume)] | None,
        Accepts("emptyDir of a volume in a pod spec", examples=({"sizeLimit": "16Mi"},)),
    ] = None
    """Empty volume, as in a pod spec."""
    projected: Annotated[
        Annotated[dict[str, Any], valid(ProjectedVolume)] | None,
        Accepts("projected of a volume in a pod spec", examples=({"sources": [{"configMap": {"name": "origin-ca"}}]},)),
    ] = None
    """Projected volume, as in a pod spec."""
    csi: Annotated[
        Annotated[dict[str, Any], valid(CsiVolume)] | None,
        Accepts("csi of a volume in a pod spec", examples=({"driver": "secrets-store.csi.k8s.io", "readOnly": True},)),
    ] = None
    """CSI volume, as in a pod spec."""
    persistent_volume_claim: Annotated[
        Annotated[dict[str, Any], valid(ClaimVolume)] | None,
        Accepts("persistentVolumeClaim of a volume in a pod spec", examples=({"claimName": "origin-ca"},)),
    ] = None
    """Volume of a PersistentVolumeClaim, as in a pod spec."""

    @model_validator(mode="before")
    @classmethod
    def _no_host_path(cls, data: Any) -> Any:
        if isinstance(data, dict) and "hostPath" in data:
            accepted = f"exactly one of {', '.join(VOLUME_SOURCES)}"
            reject(
                "must not use hostPath: restricted Pod Security forbids it",
                accepted,
                references.KUBERNETES_POD_SECURITY,
            )
        return data

    @model_validator(mode="after")
    def _one_source(self) -> "VolumeOptions":
        require_one({key: getattr(self, name) for key, name in VOLUME_SOURCES.items()})
        return self

    @property
    def volume(self) -> dict[str, Any]:
        """The volume as in a pod spec."""
        return self.model_dump(by_alias=True, exclude_none=True, include={"name", *VOLUME_SOURCES.values()})

    @property
    def mount(self) -> dict[str, Any]:
        """The mount as in a container."""
        return self.model_dump(by_alias=True, include={"name", "mount_path", "read_only"})

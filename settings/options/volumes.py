"""Extra volumes of the connector."""

from typing import Any

from pydantic import StrictBool, field_validator, model_validator

from settings import references, types
from settings.errors import reject
from settings.schema import Options, setting

RESERVED_PREFIX = "culvert-"
"""culvert's own volumes have names that begin with this."""
RESERVED_PATH = "/etc/culvert"
"""culvert's own volumes are mounted below this."""
KINDS = ("secret", "config_map", "empty_dir", "projected", "csi", "persistent_volume_claim")
ONE_KIND = "exactly one of secret, configMap, emptyDir, projected, csi and persistentVolumeClaim"
NAME = f"a DNS label that does not begin with {RESERVED_PREFIX}"
MOUNT_PATH = f"an absolute path outside {RESERVED_PATH}, such as /etc/origin-ca"


def _kind(kind: str, **example: Any) -> Any:
    """A volume source, left as Kubernetes has it."""
    return setting(
        f"The volume's source, where that is {kind}: as in a pod spec.",
        f"what a pod spec has under {kind}",
        references.KUBERNETES_VOLUMES,
        examples=[example],
        default=None,
    )


class VolumeOptions(Options):
    """One volume, its one source, and where it is mounted. hostPath is refused: restricted Pod Security forbids it."""

    name: str = setting("Name of the volume.", NAME, references.KUBERNETES_VOLUMES, examples=["origin-ca"])
    mount_path: str = setting(
        "Where it is mounted.", MOUNT_PATH, references.KUBERNETES_VOLUMES, examples=["/etc/origin-ca"]
    )
    read_only: StrictBool = setting(
        "Whether it is mounted for reading only.",
        "true or false",
        references.KUBERNETES_VOLUMES,
        examples=[True],
        default=True,
    )
    secret: dict[str, Any] | None = _kind("secret", secretName="origin-ca")
    config_map: dict[str, Any] | None = _kind("configMap", name="origin-ca")
    empty_dir: dict[str, Any] | None = _kind("emptyDir", sizeLimit="16Mi")
    projected: dict[str, Any] | None = _kind("projected", sources=[{"configMap": {"name": "origin-ca"}}])
    csi: dict[str, Any] | None = _kind("csi", driver="secrets-store.csi.k8s.io", readOnly=True)
    persistent_volume_claim: dict[str, Any] | None = _kind("persistentVolumeClaim", claimName="origin-ca")

    @model_validator(mode="before")
    @classmethod
    def _no_host(cls, data: Any) -> Any:
        if isinstance(data, dict) and "hostPath" in data:
            reject("restricted Pod Security refuses hostPath", ONE_KIND, references.KUBERNETES_POD_SECURITY)
        return data

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name.startswith(RESERVED_PREFIX) or not types.LABEL.fullmatch(name):
            reject("it is no name for an extra volume", NAME, references.KUBERNETES_VOLUMES)
        return name

    @field_validator("mount_path")
    @classmethod
    def _outside(cls, path: str) -> str:
        parts = path.split("/")
        clean = "/" + "/".join(part for part in parts if part not in ("", "."))
        if not path.startswith("/") or clean == "/" or ":" in path or ".." in parts:
            reject("a volume is mounted at an absolute path", MOUNT_PATH, references.KUBERNETES_VOLUMES)
        if f"{clean}/".startswith(f"{RESERVED_PATH}/") or RESERVED_PATH.startswith(f"{clean}/"):
            reject("it would hide the connector's token", MOUNT_PATH, references.KUBERNETES_VOLUMES)
        return clean

    @model_validator(mode="after")
    def _one(self) -> "VolumeOptions":
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            reject("a volume comes from one place", ONE_KIND, references.KUBERNETES_VOLUMES)
        return self

    @property
    def volume(self) -> dict[str, Any]:
        """The volume as a pod takes it."""
        return self.model_dump(by_alias=True, exclude_none=True, include={"name", *KINDS})

    @property
    def mount(self) -> dict[str, Any]:
        """The mount as a container takes it."""
        return self.model_dump(by_alias=True, include={"name", "mount_path", "read_only"})

"""Extra volumes of the connector."""

from typing import Any

from pydantic import StrictBool, field_validator, model_validator

from settings import names, sources
from settings.fields import Options, setting
from settings.mistakes import refuse

RESERVED_PREFIX = "culvert-"
"""Names of volumes that begin with this are culvert's own."""
RESERVED_PATH = "/etc/culvert"
"""culvert's own volumes are mounted here or below."""
KINDS = ("secret", "config_map", "empty_dir", "projected", "csi", "persistent_volume_claim")
ONE_SOURCE = "exactly one of secret, configMap, emptyDir, projected, csi and persistentVolumeClaim"


def _source(kind: str, example: dict[str, Any]) -> Any:
    return setting(
        f"A {kind} volume, as Kubernetes has it.",
        f"a {kind} volume source",
        sources.KUBERNETES_VOLUMES,
        examples=[example],
        default=None,
    )


class VolumeOptions(Options):
    """One volume and where it is mounted. hostPath is refused: restricted Pod Security forbids it."""

    name: str = setting(
        "Name of the volume.",
        "a DNS label that does not begin with culvert-",
        sources.KUBERNETES_VOLUMES,
        examples=["origin-ca"],
    )
    mount_path: str = setting(
        "Where it is mounted.",
        "an absolute path outside /etc/culvert",
        sources.KUBERNETES_VOLUMES,
        examples=["/etc/origin-ca"],
    )
    read_only: StrictBool = setting(
        "Whether it is mounted read-only.", "true or false", sources.KUBERNETES_VOLUMES, examples=[True], default=True
    )
    secret: dict[str, Any] | None = _source("secret", {"secretName": "origin-ca"})
    config_map: dict[str, Any] | None = _source("configMap", {"name": "origin-ca"})
    empty_dir: dict[str, Any] | None = _source("emptyDir", {"sizeLimit": "16Mi"})
    projected: dict[str, Any] | None = _source("projected", {"sources": []})
    csi: dict[str, Any] | None = _source("csi", {"driver": "secrets-store.csi.k8s.io", "readOnly": True})
    persistent_volume_claim: dict[str, Any] | None = _source("persistentVolumeClaim", {"claimName": "origin-ca"})

    @model_validator(mode="before")
    @classmethod
    def _no_host(cls, data: Any) -> Any:
        if isinstance(data, dict) and "hostPath" in data:
            refuse("restricted Pod Security refuses hostPath", ONE_SOURCE, sources.KUBERNETES_POD_SECURITY)
        return data

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name.startswith(RESERVED_PREFIX):
            refuse("culvert's own volumes are called so", "another name", sources.KUBERNETES_VOLUMES)
        return names.dns_label(name)

    @field_validator("mount_path")
    @classmethod
    def _outside(cls, path: str) -> str:
        parts = path.split("/")
        if not path.startswith("/") or path == "/" or ":" in path or ".." in parts:
            refuse(
                "a volume is mounted at an absolute path",
                "an absolute path such as /etc/origin-ca",
                sources.KUBERNETES_VOLUMES,
            )
        clean = "/" + "/".join(part for part in parts if part not in ("", "."))
        if f"{clean}/".startswith(f"{RESERVED_PATH}/") or RESERVED_PATH.startswith(f"{clean}/"):
            refuse(
                "culvert mounts the connector's token there",
                f"a path outside {RESERVED_PATH}",
                sources.KUBERNETES_VOLUMES,
            )
        return clean

    @model_validator(mode="after")
    def _one(self) -> "VolumeOptions":
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            refuse("a volume comes from one place", ONE_SOURCE, sources.KUBERNETES_VOLUMES)
        return self

    @property
    def volume(self) -> dict[str, Any]:
        """The volume as a pod takes it."""
        return {"name": self.name, **self.model_dump(by_alias=True, exclude_none=True, include=set(KINDS))}

    @property
    def mount(self) -> dict[str, Any]:
        """The mount as a container takes it."""
        return {"name": self.name, "mountPath": self.mount_path, "readOnly": self.read_only}

"""Certificate authorities of origins: where the cluster keeps them, and where the connector finds them."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from settings import references
from settings.errors import reject, require_one
from settings.schema import Accepts, Example, Options
from settings.types.kubernetes import ConfigMapName, SecretName, secret_key

MOUNT_PATH = "/etc/culvert/ca"
"""Where the certificates are mounted in the connector's pods."""
VOLUME = "culvert-ca"


def _certificate_key(text: str) -> str:
    if text == "tls.key":
        reject("is the key of a private key, not of a certificate authority")
    return secret_key(text)


CertificateKey = Annotated[
    str,
    AfterValidator(_certificate_key),
    Accepts("a key of the Secret or ConfigMap, such as ca.crt", references.KUBERNETES_SECRETS),
]


class CaPoolOptions(Options):
    """A certificate authority in PEM form, kept in the connector's namespace. Only the named key of a Secret is
    mounted."""

    SOURCE = references.ORIGIN_PARAMETERS

    secret: Annotated[SecretName | None, Example("origin-tls")] = None
    """Secret that holds the certificate."""
    config_map: Annotated[ConfigMapName | None, Example("internal-ca")] = None
    """ConfigMap that holds the certificate."""
    key: CertificateKey = "ca.crt"
    """Key of the certificate in that object."""

    @model_validator(mode="after")
    def _one_object(self) -> "CaPoolOptions":
        require_one({"secret": self.secret, "configMap": self.config_map})
        return self

    @property
    def path(self) -> str:
        """Path of the certificate in the connector's pods, as in an ingress rule."""
        return f"{MOUNT_PATH}/{self._item}"

    @property
    def source(self) -> dict[str, Any]:
        """The source of a projected volume, with this one key."""
        kind, name = ("secret", self.secret) if self.secret else ("configMap", self.config_map)
        return {kind: {"name": name, "items": [{"key": self.key, "path": self._item}]}}

    @property
    def _item(self) -> str:
        return f"secret/{self.secret}/{self.key}" if self.secret else f"configmap/{self.config_map}/{self.key}"


def ca_volumes(pools: Iterable[CaPoolOptions]) -> list[dict[str, Any]]:
    """The volume that holds all certificates, with its mount; empty where there are none. Its sources are sorted, so
    that the order of the routes does not change the pods."""
    by_path = {pool.path: pool for pool in pools}
    if not by_path:
        return []
    projected = [by_path[path].source for path in sorted(by_path)]
    # Readable by the group, as the token is.
    volume = {"name": VOLUME, "projected": {"sources": projected, "defaultMode": 0o440}}
    return [{"volume": volume, "mount": {"name": VOLUME, "mountPath": MOUNT_PATH, "readOnly": True}}]

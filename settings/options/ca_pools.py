"""Certificate authorities of origins: where they are kept in the cluster, and where the connector finds them."""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from settings import references, types
from settings.errors import reject
from settings.schema import Options, setting

FOLDER = "/etc/culvert/ca"
"""Where the connector's pods have them."""
VOLUME = "culvert-ca"
KEY = "a key of it, such as ca.crt"
ONE_OBJECT = "exactly one of secret and configMap"


def _key(text: str) -> str:
    if not re.fullmatch(r"[-._A-Za-z0-9]{1,253}", text) or text.startswith(".."):
        reject("neither Secrets nor ConfigMaps have such a key", KEY, references.KUBERNETES_SECRETS)
    if text == "tls.key":
        reject("that is a private key, and no certificate authority", KEY, references.KUBERNETES_SECRETS)
    return text


class CaPoolOptions(Options):
    """A certificate authority in PEM form, kept in the namespace of the connector. Of a Secret that key alone is mounted."""

    secret: Annotated[str, AfterValidator(types.object_name)] | None = setting(
        "Secret that holds it.",
        "the name of a Secret",
        references.KUBERNETES_SECRETS,
        examples=["origin-tls"],
        default=None,
    )
    config_map: Annotated[str, AfterValidator(types.object_name)] | None = setting(
        "ConfigMap that holds it.",
        "the name of a ConfigMap",
        references.KUBERNETES_CONFIG_MAPS,
        examples=["internal-ca"],
        default=None,
    )
    key: Annotated[str, AfterValidator(_key)] = setting(
        "Key that it is under.", KEY, references.KUBERNETES_SECRETS, examples=["ca.crt"], default="ca.crt"
    )

    @model_validator(mode="after")
    def _one(self) -> "CaPoolOptions":
        if (self.secret is None) == (self.config_map is None):
            reject("it is kept in one place", ONE_OBJECT, references.ORIGIN_PARAMETERS)
        return self

    @property
    def path(self) -> str:
        """Where the connector reads it, which is what the rules say."""
        return f"{FOLDER}/{self._item}"

    @property
    def source(self) -> dict[str, Any]:
        """The one key, as a projected volume takes it."""
        kind, name = ("secret", self.secret) if self.secret else ("configMap", self.config_map)
        return {kind: {"name": name, "items": [{"key": self.key, "path": self._item}]}}

    @property
    def _item(self) -> str:
        return f"secret/{self.secret}/{self.key}" if self.secret else f"configmap/{self.config_map}/{self.key}"


def mounted(pools: Iterable[CaPoolOptions]) -> list[dict[str, Any]]:
    """The volume that holds all of them, with its mount; none where there are none. In one order, whatever the routes'."""
    each = {pool.path: pool for pool in pools}
    if not each:
        return []
    sources_ = [each[path].source for path in sorted(each)]
    # Readable by the group, as the token is.
    volume = {"name": VOLUME, "projected": {"sources": sources_, "defaultMode": 0o440}}
    return [{"volume": volume, "mount": {"name": VOLUME, "mountPath": FOLDER, "readOnly": True}}]

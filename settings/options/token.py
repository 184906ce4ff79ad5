"""The connector's token: how it comes to the pods, and when it changes."""

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, StrictInt, ValidationInfo, field_validator

from settings import references, types
from settings.errors import REDACTED, reject
from settings.schema import Options, setting

Delivery = Literal["secret", "sealed", "existing", "external"]
CERTIFICATE = "a certificate in PEM, with an RSA key of 2048 bits or more, as `kubeseal --fetch-cert` prints it"
SECRET_NAME = "the name of a Secret, in small letters, digits, hyphens and dots"  # noqa: S105
KEY = "letters, digits, hyphens, underscores and dots"
BELONGS_TO = {"certificate": "sealed", "secret": "existing", "store": "external"}
"""Key → the one delivery that needs it."""


class ExistingSecretOptions(Options):
    """A Secret in the connector's namespace that somebody else keeps."""

    name: Annotated[str, AfterValidator(types.object_name)] = setting(
        "Name of the Secret.", SECRET_NAME, references.KUBERNETES_SECRETS, examples=["tunnel-token"]
    )
    key: Annotated[str, AfterValidator(types.secret_key)] = setting(
        "Its key that holds the token.", KEY, references.KUBERNETES_SECRETS, examples=["token"], default="token"
    )


class StoreOptions(Options):
    """The store of External Secrets that the token goes through."""

    name: Annotated[str, AfterValidator(types.object_name)] = setting(
        "Name of the store.",
        "the name of a SecretStore or ClusterSecretStore",
        references.EXTERNAL_SECRETS_PUSH,
        examples=["vault"],
    )
    kind: Literal["SecretStore", "ClusterSecretStore"] = setting(
        "Whether it is the namespace's or the whole cluster's.",
        "one of SecretStore and ClusterSecretStore",
        references.EXTERNAL_SECRETS_PUSH,
        examples=["ClusterSecretStore"],
        default="SecretStore",
    )
    property: str = setting(
        "Under which property of the entry the token stands; empty where the store's entries have none.",
        "a text",
        references.EXTERNAL_SECRETS_PUSH,
        examples=["token", ""],
        default="token",
    )


class TokenOptions(Options):
    """The token that connectors register with: how it comes to their pods, and when it changes."""

    delivery: Delivery = setting(
        "secret makes a Secret; sealed makes a SealedSecret; existing mounts a Secret that somebody else keeps; external "
        "pushes to a store of External Secrets and pulls from there.",
        "one of secret, sealed, existing and external",
        references.CLOUDFLARE_TOKENS,
        examples=["sealed"],
        default="secret",
    )
    epoch: StrictInt = setting(
        "Change it, and the tunnel's secret changes in place: a new token, with which the pods roll one by one.",
        "a whole number, 0 or more",
        references.CLOUDFLARE_ROTATION,
        examples=[1],
        default=0,
        ge=0,
    )
    certificate: str | None = setting(
        "For sealed: the public certificate of the cluster's controller.",
        CERTIFICATE,
        references.SEALED_SECRETS,
        examples=["-----BEGIN CERTIFICATE-----\n…"],
        default=None,
        validate_default=True,
    )
    secret: ExistingSecretOptions | None = setting(
        "For existing: the Secret.",
        "{name, key}",
        references.KUBERNETES_SECRETS,
        examples=[{"name": "tunnel-token"}],
        default=None,
        validate_default=True,
    )
    store: StoreOptions | None = setting(
        "For external: the store.",
        "{name, kind, property}",
        references.EXTERNAL_SECRETS_PUSH,
        examples=[{"name": "vault", "kind": "ClusterSecretStore"}],
        default=None,
        validate_default=True,
    )

    @field_validator("certificate", "secret", "store")
    @classmethod
    def _with_its_delivery(cls, value: Any, info: ValidationInfo) -> Any:
        key = info.field_name or ""
        delivery, wanted = info.data.get("delivery"), BELONGS_TO[key]
        field: Any = cls.model_fields[key].json_schema_extra
        if value is None and delivery == wanted:
            reject(f"delivery: {wanted} needs it", field["x-accepted"], field["x-source"])
        if value is not None and delivery in get_args(Delivery) and delivery != wanted:
            reject(f"it belongs to delivery: {wanted}", f"nothing with delivery: {delivery}", field["x-source"])
        return value

    @field_validator("certificate")
    @classmethod
    def _public(cls, text: str | None) -> str | None:
        if text is None:
            return None
        # Most stacks seal nothing, and need not wait for this import.
        from Crypto.PublicKey import RSA

        if "PRIVATE KEY" in text:
            reject(
                "it is a private key, which stays in the cluster",
                CERTIFICATE,
                references.SEALED_SECRETS,
                value=REDACTED,
            )
        if not text.strip().startswith("-----BEGIN CERTIFICATE-----"):
            reject("it is no certificate", CERTIFICATE, references.SEALED_SECRETS)
        try:
            bits = RSA.import_key(text.strip()).size_in_bits()
        except (ValueError, IndexError, TypeError):
            reject("it cannot be read as a certificate with an RSA key", CERTIFICATE, references.SEALED_SECRETS)
        if bits < 2048:
            reject(f"its key has {bits} bits", CERTIFICATE, references.SEALED_SECRETS)
        return text.strip() + "\n"

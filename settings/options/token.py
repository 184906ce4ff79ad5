"""The connector token: its delivery to the pods, and its rotation."""

from typing import Annotated, Any, Literal, get_args

from annotated_types import Ge
from pydantic import AfterValidator, Field, StrictInt, ValidationInfo, field_validator

from settings import references
from settings.errors import REDACTED, reject
from settings.schema import Accepts, Example, Options
from settings.types.kubernetes import SecretKey, SecretName, StoreName

Delivery = Literal["secret", "sealed", "existing", "external"]
REQUIRED_BY = {"certificate": "sealed", "secret": "existing", "store": "external"}
"""Key → the delivery that requires it; with any other it is rejected."""
MIN_RSA_BITS = 2048


def _public_certificate(text: str) -> str:
    # Imported here: it takes long, and most stacks seal nothing.
    from Crypto.PublicKey import RSA

    if "PRIVATE KEY" in text:
        reject("is a private key, which must stay in the cluster", value=REDACTED)
    if not text.strip().startswith("-----BEGIN CERTIFICATE-----"):
        reject("is not a certificate")
    try:
        bits = RSA.import_key(text.strip()).size_in_bits()
    except (ValueError, IndexError, TypeError):
        reject("is not a readable certificate with an RSA key")
    if bits < MIN_RSA_BITS:
        reject(f"has a key of {bits} bits")
    return text.strip() + "\n"


Certificate = Annotated[
    str,
    AfterValidator(_public_certificate),
    Accepts(
        "a certificate in PEM, with an RSA key of 2048 bits or more, as printed by `kubeseal --fetch-cert`",
        references.SEALED_SECRETS,
        ("-----BEGIN CERTIFICATE-----\n…",),
    ),
]


class ExistingSecretOptions(Options):
    """A Secret in the connector's namespace that exists outside the stack."""

    SOURCE = references.KUBERNETES_SECRETS

    name: Annotated[SecretName, Example("tunnel-token")]
    """Name of the Secret."""
    key: SecretKey = "token"
    """Key of the Secret that holds the token."""


class StoreOptions(Options):
    """The store of External Secrets through which the token is delivered."""

    SOURCE = references.EXTERNAL_SECRETS_PUSH

    name: Annotated[StoreName, Example("vault")]
    """Name of the store."""
    kind: Annotated[Literal["SecretStore", "ClusterSecretStore"], Example("ClusterSecretStore")] = "SecretStore"
    """Whether the store belongs to the namespace or to the whole cluster."""
    property: Annotated[str, Accepts("a string", examples=("token", ""))] = "token"
    """Property of the store's entry that holds the token; empty where the store's entries have no properties."""


class TokenOptions(Options):
    """The token with which connectors register: its delivery to the pods, and its rotation."""

    SOURCE = references.CLOUDFLARE_TOKENS

    delivery: Annotated[Delivery, Example("sealed")] = "secret"
    """secret creates a Secret; sealed creates a SealedSecret; existing mounts a Secret that exists outside the stack;
    external pushes to a store of External Secrets and pulls from there."""
    epoch: Annotated[StrictInt, Ge(0), Accepts("a whole number, 0 or more", references.CLOUDFLARE_ROTATION, (1,))] = 0
    """Change this number to rotate the tunnel's secret in place: the pods roll one by one with the new token."""
    certificate: Annotated[Certificate | None, Field(validate_default=True)] = None
    """For sealed: the public certificate of the cluster's controller."""
    secret: Annotated[ExistingSecretOptions | None, Field(validate_default=True), Example({"name": "tunnel-token"})] = (
        None
    )
    """For existing: the Secret."""
    store: Annotated[
        StoreOptions | None,
        Field(validate_default=True),
        Example({"name": "vault", "kind": "ClusterSecretStore"}),
    ] = None
    """For external: the store."""

    @field_validator("certificate", "secret", "store")
    @classmethod
    def _matches_delivery(cls, value: Any, info: ValidationInfo) -> Any:
        delivery, required_by = info.data.get("delivery"), REQUIRED_BY[info.field_name or ""]
        if value is None and delivery == required_by:
            reject(f"delivery: {required_by} requires it")
        if value is not None and delivery in get_args(Delivery) and delivery != required_by:
            reject(f"requires delivery: {required_by}", f"omitted with delivery: {delivery}")
        return value

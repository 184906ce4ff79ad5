"""How the token comes to the pods: the Secret that they mount, and whatever brings it about."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components.connector.sealed_secret import fingerprint, sealed
from components.naming import generated_name

if TYPE_CHECKING:
    from components.connector.connector import ConnectorArgs

KEY = "token"
"""Of the Secrets that culvert brings about."""
AWAIT = "pulumi.com/waitFor"
"""The provider waits for no custom resource, unless told what for: https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/"""

PATIENCE = "pulumi.com/timeoutSeconds"
"""Its controller does it within seconds, or never; the default is ten minutes."""


class ExistingSecretArgs(TypedDict):
    name: str
    """Name of the Secret, in the connector's namespace."""
    key: NotRequired[str]
    """Its key that holds the token; `token` by default."""


class SecretStoreArgs(TypedDict):
    name: str
    """Name of the store."""
    kind: NotRequired[str]
    """`SecretStore` (the default) or `ClusterSecretStore`."""
    property: NotRequired[str]
    """Property of the store's entry, `token` by default; empty where entries have none."""


class TokenDeliveryArgs(TypedDict):
    """One of the three; with none, a Secret is made."""

    certificate: NotRequired[str]
    """Public certificate of the cluster's sealed-secrets controller, in PEM: a SealedSecret is made for it."""
    secret: NotRequired[ExistingSecretArgs]
    """A Secret that somebody else keeps; none is made."""
    store: NotRequired[SecretStoreArgs]
    """A store of External Secrets: the token is pushed there from a Secret, and pulled from there into another."""


@dataclass(frozen=True)
class Delivered:
    """The Secret to mount, by name and key. Whoever takes the name waits until the Secret is there."""

    name: pulumi.Input[str]
    key: str = KEY
    annotations: dict[str, pulumi.Input[str]] = field(default_factory=dict)
    """What the pods carry, to be replaced when the token changes and no name does."""


def delivered(name: str, args: "ConnectorArgs", labels: dict[str, str], child: pulumi.ResourceOptions) -> Delivered:
    """Make what `args` ask for. A new token is always a new Secret, made before the pods move to it; theirs goes last."""
    how = args.get("token_delivery", {})
    token = pulumi.Output.secret(args["token"])
    # Not what a secret is made of, as the token cannot be found from it; so names may carry it.
    mark = pulumi.Output.unsecret(token.apply(fingerprint))
    if existing := how.get("secret"):
        return Delivered(existing["name"], existing.get("key", KEY), annotations={"culvert/token": mark})
    new_name = pulumi.Output.concat(f"{name}-token-", mark)
    if certificate := how.get("certificate"):
        secret = _sealed(name, certificate, new_name, args, labels, child)
        return Delivered(generated_name(secret))
    secret = Secret(
        f"{name}-token",
        # No name: with a given one, the Secret would be deleted before its successor is made.
        metadata={"namespace": args["namespace"], "labels": labels},
        string_data={KEY: args["token"]},
        opts=child,
    )
    if store := how.get("store"):
        pulled = _through(store, name, secret, new_name, args, labels, child)
        return Delivered(generated_name(pulled))
    return Delivered(generated_name(secret))


def _sealed(
    name: str,
    certificate: str,
    secret_name: pulumi.Output[str],
    args: "ConnectorArgs",
    labels: dict[str, str],
    child: pulumi.ResourceOptions,
) -> CustomResource:
    entry = pulumi.Output.all(args["token"], args["namespace"], secret_name).apply(
        lambda known: sealed(known[0], certificate, known[1], known[2])
    )
    return CustomResource(
        f"{name}-token",
        api_version="bitnami.com/v1alpha1",
        kind="SealedSecret",
        # The controller gives the Secret this name, and opens what is sealed under no other.
        metadata=_metadata(secret_name, args, labels, "condition=Synced"),
        # What is sealed is for everybody to see.
        spec={"encryptedData": {KEY: pulumi.Output.unsecret(entry)}, "template": {"metadata": {"labels": labels}}},
        opts=child,
    )


def _through(
    store: SecretStoreArgs,
    name: str,
    secret: Secret,
    entry: pulumi.Output[str],
    args: "ConnectorArgs",
    labels: dict[str, str],
    child: pulumi.ResourceOptions,
) -> CustomResource:
    """The pair, and the store's entry, named after the token: at no time are two tokens in one entry."""
    reference = {"name": store["name"], "kind": store.get("kind", "SecretStore")}
    where: dict[str, Any] = {"property": store.get("property", KEY)} if store.get("property", KEY) else {}
    pushed = CustomResource(
        f"{name}-token",
        api_version="external-secrets.io/v1alpha1",
        kind="PushSecret",
        metadata=_metadata(entry, args, labels, "condition=Ready"),
        spec={
            "secretStoreRefs": [reference],
            "selector": {"secret": {"name": generated_name(secret)}},
            "data": [{"match": {"secretKey": KEY, "remoteRef": {"remoteKey": entry, **where}}}],
            # Its entry goes with it.
            "deletionPolicy": "Delete",
        },
        opts=child,
    )
    return CustomResource(
        f"{name}-token",
        api_version="external-secrets.io/v1",
        kind="ExternalSecret",
        metadata=_metadata(entry, args, labels, "condition=Ready"),
        spec={
            "secretStoreRef": reference,
            "target": {"name": entry, "template": {"metadata": {"labels": labels}}},
            "data": [{"secretKey": KEY, "remoteRef": {"key": entry, **where}}],
        },
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[pushed])),
    )


def _metadata(
    name: pulumi.Output[str], args: "ConnectorArgs", labels: dict[str, str], until: str
) -> dict[str, pulumi.Input[Any]]:
    return {
        "name": name,
        "namespace": args["namespace"],
        "labels": labels,
        "annotations": {AWAIT: until, PATIENCE: "120"},
    }

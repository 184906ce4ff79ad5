"""The Secret with the connector's token, and the resources that create it."""

from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components.connector.args import ConnectorArgs, SecretStoreArgs
from components.connector.sealed_secret import fingerprint, seal
from components.naming import generated_name, owner_annotation

KEY = "token"
"""Key of the Secrets that culvert creates."""
WAIT_FOR = "pulumi.com/waitFor"
"""Custom resources are not awaited unless this annotation names a condition:
https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/"""
TIMEOUT = "pulumi.com/timeoutSeconds"
"""Limit of that wait. The controllers need seconds; the provider's default is ten minutes."""


@dataclass(frozen=True)
class TokenSecret:
    """The Secret to mount, by name and key. The name resolves once the Secret exists."""

    name: pulumi.Input[str]
    key: str = KEY
    annotations: dict[str, pulumi.Input[str]] = field(default_factory=dict)
    """Annotations of the pods that change with the token, where the name of the Secret does not."""


def placeholder(args: ConnectorArgs) -> TokenSecret:
    """The Secret of another token, as a name without an object: for a dry run of the pods that mount it."""
    if existing := args.get("token_delivery", {}).get("secret"):
        return TokenSecret(existing["name"], existing.get("key", KEY), annotations={"culvert/token": "dry-run"})
    return TokenSecret("dry-run")


def create_token_secret(
    name: str, args: ConnectorArgs, labels: dict[str, str], child: pulumi.ResourceOptions
) -> TokenSecret:
    """Create the resources of `token_delivery`.

    A new token is always a new Secret: it is created before the pods move to it, and the old one is deleted last.
    """
    delivery = args.get("token_delivery", {})
    token = pulumi.Output.secret(args["token"])
    # Not secret, since the token cannot be derived from it: names and annotations may contain it.
    digest = pulumi.Output.unsecret(token.apply(fingerprint))
    if existing := delivery.get("secret"):
        return TokenSecret(existing["name"], existing.get("key", KEY), annotations={"culvert/token": digest})
    new_name = pulumi.Output.concat(f"{name}-token-", digest)
    if certificate := delivery.get("certificate"):
        secret = _sealed_secret(name, certificate, new_name, args, labels, child)
        return TokenSecret(generated_name(secret))
    secret = Secret(
        f"{name}-token",
        # Without a name: a Secret with a fixed name is deleted before its replacement is created.
        metadata={"namespace": args["namespace"], "labels": labels, "annotations": owner_annotation()},
        string_data={KEY: args["token"]},
        opts=child,
    )
    if store := delivery.get("store"):
        external = _external_secret(store, name, secret, new_name, args, labels, child)
        return TokenSecret(generated_name(external))
    return TokenSecret(generated_name(secret))


def _sealed_secret(
    name: str,
    certificate: str,
    secret_name: pulumi.Output[str],
    args: ConnectorArgs,
    labels: dict[str, str],
    child: pulumi.ResourceOptions,
) -> CustomResource:
    entry = pulumi.Output.all(args["token"], args["namespace"], secret_name).apply(
        lambda known: seal(known[0], certificate, known[1], known[2])
    )
    return CustomResource(
        f"{name}-token",
        api_version="bitnami.com/v1alpha1",
        kind="SealedSecret",
        # The Secret gets the same name: data sealed for one name does not decrypt for another.
        metadata=_metadata(secret_name, args, labels, "condition=Synced"),
        # Ciphertext is public by design.
        spec={"encryptedData": {KEY: pulumi.Output.unsecret(entry)}, "template": {"metadata": {"labels": labels}}},
        opts=child,
    )


def _external_secret(
    store: SecretStoreArgs,
    name: str,
    secret: Secret,
    entry: pulumi.Output[str],
    args: ConnectorArgs,
    labels: dict[str, str],
    child: pulumi.ResourceOptions,
) -> CustomResource:
    """A PushSecret and an ExternalSecret. The store's entry is named after the token, so that it never holds two."""
    reference = {"name": store["name"], "kind": store.get("kind", "SecretStore")}
    key = store.get("property", KEY)
    property_of_entry: dict[str, Any] = {"property": key} if key else {}
    push = CustomResource(
        f"{name}-token",
        api_version="external-secrets.io/v1alpha1",
        kind="PushSecret",
        metadata=_metadata(entry, args, labels, "condition=Ready"),
        spec={
            "secretStoreRefs": [reference],
            "selector": {"secret": {"name": generated_name(secret)}},
            "data": [{"match": {"secretKey": KEY, "remoteRef": {"remoteKey": entry, **property_of_entry}}}],
            # Deletes the store's entry together with the PushSecret.
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
            "data": [{"secretKey": KEY, "remoteRef": {"key": entry, **property_of_entry}}],
        },
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[push])),
    )


def _metadata(
    name: pulumi.Output[str], args: ConnectorArgs, labels: dict[str, str], condition: str
) -> dict[str, pulumi.Input[Any]]:
    return {
        "name": name,
        "namespace": args["namespace"],
        "labels": labels,
        "annotations": {**owner_annotation(), WAIT_FOR: condition, TIMEOUT: "120"},
    }

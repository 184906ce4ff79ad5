"""The connector token: deliveries that are rejected."""

from typing import Any

import pytest

from tests.support.sealed_secrets import certificate
from tests.support.settings_examples import Case, assert_rejected, values


def token(**parts: Any) -> dict[str, Any]:
    return values(token=parts)


DELIVERY: dict[str, Case] = {
    "an unknown delivery": (
        token(delivery="vault"),
        "token.delivery",
        "one of secret, sealed, existing and external",
    ),
    "a negative epoch": (
        token(epoch=-1),
        "token.epoch",
        "must be at least 0. Accepted: a whole number, 0 or more",
    ),
    "an epoch as a text": (token(epoch="1"), "token.epoch", "must be a whole number"),
    "sealed without a certificate": (
        token(delivery="sealed"),
        "token.certificate",
        "is missing: delivery: sealed requires it",
    ),
    "sealed with a string that is not a certificate": (
        token(delivery="sealed", certificate="abc"),
        "token.certificate",
        "is not a certificate",
    ),
    "sealed for a broken certificate": (
        token(delivery="sealed", certificate="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        "token.certificate",
        "is not a readable certificate with an RSA key",
    ),
    "sealed for a key of another kind": (
        token(delivery="sealed", certificate=certificate(elliptic=True)),
        "token.certificate",
        "is not a readable certificate with an RSA key",
    ),
    "sealed for a short key": (
        token(delivery="sealed", certificate=certificate("short", bits=1024)),
        "token.certificate",
        "has a key of 1024 bits",
    ),
    "sealed for a private key": (
        token(delivery="sealed", certificate="-----BEGIN PRIVATE KEY-----\nAAAA"),
        "token.certificate",
        '"[hidden]" is a private key, which must stay in the cluster',
    ),
    "a certificate with another delivery": (
        token(certificate=certificate()),
        "token.certificate",
        "requires delivery: sealed. Accepted: omitted with delivery: secret",
    ),
    "existing without a Secret": (
        token(delivery="existing"),
        "token.secret",
        "is missing: delivery: existing requires it",
    ),
    "an existing Secret without a name": (
        token(delivery="existing", secret={"key": "token"}),
        "token.secret.name",
        "is missing",
    ),
    "an existing Secret of no name": (
        token(delivery="existing", secret={"name": "Token"}),
        "token.secret.name",
        "is not a valid name of a Kubernetes object",
    ),
    "an existing Secret with a path for a key": (
        token(delivery="existing", secret={"name": "token", "key": "a/b"}),
        "token.secret.key",
        "is not a valid key of a Secret or a ConfigMap",
    ),
    "external without a store": (
        token(delivery="external"),
        "token.store",
        "is missing: delivery: external requires it",
    ),
    "a store of no kind": (
        token(delivery="external", store={"name": "vault", "kind": "Vault"}),
        "token.store.kind",
        "one of SecretStore and ClusterSecretStore",
    ),
    "a store with another delivery": (
        token(delivery="sealed", certificate=certificate(), store={"name": "vault"}),
        "token.store",
        "requires delivery: external",
    ),
}


@pytest.mark.parametrize("case", DELIVERY.values(), ids=DELIVERY)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)

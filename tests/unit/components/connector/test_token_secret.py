"""Deliveries of the token to the pods: their objects, the order of creation, and the secrets that stay hidden."""

import base64
from typing import Any

import pytest

from components import Connector, Tunnel
from components.connector.sealed_secret import seal
from tests.support.mock_recorder import Deploy, Recorded, Registered
from tests.support.sealed_secrets import certificate, unseal

TOKEN = "eyJhIjoiYWNjb3VudCJ9-the-token"  # noqa: S105
CERTIFICATE = certificate()
PARENT = "culvert:index:Connector"
STORE = {"name": "vault", "kind": "ClusterSecretStore"}


def deployed(deploy: Deploy, token: str = TOKEN, **how: Any) -> Recorded:
    delivery: Any = how
    args: Any = {"namespace": "blog", "token": token, "token_delivery": delivery}
    return deploy(lambda: Connector("culvert-dev", args))


def custom(recorded: Recorded, kind: str) -> Registered:
    return recorded.one(kind)


def mounted(recorded: Recorded) -> tuple[str, str]:
    """The Secret that the pods mount, and the file that they read."""
    pod = recorded.one("Deployment").inputs["spec"]["template"]["spec"]
    env = {variable["name"]: variable["value"] for variable in pod["containers"][0]["env"]}
    (volume,) = pod["volumes"]
    return volume["secret"]["secretName"], env["TUNNEL_TOKEN_FILE"]


def made(recorded: Recorded) -> set[str]:
    return recorded.names - {
        "Deployment culvert-dev-cloudflared",
        "PodDisruptionBudget culvert-dev-budget",
        "Service culvert-dev-metrics",
    }


def test_sealed_delivery_creates_one_sealed_secret_and_no_secret(deploy: Deploy) -> None:
    recorded = deployed(deploy, certificate=CERTIFICATE)
    assert made(recorded) == {"SealedSecret culvert-dev-token"}
    assert TOKEN not in recorded.shown
    assert "SealedSecret culvert-dev-token" in recorded.one("Deployment").dependencies
    sealed_secret = custom(recorded, "SealedSecret")
    assert (sealed_secret.inputs["apiVersion"], sealed_secret.parent) == ("bitnami.com/v1alpha1", PARENT)
    assert sealed_secret.inputs["metadata"]["labels"] == recorded.one("Deployment").inputs["metadata"]["labels"]


def test_a_sealed_token_is_unsealed_only_with_its_key_namespace_and_name(deploy: Deploy) -> None:
    recorded = deployed(deploy, certificate=CERTIFICATE)
    inputs = custom(recorded, "SealedSecret").inputs
    name, entry = inputs["metadata"]["name"], inputs["spec"]["encryptedData"]["token"]
    assert mounted(recorded) == (name, "/etc/culvert/token/token")
    assert unseal(entry, f"blog/{name}") == TOKEN
    with pytest.raises(ValueError, match="ecryption"):
        unseal(entry, f"shop/{name}")
    with pytest.raises(ValueError, match="ecryption"):
        unseal(entry, f"blog/{name}", "another")


def test_a_sealed_token_is_not_marked_secret_and_is_awaited(deploy: Deploy) -> None:
    sealed_secret = custom(deployed(deploy, certificate=CERTIFICATE), "SealedSecret")
    assert sealed_secret.inputs["spec"]["encryptedData"]["token"] in sealed_secret.shown
    assert sealed_secret.inputs["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Synced"
    assert sealed_secret.inputs["spec"]["template"]["metadata"]["labels"] == sealed_secret.inputs["metadata"]["labels"]


def test_sealing_is_deterministic_and_a_new_token_has_a_new_name(deploy: Deploy) -> None:
    first, again, other = (
        custom(deployed(deploy, token, certificate=CERTIFICATE), "SealedSecret").inputs
        for token in (TOKEN, TOKEN, f"{TOKEN}2")
    )
    assert first == again
    assert first["metadata"]["name"] != other["metadata"]["name"]


def test_a_new_certificate_seals_again_under_the_same_name(deploy: Deploy) -> None:
    first, renewed = (
        custom(deployed(deploy, certificate=one), "SealedSecret").inputs
        for one in (CERTIFICATE, certificate("another"))
    )
    assert first["metadata"] == renewed["metadata"]
    name, entry = renewed["metadata"]["name"], renewed["spec"]["encryptedData"]["token"]
    assert unseal(entry, f"blog/{name}", "another") == TOKEN


def test_no_two_sealed_values_share_a_key_stream() -> None:
    """With one key and one nonce, equal texts would have equal ciphertexts; different ones would reveal both."""
    seals = [
        seal(token, cert, namespace, name)
        for token, cert, namespace, name in (
            (TOKEN, CERTIFICATE, "blog", "a"),
            (TOKEN[::-1], CERTIFICATE, "blog", "a"),
            (TOKEN, certificate("another"), "blog", "a"),
            (TOKEN, CERTIFICATE, "shop", "a"),
            (TOKEN, CERTIFICATE, "blog", "b"),
        )
    ]
    locked, contents = zip(
        *((base64.b64decode(one)[2:258], base64.b64decode(one)[258:-16]) for one in seals), strict=True
    )
    streams = {bytes(a ^ b for a, b in zip(content, TOKEN.encode(), strict=True)) for content in contents}
    assert len(streams) == len(set(locked)) == 5


def test_an_existing_secret_is_mounted_and_none_is_created(deploy: Deploy) -> None:
    recorded = deployed(deploy, secret={"name": "tunnel-token", "key": "TUNNEL_TOKEN"})
    assert made(recorded) == set()
    assert mounted(recorded) == ("tunnel-token", "/etc/culvert/token/TUNNEL_TOKEN")
    assert TOKEN not in str([resource.inputs for resource in recorded.resources])


def test_a_new_token_replaces_the_pods_though_an_existing_secret_keeps_its_name(deploy: Deploy) -> None:
    marks = [
        deployed(deploy, token, secret={"name": "tunnel-token"})
        .one("Deployment")
        .inputs["spec"]["template"]["metadata"]
        for token in (TOKEN, TOKEN, f"{TOKEN}2")
    ]
    assert marks[0] == marks[1]
    assert marks[0]["annotations"]["culvert/token"] != marks[2]["annotations"]["culvert/token"]


def test_with_any_other_delivery_pods_have_no_annotation(deploy: Deploy) -> None:
    others: tuple[dict[str, Any], ...] = ({}, {"certificate": CERTIFICATE}, {"store": STORE})
    for how in others:
        template = deployed(deploy, **how).one("Deployment").inputs["spec"]["template"]
        assert "annotations" not in template["metadata"]


def test_external_delivery_pushes_culverts_secret_and_pods_mount_the_pulled_one(deploy: Deploy) -> None:
    recorded = deployed(deploy, store=STORE)
    assert made(recorded) == {
        "Secret culvert-dev-token",
        "PushSecret culvert-dev-token",
        "ExternalSecret culvert-dev-token",
    }
    pushed, pulled = custom(recorded, "PushSecret"), custom(recorded, "ExternalSecret")
    entry = pulled.inputs["metadata"]["name"]
    assert pushed.inputs["spec"] == {
        "secretStoreRefs": [STORE],
        "selector": {"secret": {"name": "culvert-dev-token-1a2b3c4d"}},
        "data": [{"match": {"secretKey": "token", "remoteRef": {"remoteKey": entry, "property": "token"}}}],
        "deletionPolicy": "Delete",
    }
    assert pulled.inputs["spec"]["secretStoreRef"] == STORE
    assert pulled.inputs["spec"]["target"]["name"] == entry
    assert pulled.inputs["spec"]["data"] == [{"secretKey": "token", "remoteRef": {"key": entry, "property": "token"}}]
    assert mounted(recorded) == (entry, "/etc/culvert/token/token")
    assert "PushSecret culvert-dev-token" in pulled.dependencies
    assert "ExternalSecret culvert-dev-token" in recorded.one("Deployment").dependencies
    assert TOKEN not in recorded.shown


def test_a_store_may_have_another_property(deploy: Deploy) -> None:
    recorded = deployed(deploy, store={**STORE, "property": "value"})
    (push,), (pull,) = (custom(recorded, kind).inputs["spec"]["data"] for kind in ("PushSecret", "ExternalSecret"))
    assert push["match"]["remoteRef"]["property"] == pull["remoteRef"]["property"] == "value"
    assert {resource.parent for resource in recorded.resources} == {PARENT}


def test_a_store_without_properties_gets_no_property(deploy: Deploy) -> None:
    recorded = deployed(deploy, store={"name": "vault", "property": ""})
    (push,), (pull,) = (custom(recorded, kind).inputs["spec"]["data"] for kind in ("PushSecret", "ExternalSecret"))
    assert set(push["match"]["remoteRef"]) == {"remoteKey"}
    assert set(pull["remoteRef"]) == {"key"}
    assert custom(recorded, "PushSecret").inputs["spec"]["secretStoreRefs"][0]["kind"] == "SecretStore"


def test_each_token_has_its_own_entry_in_the_store(deploy: Deploy) -> None:
    before, after = (deployed(deploy, token, store=STORE) for token in (TOKEN, f"{TOKEN}2"))
    names = [
        {custom(recorded, kind).inputs["metadata"]["name"] for kind in ("PushSecret", "ExternalSecret")}
        for recorded in (before, after)
    ]
    assert names[0].isdisjoint(names[1])


def test_an_epoch_changes_the_password_and_epoch_zero_keeps_it(deploy: Deploy) -> None:
    def password(**more: Any) -> dict[str, Any]:
        args: Any = {"account_id": "0" * 32, "ingress_rules": [{"service": "http_status:404"}], **more}
        return deploy(lambda: Tunnel("culvert-dev", args)).one("RandomPassword").inputs

    assert "keepers" not in password()
    assert password(token_epoch=0) == password()
    assert password(token_epoch=2)["keepers"] == {"epoch": "2"}

"""Orphaned resources: found by the stack's name, matched to planned resources, and their state entries."""

from typing import Any

import pytest

from clients import pulumi_values
from clients.pulumi_values import SIGNATURE, UNKNOWN
from ops.recover.cloudflare_kinds import NETWORK, POLICY, POOL, RECORD, ROUTE, TUNNEL
from ops.recover.kinds import KINDS
from ops.recover.live_resources import LiveResource, LiveResources
from ops.recover.orphans import orphans
from ops.recover.state_entries import HIDDEN, from_pending, from_preview, set_missing_secrets
from tests.support.api_server import FakeApiServer
from tests.support.emulator import ACCOUNT, RECORDS, ZONE, Emulator

URN = "urn:pulumi:dev::culvert::culvert:index:Connector${type}::culvert-dev-{what}"
OWN = [{"manager": "pulumi-kubernetes-1a2b3c4d", "operation": "Apply"}]


def entry(type: str, what: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {"urn": URN.format(type=type, what=what), "custom": True, "type": type, "inputs": inputs}


def live_object(kind: str, name: str, **body: Any) -> LiveResource:
    version = "core/v1" if kind == "Secret" else "apps/v1"
    metadata = {"name": name, "namespace": "blog", "managedFields": OWN}
    row = KINDS[f"kubernetes:{version}:{kind}"]
    return LiveResource(row, name, f"blog/{name}", f"/{name}", {"metadata": metadata, **body})


def generated(**more: Any) -> dict[str, Any]:
    metadata = {"name": "culvert-dev-token-0a1b2c3d", "namespace": "blog"}
    return {"metadata": {**metadata, "annotations": {"pulumi.com/autonamed": "true"}}, **more}


def empty(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": list(resources)}}


NAMESPACE = "kubernetes:core/v1:Namespace"
SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type


def test_a_resource_of_the_state_is_not_an_orphan() -> None:
    held = {**entry(TUNNEL.type, "tunnel", {}), "id": "t1"}
    found = [LiveResource(TUNNEL, "culvert-dev", number, "", {}) for number in ("t1", "t2")]
    (left,) = orphans(found, [], [], empty(held))
    assert (left.live.id, left.entry) == ("t2", None)


def test_a_generated_name_is_recognized_and_only_one_of_two_matches() -> None:
    planned = entry(SECRET, "token", generated(stringData={"token": HIDDEN}))
    found = [live_object("Secret", f"culvert-dev-token-{number}") for number in ("aaaa1111", "bbbb2222")]
    first, second = orphans(found, [], [planned], empty())
    assert first.entry
    assert first.entry["id"] == "blog/culvert-dev-token-aaaa1111"
    assert first.entry["inputs"]["metadata"]["name"] == "culvert-dev-token-aaaa1111"
    assert second.entry is None


@pytest.mark.parametrize("name", ["culvert-dev-tokens", "other-token-aaaa1111"])
def test_another_name_does_not_match(name: str) -> None:
    planned = entry(SECRET, "token", generated())
    (left,) = orphans([live_object("Secret", name)], [], [planned], empty())
    assert left.entry is None


def test_a_pending_operation_precedes_the_preview() -> None:
    operation = entry(SECRET, "token", {**generated(), "data": {"token": {"ciphertext": "v1:…"}}})
    pending = live_object("Secret", "culvert-dev-token-0a1b2c3d")
    (left,) = orphans([pending], [(operation, pending)], [entry(SECRET, "token", generated())], empty())
    assert left.entry
    # Its inputs are those that it was created with. The operation has no id, without which the engine reads nothing.
    assert (left.entry["inputs"], left.entry["id"]) == (operation["inputs"], pending.id)


@pytest.mark.parametrize("hidden", [HIDDEN, {SIGNATURE: pulumi_values.SECRET, "ciphertext": HIDDEN}])
def test_no_secret_of_the_cluster_gets_into_the_state(hidden: object) -> None:
    planned = entry(SECRET, "token", generated(stringData={"token": hidden}, data=hidden, type=hidden))
    state_entry = from_preview(planned, live_object("Secret", "culvert-dev-token-aaaa1111", data={"token": "c2VjcmV0"}))
    assert "c2VjcmV0" not in str(state_entry)
    assert HIDDEN not in str(state_entry)
    assert SIGNATURE not in str(state_entry)


def test_what_a_preview_does_not_know_comes_from_the_live_resource() -> None:
    spec = {"replicas": 2, "template": {"volumes": [{"secret": UNKNOWN}, {"emptyDir": {}}]}, "paused": UNKNOWN}
    metadata = {"name": "culvert-dev-cloudflared", "namespace": "blog"}
    planned = entry("kubernetes:apps/v1:Deployment", "cloudflared", {"metadata": metadata, "spec": spec})
    live = {"replicas": 3, "template": {"volumes": [{"secret": "token-1"}, {"emptyDir": {}}]}}
    state_entry = from_preview(planned, live_object("Deployment", "culvert-dev-cloudflared", spec=live))
    assert state_entry["inputs"]["spec"] == {
        "replicas": 2,
        "template": {"volumes": [{"secret": "token-1"}, {"emptyDir": {}}]},
    }
    assert state_entry["outputs"]["__fieldManager"] == "pulumi-kubernetes-1a2b3c4d"


def test_a_pending_secret_stays_encrypted() -> None:
    operation = entry(TUNNEL.type, "tunnel", {"name": "culvert-dev", "tunnelSecret": {"ciphertext": "v1:…"}})
    state_entry = from_pending(operation, LiveResource(TUNNEL, "culvert-dev", "t1", "", {}))
    assert state_entry["inputs"] == operation["inputs"]
    assert state_entry["outputs"]["tunnelSecret"] == {"ciphertext": "v1:…"}
    assert state_entry["id"] == "t1"


def test_an_object_that_is_being_deleted_does_not_exist(cluster: FakeApiServer, everywhere: LiveResources) -> None:
    for name, more in (("staying", {}), ("going", {"deletionTimestamp": "now"})):
        cluster.add("v1", "Namespace", name, None, managedFields=OWN, **more)
    names = ["staying", "going", "none"]
    found = [everywhere.find(NAMESPACE, {"metadata": {"name": name}}) for name in names]
    assert [one and one.name for one in found] == ["staying", None, None]


def test_an_object_of_another_owner_is_not_the_pending_one(cluster: FakeApiServer, everywhere: LiveResources) -> None:
    cluster.add("v1", "Secret", "mine", managedFields=OWN, annotations={"culvert/owner": "culvert/dev"})
    cluster.add("v1", "Secret", "unmarked", managedFields=OWN)
    cluster.add("v1", "Secret", "copied", annotations={"culvert/owner": "culvert/dev"})
    metadata = {"namespace": "blog", "annotations": {"culvert/owner": "culvert/dev"}}
    found = [
        everywhere.find(SECRET, {"metadata": {**metadata, "name": name}}) for name in ("mine", "unmarked", "copied")
    ]
    assert [one and one.name for one in found] == ["mine", None, None]


def test_a_record_created_elsewhere_is_not_the_pending_one(live: LiveResources, emulator: Emulator) -> None:
    inputs = {"zoneId": ZONE, "name": "a.example.com", "type": "CNAME", "content": "t1.cfargotunnel.com"}
    made = {"type": "CNAME", "name": "a.example.com", "content": "t1.cfargotunnel.com", "ttl": 1, "proxied": True}
    emulator.done("POST", RECORDS, {**made, "comment": "by hand"})
    assert live.find(RECORD.type, {**inputs, "comment": "culvert/dev"}) is None
    found = live.find(RECORD.type, {**inputs, "comment": "by hand"})
    assert found
    assert found.name == "a.example.com"


def test_a_private_network_created_elsewhere_is_not_the_pending_one(live: LiveResources, emulator: Emulator) -> None:
    tunnel, teamnet = emulator.tunnel("culvert-dev"), f"/accounts/{ACCOUNT}/teamnet"
    home = emulator.done("POST", f"{teamnet}/virtual_networks", {"name": "homelab", "comment": "culvert/dev"})["id"]
    route = {"network": "10.0.0.0/16", "tunnel_id": tunnel, "virtual_network_id": home, "comment": "culvert/dev"}
    emulator.done("POST", f"{teamnet}/routes", route)
    pending = {"accountId": ACCOUNT, "network": "10.0.0.0/16", "tunnelId": tunnel, "comment": "culvert/dev"}
    for more in ({"comment": "culvert/other"}, {"network": "10.1.0.0/16"}, {"virtualNetworkId": "another"}):
        assert live.find(ROUTE.type, {**pending, **more}) is None
    found = [live.find(ROUTE.type, {**pending, "virtualNetworkId": home}), live.find(ROUTE.type, pending)]
    assert [each and each.name for each in found] == ["10.0.0.0/16"] * 2
    network = {"accountId": ACCOUNT, "name": "homelab", "comment": "culvert/dev"}
    assert live.find(NETWORK.type, {**network, "comment": "by hand"}) is None
    assert live.find(NETWORK.type, network)


def test_of_two_resources_of_one_name_the_one_outside_the_state_is_found(
    live: LiveResources, emulator: Emulator
) -> None:
    policies = f"/accounts/{ACCOUNT}/access/policies"
    body = {"name": "culvert-dev a.example.com: people", "decision": "allow", "include": [{"everyone": {}}]}
    first, second = (emulator.done("POST", policies, body)["id"] for _ in range(2))
    inputs = {"accountId": ACCOUNT, "name": body["name"]}
    for known, other in ((first, second), (second, first)):
        found = live.find(POLICY.type, inputs, {(POLICY.type, known)})
        assert found
        assert found.id == other
    assert live.find(POLICY.type, inputs, {(POLICY.type, id) for id in (first, second)}) is None


def test_an_adopted_tunnel_has_an_empty_secret_until_the_next_update_sets_it() -> None:
    tunnel = LiveResource(TUNNEL, "culvert-dev", "t1", "", {"id": "t1", "name": "culvert-dev"})
    adopted = from_preview(entry(TUNNEL.type, "tunnel", {"name": "culvert-dev", "tunnelSecret": HIDDEN}), tunnel)
    secret = {SIGNATURE: pulumi_values.SECRET, "ciphertext": "c2VjcmV0"}
    noted = from_pending(entry(TUNNEL.type, "other", {"name": "culvert-dev", "tunnelSecret": secret}), tunnel)
    record = entry(RECORD.type, "record", {"name": "blog.example.com"})
    set_missing_secrets([adopted, noted, record])
    assert (adopted["inputs"], adopted["outputs"]["tunnelSecret"]) == ({"name": "culvert-dev"}, "")
    assert noted["outputs"]["tunnelSecret"] == secret
    assert "outputs" not in record


def test_what_a_preview_does_not_know_has_the_names_of_the_engine() -> None:
    rule = {"service_token": {"token_id": "t1"}}
    policy = LiveResource(POLICY, "p", "p1", "", {"id": "p1", "include": [rule]})
    unknown = {"includes": [{"serviceToken": {"tokenId": UNKNOWN}}]}
    assert from_preview(entry(POLICY.type, "p", unknown), policy)["inputs"] == {
        "includes": [{"serviceToken": {"tokenId": "t1"}}]
    }
    pool = LiveResource(POOL, "p", "p2", "", {"monitor": "m1", "origins": [{"address": "t1.cfargotunnel.com"}]})
    unknown = {"monitor": UNKNOWN, "origins": [{"name": "own", "address": UNKNOWN}]}
    assert from_preview(entry(POOL.type, "p", unknown), pool)["inputs"] == {
        "monitor": "m1",
        "origins": [{"name": "own", "address": "t1.cfargotunnel.com"}],
    }


def test_a_deleted_tunnel_no_longer_exists_and_loses_its_connections_first(
    live: LiveResources, emulator: Emulator
) -> None:
    tunnel = emulator.tunnel("culvert-dev")
    emulator.owner("PUT", "/connections", {"tunnel": tunnel, "connectors": [4]})
    inputs = {"accountId": ACCOUNT, "name": "culvert-dev"}
    found = live.find(TUNNEL.type, inputs)
    resource = {"type": TUNNEL.type, "id": tunnel, "inputs": inputs}
    assert not live.is_deleted(resource)
    assert found
    live.delete(found, "culvert-dev")
    assert live.is_deleted(resource)
    assert live.find(TUNNEL.type, inputs) is None

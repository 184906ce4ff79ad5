"""Orphaned resources: found by the stack's name, matched to planned resources, and their state entries."""

from typing import Any

import pytest

from clients import pulumi_values
from clients.pulumi_values import SIGNATURE, UNKNOWN
from ops.recover.live_resources import NETWORK, RECORD, ROUTE, TUNNEL, LiveResource, LiveResources
from ops.recover.orphans import is_own, orphans
from ops.recover.state_entries import HIDDEN, from_pending, from_preview
from tests.support.emulator import ACCOUNT, OTHER_ZONE, RECORDS, ZONE, Emulator

URN = "urn:pulumi:dev::culvert::culvert:index:Connector${type}::culvert-dev-{what}"
OWN = [{"manager": "pulumi-kubernetes-1a2b3c4d", "operation": "Apply"}]


def entry(type: str, what: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {"urn": URN.format(type=type, what=what), "custom": True, "type": type, "inputs": inputs}


def live_object(kind: str, name: str, **body: Any) -> LiveResource:
    version = "core/v1" if kind == "Secret" else "apps/v1"
    metadata = {"name": name, "namespace": "blog", "managedFields": OWN}
    return LiveResource(
        f"kubernetes:{version}:{kind}", name, f"blog/{name}", f"/{name}", {"metadata": metadata, **body}
    )


def generated(**more: Any) -> dict[str, Any]:
    metadata = {"name": "culvert-dev-token-0a1b2c3d", "namespace": "blog"}
    return {"metadata": {**metadata, "annotations": {"pulumi.com/autonamed": "true"}}, **more}


def empty(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": list(resources)}}


NAMESPACE = "kubernetes:core/v1:Namespace"
SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type


def test_a_resource_of_the_state_is_not_an_orphan() -> None:
    held = {**entry(TUNNEL, "tunnel", {}), "id": "t1"}
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
    operation = entry(TUNNEL, "tunnel", {"name": "culvert-dev", "tunnelSecret": {"ciphertext": "v1:…"}})
    state_entry = from_pending(operation, LiveResource(TUNNEL, "culvert-dev", "t1", "", {}))
    assert state_entry["inputs"] == operation["inputs"]
    assert state_entry["outputs"]["tunnelSecret"] == {"ciphertext": "v1:…"}
    assert state_entry["id"] == "t1"


class FakeCluster:
    """A cluster with namespaces alone, of which some are being deleted."""

    def __init__(self, **namespaces: bool) -> None:
        self.objects = {
            name: {
                "metadata": {"name": name, "managedFields": OWN, "deletionTimestamp": "now" if terminating else None}
            }
            for name, terminating in namespaces.items()
        }

    def get(self, _path: str) -> dict[str, Any]:
        return {"groups": []}

    def find(self, path: str) -> dict[str, Any] | None:
        if path == "/api/v1":
            return {"resources": [{"name": "namespaces", "kind": "Namespace", "namespaced": False, "verbs": ["list"]}]}
        return self.objects.get(path.rpartition("/")[2])

    def items(self, _path: str, _labels: dict[str, str]) -> list[dict[str, Any]]:
        return list(self.objects.values())


def test_an_object_that_is_being_deleted_is_not_left_over() -> None:
    live = LiveResources({})
    vars(live)["cluster"] = FakeCluster(staying=False, going=True)
    assert [one.name for one in live.objects("culvert-dev")] == ["staying"]
    inputs = {"apiVersion": "v1", "kind": "Namespace"}
    found = [live.find(NAMESPACE, {**inputs, "metadata": {"name": name}}) for name in ("staying", "going", "none")]
    assert [one and one.name for one in found] == ["staying", None, None]


def test_records_are_found_by_their_comment_and_tunnels_by_their_name(live: LiveResources, emulator: Emulator) -> None:
    mine = emulator.tunnel("culvert-dev")
    emulator.tunnel("culvert-dev-2")
    record = {"type": "CNAME", "content": f"{mine}.cfargotunnel.com", "proxied": True, "ttl": 1}
    for name, comment in (("a", "culvert/dev"), ("b", "culvert/dev-2"), ("c", None)):
        emulator.done("POST", RECORDS, {**record, "name": f"{name}.example.com", "comment": comment})
    assert [each.id for each in live.tunnels(ACCOUNT, "culvert-dev")] == [mine]
    assert [each.name for each in live.records([ZONE, OTHER_ZONE], "culvert/dev")] == ["a.example.com"]


def test_a_record_created_elsewhere_is_not_the_pending_one(live: LiveResources, emulator: Emulator) -> None:
    inputs = {"zoneId": ZONE, "name": "a.example.com", "type": "CNAME", "content": "t1.cfargotunnel.com"}
    made = {"type": "CNAME", "name": "a.example.com", "content": "t1.cfargotunnel.com", "ttl": 1, "proxied": True}
    emulator.done("POST", RECORDS, {**made, "comment": "by hand"})
    assert live.find(RECORD, {**inputs, "comment": "culvert/dev"}) is None
    found = live.find(RECORD, {**inputs, "comment": "by hand"})
    assert found
    assert found.name == "a.example.com"


def test_private_networks_are_found_by_the_prefix_of_their_comment(live: LiveResources, emulator: Emulator) -> None:
    tunnel, teamnet = emulator.tunnel("culvert-dev"), f"/accounts/{ACCOUNT}/teamnet"
    home = emulator.done("POST", f"{teamnet}/virtual_networks", {"name": "homelab", "comment": "culvert/dev"})["id"]
    emulator.done("POST", f"{teamnet}/virtual_networks", {"name": "theirs", "comment": "culvert/dev-2"})
    for number, comment in enumerate(("culvert/dev: services", "culvert/dev", "culvert/dev-2", "by hand")):
        body = {"network": f"10.{number}.0.0/16", "tunnel_id": tunnel, "comment": comment}
        ours = {"virtual_network_id": home} if number < 2 else {}
        emulator.done("POST", f"{teamnet}/routes", {**body, **ours})
    found = list(live.private_networks(ACCOUNT, lambda text: is_own(text, "culvert/dev")))
    assert [each.name for each in found] == ["10.0.0.0/16", "10.1.0.0/16", "homelab"]
    assert [each.kind for each in found] == ["private route", "private route", "virtual network"]
    planned = [
        entry(NETWORK, "network", {"name": "homelab"}),
        entry(ROUTE, "a", {"network": "10.0.0.0/16", "tunnelId": UNKNOWN, "virtualNetworkId": UNKNOWN}),
        entry(ROUTE, "b", {"network": "10.1.0.0/16", "tunnelId": tunnel, "virtualNetworkId": "another"}),
    ]
    first, second, third = orphans(found, [], planned, empty())
    assert first.entry
    assert first.entry["inputs"] == {"network": "10.0.0.0/16", "tunnelId": tunnel, "virtualNetworkId": home}
    assert second.entry is None
    assert third.entry
    assert third.entry["id"] == home
    for each in found:
        live.delete(each)
    assert list(live.private_networks(ACCOUNT, lambda text: is_own(text, "culvert/dev"))) == []


def test_a_private_network_created_elsewhere_is_not_the_pending_one(live: LiveResources, emulator: Emulator) -> None:
    tunnel, teamnet = emulator.tunnel("culvert-dev"), f"/accounts/{ACCOUNT}/teamnet"
    home = emulator.done("POST", f"{teamnet}/virtual_networks", {"name": "homelab", "comment": "culvert/dev"})["id"]
    route = {"network": "10.0.0.0/16", "tunnel_id": tunnel, "virtual_network_id": home, "comment": "culvert/dev"}
    emulator.done("POST", f"{teamnet}/routes", route)
    pending = {"accountId": ACCOUNT, "network": "10.0.0.0/16", "tunnelId": tunnel, "comment": "culvert/dev"}
    for more in ({"comment": "culvert/other"}, {"network": "10.1.0.0/16"}, {"virtualNetworkId": "another"}):
        assert live.find(ROUTE, {**pending, **more}) is None
    found = [live.find(ROUTE, {**pending, "virtualNetworkId": home}), live.find(ROUTE, pending)]
    assert [each and each.name for each in found] == ["10.0.0.0/16"] * 2
    network = {"accountId": ACCOUNT, "name": "homelab", "comment": "culvert/dev"}
    assert live.find(NETWORK, {**network, "comment": "by hand"}) is None
    assert live.find(NETWORK, network)


def test_a_deleted_tunnel_no_longer_exists_and_loses_its_connections_first(
    live: LiveResources, emulator: Emulator
) -> None:
    tunnel = emulator.tunnel("culvert-dev")
    emulator.owner("PUT", "/connections", {"tunnel": tunnel, "connectors": [4]})
    (found,) = live.tunnels(ACCOUNT, "culvert-dev")
    resource = {"type": TUNNEL, "id": tunnel, "inputs": {"accountId": ACCOUNT}}
    assert not live.is_deleted(resource)
    live.delete(found)
    assert live.is_deleted(resource)
    assert list(live.tunnels(ACCOUNT, "culvert-dev")) == []

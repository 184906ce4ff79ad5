"""Verdicts of the kubelet on connections: to nodes, which Cilium knows by entities, and by policies of the cluster."""

from typing import Any

import pytest

from sandbox.kubelet.network_policy import Client, NetworkPolicies
from sandbox.kubelet.services import Backend
from tests.support.local_edge import async_test

CLUSTERWIDE = "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies"
POLICIES = "/apis/cilium.io/v2/namespaces/web/ciliumnetworkpolicies"
NODES = [{"metadata": {"name": name}, "status": {"addresses": [{"address": f"10.0.0.{name}"}]}} for name in "12"]
ON_NODE = {"metadata": {"name": "agent", "namespace": "web"}, "spec": {"hostNetwork": True}}


class Objects:
    """The objects of an API server with one policy that allows an entity, and a connector's pod on the node `1`."""

    def __init__(self, entity: str, **lists: Any) -> None:
        spec = {"endpointSelector": {}, "egress": [{"toEntities": [entity]}]}
        policy = {"metadata": {"name": "own", "namespace": "web"}, "spec": spec}
        self._lists = {POLICIES: [policy], "/api/v1/nodes": NODES, **lists}

    async def get(self, path: str) -> Any:
        return {"metadata": {"name": path}}

    async def items(self, path: str, **query: str) -> Any:
        del query
        return self._lists.get(path, [])

    async def pod(self, namespace: str, name: str) -> Any:
        return {"metadata": {"name": name, "namespace": namespace}, "spec": {"nodeName": "1"}}


@pytest.mark.parametrize("pod", [None, ON_NODE], ids=["address", "pod on the node's network"])
@pytest.mark.parametrize(("entity", "own", "other"), [("host", True, False), ("remote-node", False, True)])
@async_test
async def test_the_node_of_the_connector_is_another_entity_than_the_others(
    entity: str, own: bool, other: bool, pod: Any
) -> None:
    for address, expected in (("10.0.0.1", own), ("10.0.0.2", other)):
        policies = NetworkPolicies(Objects(entity))  # pyright: ignore[reportArgumentType]
        found = await policies.verdict(Client("web", "pod-1"), Backend(address, 8080, pod))
        assert found.allowed is expected


@async_test
async def test_policies_of_the_whole_cluster_apply_too() -> None:
    denial = {"endpointSelector": {}, "egressDeny": [{"toEntities": ["host"]}]}
    objects: Any = Objects("host", **{CLUSTERWIDE: [{"metadata": {"name": "shut"}, "spec": denial}]})
    found = await NetworkPolicies(objects).verdict(Client("web", "pod-1"), Backend("10.0.0.1", 8080, None))
    assert str(found) == "CiliumClusterwideNetworkPolicy shut allows no such egress"

"""Private networks: their routes, the virtual network, and the order of creation and deletion."""

from typing import Any

import pulumi_random as random
import pytest

from components import PrivateNetworks
from components.private_networks import PrivateNetworksArgs
from tests.support.mock_recorder import DEFAULT_NETWORK, TUNNEL_ID, Deploy, Recorded

ACCOUNT = "0123456789abcdef0123456789abcdef"
NETWORK = "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"
ARGS: PrivateNetworksArgs = {
    "account_id": ACCOUNT,
    "tunnel_id": TUNNEL_ID,
    "comment": "culvert/dev",
    "routes": [{"network": "10.43.0.0/16", "comment": "cluster services"}, {"network": "fd12:3456::/32"}],
}
ROUTE = "ZeroTrustTunnelCloudflaredRoute"
NAMED = "ZeroTrustTunnelCloudflaredVirtualNetwork culvert-dev-network"


def deployed(deploy: Deploy, **more: Any) -> Recorded:
    return deploy(lambda: PrivateNetworks("culvert-dev", {**ARGS, **more}))  # pyright: ignore[reportArgumentType]


def test_without_a_virtual_network_each_network_is_one_route(deploy: Deploy) -> None:
    recorded = deployed(deploy)
    assert recorded.names == {
        "ZeroTrustTunnelCloudflaredRoute culvert-dev-route-10.43.0.0/16",
        "ZeroTrustTunnelCloudflaredRoute culvert-dev-route-fd12-3456--/32",
    }
    first, second = (route.inputs for route in recorded.every("ZeroTrustTunnelCloudflaredRoute"))
    assert first == {
        "accountId": ACCOUNT,
        "tunnelId": TUNNEL_ID,
        "network": "10.43.0.0/16",
        "comment": "culvert/dev: cluster services",
    }
    assert (second["network"], second["comment"]) == ("fd12:3456::/32", "culvert/dev")
    assert recorded.outputs["culvert:index:PrivateNetworks"]["virtual_network_id"] == DEFAULT_NETWORK


def test_a_hostname_is_a_route_of_its_own_outside_virtual_networks(deploy: Deploy) -> None:
    routes = [{"hostname": "wiki.internal.example", "comment": "wiki"}]
    networks: list[PrivateNetworks] = []
    args: Any = {**ARGS, "routes": routes, "virtual_network_id": None}
    recorded = deploy(lambda: networks.append(PrivateNetworks("culvert-dev", args)))
    assert networks[0].virtual_network_id is None
    route = recorded.one("ZeroTrustNetworkHostnameRoute")
    assert str(route) == "ZeroTrustNetworkHostnameRoute culvert-dev-hostname-wiki.internal.example"
    assert route.inputs == {
        "accountId": ACCOUNT,
        "tunnelId": TUNNEL_ID,
        "hostname": "wiki.internal.example",
        "comment": "culvert/dev: wiki",
    }
    assert route.delete_before_replace
    assert recorded.outputs["culvert:index:PrivateNetworks"].get("virtual_network_id") is None


def test_a_virtual_network_by_name_is_created_and_is_not_the_default(deploy: Deploy) -> None:
    recorded = deployed(deploy, virtual_network_name="homelab")
    made = recorded.one("ZeroTrustTunnelCloudflaredVirtualNetwork")
    assert made.inputs == {"accountId": ACCOUNT, "name": "homelab", "comment": "culvert/dev"}
    assert (made.parent, made.delete_before_replace) == ("culvert:index:PrivateNetworks", True)
    routes = recorded.every("ZeroTrustTunnelCloudflaredRoute")
    assert {route.inputs["virtualNetworkId"] for route in routes} == {"culvert-dev-network-id"}
    assert all(NAMED in route.dependencies for route in routes)
    assert recorded.outputs["culvert:index:PrivateNetworks"]["virtual_network_id"] == "culvert-dev-network-id"


def test_a_virtual_network_by_id_is_not_managed(deploy: Deploy) -> None:
    recorded = deployed(deploy, virtual_network_id=NETWORK)
    routes = recorded.every("ZeroTrustTunnelCloudflaredRoute")
    assert len(recorded.resources) == len(routes) == 2
    assert {route.inputs["virtualNetworkId"] for route in routes} == {NETWORK}
    assert recorded.outputs["culvert:index:PrivateNetworks"]["virtual_network_id"] == NETWORK


def test_a_route_that_returns_to_the_default_virtual_network_is_another_resource(deploy: Deploy) -> None:
    # The provider would not move the existing route.
    by_default, by_name, by_id = (
        deployed(deploy, **more).names - {NAMED}
        for more in ({}, {"virtual_network_name": "homelab"}, {"virtual_network_id": NETWORK})
    )
    assert by_default == {f"{ROUTE} culvert-dev-route-{each}" for each in ("10.43.0.0/16", "fd12-3456--/32")}
    assert by_name == {f"{ROUTE} culvert-dev-network-route-{each}" for each in ("10.43.0.0/16", "fd12-3456--/32")}
    assert by_name == by_id


def test_routes_are_created_after_the_connector_and_deleted_before_the_virtual_network(deploy: Deploy) -> None:
    def program() -> None:
        connector, tunnel = (random.RandomPassword(name, length=8) for name in ("connector", "tunnel"))
        routes = [*ARGS["routes"], {"hostname": "wiki.internal.example"}]
        more: Any = {"virtual_network_name": "homelab", "depends_on": [connector], "replace_with": [tunnel]}
        args: Any = {**ARGS, "routes": routes, **more}
        PrivateNetworks("culvert-dev", args)

    recorded = deploy(program)
    for route in recorded.every(ROUTE):
        assert "RandomPassword connector" in route.dependencies
        assert route.replace_with == {"RandomPassword tunnel", NAMED}
        assert route.delete_before_replace
    hostname = recorded.one("ZeroTrustNetworkHostnameRoute")
    assert (hostname.dependencies, hostname.replace_with) == ({"RandomPassword connector"}, {"RandomPassword tunnel"})


@pytest.mark.parametrize(("whose", "what"), [("culvert/" + "x" * 120, ""), ("culvert/" + "x" * 80, "y" * 60)])
def test_a_comment_is_truncated_at_the_limit_of_the_api(deploy: Deploy, whose: str, what: str) -> None:
    routes = [{"network": "10.43.0.0/16", "comment": what}]
    recorded = deployed(deploy, comment=whose, routes=routes, virtual_network_name="homelab")
    route = recorded.one("ZeroTrustTunnelCloudflaredRoute").inputs["comment"]
    network = recorded.one("ZeroTrustTunnelCloudflaredVirtualNetwork").inputs["comment"]
    assert max(len(route), len(network)) <= 100
    assert route.startswith(whose[:80])

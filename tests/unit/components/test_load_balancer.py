"""A load balancer for one hostname and several tunnels: pools in order, and a health check through the tunnel."""

from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare
import pulumi_random as random
import pytest

from components import LoadBalancer
from components.load_balancer import LoadBalancerArgs
from tests.support.mock_recorder import TUNNEL_ID, ZONE_ID, Deploy, Recorded

ACCOUNT = "0123456789abcdef0123456789abcdef"
KNOWN = "89abcdef0123456789abcdef01234567"
OTHER = "34864f21-9c07-48f1-a4d4-496d83c62d38"
THIRD = "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"
ARGS: LoadBalancerArgs = {
    "account_id": ACCOUNT,
    "zone": "example.com",
    "zones": {"example.com": KNOWN},
    "hostname": "shop.example.com",
    "tunnel_id": TUNNEL_ID,
    "pools": [{"name": "here", "tunnels": ["own"]}, {"name": "there", "tunnels": [OTHER]}],
    "health_path": "/healthz",
}


def deployed(deploy: Deploy, **more: Any) -> Recorded:
    return deploy(lambda: LoadBalancer("culvert-dev", {**ARGS, **more}))  # pyright: ignore[reportArgumentType]


@pytest.fixture
def recorded(deploy: Deploy) -> Recorded:
    return deployed(deploy)


def test_a_load_balancer_has_a_monitor_and_a_pool_for_each_tunnel(recorded: Recorded) -> None:
    assert recorded.names == {
        "LoadBalancerMonitor culvert-dev-health",
        "LoadBalancerPool culvert-dev-pool-here",
        "LoadBalancerPool culvert-dev-pool-there",
        "LoadBalancer culvert-dev-shop.example.com",
    }


def test_pools_are_tried_in_order_and_the_last_is_the_fallback(recorded: Recorded) -> None:
    balancer = recorded.one("LoadBalancer").inputs
    pools = ["culvert-dev-pool-here-id", "culvert-dev-pool-there-id"]
    assert (balancer["defaultPools"], balancer["fallbackPool"]) == (pools, pools[-1])
    assert (balancer["zoneId"], balancer["name"], balancer["proxied"]) == (KNOWN, "shop.example.com", True)
    assert balancer["steeringPolicy"] == "off"


def test_visitors_and_the_health_check_request_the_same_hostname(recorded: Recorded) -> None:
    here, there = (pool.inputs for pool in recorded.every("LoadBalancerPool"))
    assert (here["name"], there["name"]) == ("culvert-dev-here", "culvert-dev-there")
    assert [here["origins"][0]["address"], there["origins"][0]["address"]] == [
        f"{TUNNEL_ID}.cfargotunnel.com",
        f"{OTHER}.cfargotunnel.com",
    ]
    for pool in (here, there):
        assert pool["monitor"] == "culvert-dev-health-id"
        assert pool["origins"][0]["header"] == {"hosts": ["shop.example.com"]}
    monitor = recorded.one("LoadBalancerMonitor").inputs
    assert monitor["header"] == {"Host": ["shop.example.com"]}
    assert (monitor["type"], monitor["path"], monitor["expectedCodes"]) == ("https", "/healthz", "200")


def test_origins_are_in_the_order_in_which_the_api_returns_them(deploy: Deploy) -> None:
    recorded = deployed(deploy, pools=[{"name": "all", "tunnels": [THIRD, "own", OTHER]}])
    origins = recorded.one("LoadBalancerPool").inputs["origins"]
    assert [origin["name"] for origin in origins] == [OTHER, "culvert-dev", THIRD]


def test_the_interval_of_the_health_check_can_be_chosen(deploy: Deploy) -> None:
    assert deployed(deploy, health_interval=15).one("LoadBalancerMonitor").inputs["interval"] == 15


def test_a_zone_without_an_id_is_looked_up(deploy: Deploy) -> None:
    recorded = deployed(deploy, zones={"example.com": None})
    assert recorded.one("LoadBalancer").inputs["zoneId"] == ZONE_ID


def test_the_provider_of_the_component_looks_the_zone_up(deploy: Deploy) -> None:
    def program() -> None:
        options = pulumi.ResourceOptions(providers=[cloudflare.Provider("own")])
        LoadBalancer("culvert-dev", {**ARGS, "zones": {}}, options)

    assert deploy(program).providers == ["own"]


@pytest.mark.parametrize(("steering", "policy"), [("random", "random"), ("latency", "dynamic_latency")])
def test_each_steering_has_its_policy(deploy: Deploy, steering: str, policy: str) -> None:
    assert deployed(deploy, steering=steering).one("LoadBalancer").inputs["steeringPolicy"] == policy


def test_the_load_balancer_is_created_after_the_connector(deploy: Deploy) -> None:
    def program() -> None:
        LoadBalancer("culvert-dev", {**ARGS, "depends_on": [random.RandomPassword("connector", length=8)]})

    assert "RandomPassword connector" in deploy(program).one("LoadBalancer").dependencies

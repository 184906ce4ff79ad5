"""One hostname before several tunnels: pools in their order, and a health check that tunnels understand."""

from typing import Any

import pulumi_random as random
import pytest

from components import LoadBalancer
from components.load_balancer import LoadBalancerArgs
from tests.support.mock_recorder import TUNNEL_ID, ZONE_ID, Deploy, Recorded

ACCOUNT = "0123456789abcdef0123456789abcdef"
KNOWN = "89abcdef0123456789abcdef01234567"
OTHER = "34864f21-9c07-48f1-a4d4-496d83c62d38"
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


def test_it_is_a_monitor_a_pool_each_and_a_load_balancer(recorded: Recorded) -> None:
    assert recorded.names == {
        "LoadBalancerMonitor culvert-dev-health",
        "LoadBalancerPool culvert-dev-pool-here",
        "LoadBalancerPool culvert-dev-pool-there",
        "LoadBalancer culvert-dev-shop.example.com",
    }


def test_pools_are_tried_in_the_order_given_and_the_last_takes_what_is_left(recorded: Recorded) -> None:
    balancer = recorded.one("LoadBalancer").inputs
    pools = ["culvert-dev-pool-here-id", "culvert-dev-pool-there-id"]
    assert (balancer["defaultPools"], balancer["fallbackPool"]) == (pools, pools[-1])
    assert (balancer["zoneId"], balancer["name"], balancer["proxied"]) == (KNOWN, "shop.example.com", True)
    assert balancer["steeringPolicy"] == "off"


def test_tunnels_are_asked_for_the_hostname_by_visitors_and_by_the_health_check(recorded: Recorded) -> None:
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


def test_origins_stand_in_the_order_that_the_api_gives_them_back_in(deploy: Deploy) -> None:
    recorded = deployed(deploy, pools=[{"name": "all", "tunnels": ["own", OTHER]}])
    origins = recorded.one("LoadBalancerPool").inputs["origins"]
    assert [origin["name"] for origin in origins] == [OTHER, "culvert-dev"]


def test_a_zone_without_an_id_is_looked_up(deploy: Deploy) -> None:
    recorded = deployed(deploy, zones={"example.com": None})
    assert recorded.one("LoadBalancer").inputs["zoneId"] == ZONE_ID


@pytest.mark.parametrize(("steering", "policy"), [("random", "random"), ("latency", "dynamic_latency")])
def test_another_steering_is_another_policy(deploy: Deploy, steering: str, policy: str) -> None:
    assert deployed(deploy, steering=steering).one("LoadBalancer").inputs["steeringPolicy"] == policy


def test_visitors_are_sent_once_the_connector_is_there(deploy: Deploy) -> None:
    def program() -> None:
        LoadBalancer("culvert-dev", {**ARGS, "depends_on": [random.RandomPassword("connector", length=8)]})

    assert "RandomPassword connector" in deploy(program).one("LoadBalancer").after

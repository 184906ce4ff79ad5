"""Load balancers, pools and monitors: made, read, replaced, deleted in order, and what is refused."""

from typing import Any

import pytest

from tests.support.emulator import ACCOUNT, OTHER_ZONE, ZONE, Emulated, refusal

MONITORS = f"/accounts/{ACCOUNT}/load_balancers/monitors"
POOLS = f"/accounts/{ACCOUNT}/load_balancers/pools"
BALANCERS = f"/zones/{ZONE}/load_balancers"
ORIGIN = {"name": "here", "address": "34864f21-9c07-48f1-a4d4-496d83c62d38.cfargotunnel.com"}


def pool(**changes: Any) -> dict[str, Any]:
    return {"name": "here", "origins": [ORIGIN], **changes}


def balancer(number: str, **changes: Any) -> dict[str, Any]:
    return {"name": "shop.example.com", "default_pools": [number], "fallback_pool": number, **changes}


def test_what_is_sent_is_kept_with_the_services_defaults(emulated: Emulated) -> None:
    monitor = emulated.done(
        "POST", MONITORS, {"type": "https", "path": "/up", "header": {"Host": ["shop.example.com"]}}
    )
    made = emulated.done("POST", POOLS, pool(monitor=monitor["id"]))
    found = emulated.done("POST", BALANCERS, balancer(made["id"], proxied=True))
    assert (monitor["method"], monitor["path"], monitor["header"]) == ("GET", "/up", {"Host": ["shop.example.com"]})
    assert made["origins"] == [{**ORIGIN, "enabled": True, "weight": 1}]
    assert emulated.done("GET", f"{POOLS}/{made['id']}") == made
    assert emulated.done("GET", f"{BALANCERS}/{found['id']}") == found
    assert emulated.done("GET", BALANCERS) == [found]
    changed = emulated.done("PUT", f"{BALANCERS}/{found['id']}", balancer(made["id"], steering_policy="random"))
    assert (changed["steering_policy"], changed["proxied"]) == ("random", False)
    assert (changed["id"], changed["created_on"]) == (found["id"], found["created_on"])


def test_what_is_referred_to_is_not_deleted(emulated: Emulated) -> None:
    monitor = emulated.done("POST", MONITORS, {"type": "https"})
    made = emulated.done("POST", POOLS, pool(monitor=monitor["id"]))
    found = emulated.done("POST", BALANCERS, balancer(made["id"]))
    for path in (f"{MONITORS}/{monitor['id']}", f"{POOLS}/{made['id']}"):
        assert refusal(emulated.call("DELETE", path)) == (412, 1005)
    for path in (f"{BALANCERS}/{found['id']}", f"{POOLS}/{made['id']}", f"{MONITORS}/{monitor['id']}"):
        emulated.done("DELETE", path)
        assert refusal(emulated.call("DELETE", path)) == (404, 1001)


@pytest.mark.parametrize(
    "body",
    [
        {},
        pool(name=None),
        pool(name="a pool"),
        pool(origins=[]),
        pool(origins=[{"name": "here"}]),
        pool(monitor="gone"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(emulated: Emulated, body: dict[str, Any]) -> None:
    assert refusal(emulated.call("POST", POOLS, body)) == (400, 1002)


def test_a_load_balancer_needs_pools_that_are_there_and_a_name_of_its_own(emulated: Emulated) -> None:
    made = emulated.done("POST", POOLS, pool())
    assert refusal(emulated.call("POST", POOLS, pool())) == (400, 1003)
    assert refusal(emulated.call("POST", BALANCERS, balancer("gone"))) == (400, 1002)
    assert refusal(emulated.call("POST", BALANCERS, balancer(made["id"], default_pools=[]))) == (400, 1002)
    emulated.done("POST", BALANCERS, balancer(made["id"]))
    assert refusal(emulated.call("POST", BALANCERS, balancer(made["id"]))) == (400, 1003)
    emulated.done("POST", f"/zones/{OTHER_ZONE}/load_balancers", balancer(made["id"], name="shop.example.org"))


def test_pools_and_load_balancers_are_two_permissions(emulated: Emulated) -> None:
    made = emulated.done("POST", POOLS, pool())
    emulated.token = emulated.mint(["Load Balancers: Monitors And Pools: Edit"])
    assert emulated.done("GET", POOLS) == [made]
    assert refusal(emulated.call("POST", BALANCERS, balancer(made["id"]))) == (403, 10000)

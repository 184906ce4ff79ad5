"""Load balancers, pools and monitors: defaults, references, and refusals."""

from typing import Any

import pytest

from tests.support.emulator import ACCOUNT, OTHER_ZONE, ZONE, Emulator, refusal

MONITORS = f"/accounts/{ACCOUNT}/load_balancers/monitors"
POOLS = f"/accounts/{ACCOUNT}/load_balancers/pools"
BALANCERS = f"/zones/{ZONE}/load_balancers"
ORIGIN = {"name": "here", "address": "34864f21-9c07-48f1-a4d4-496d83c62d38.cfargotunnel.com"}


def pool(**changes: Any) -> dict[str, Any]:
    return {"name": "here", "origins": [ORIGIN], **changes}


def balancer(pool_id: str, **changes: Any) -> dict[str, Any]:
    return {"name": "shop.example.com", "default_pools": [pool_id], "fallback_pool": pool_id, **changes}


def test_load_balancers_are_stored_with_the_services_defaults(emulator: Emulator) -> None:
    monitor = emulator.done(
        "POST", MONITORS, {"type": "https", "path": "/up", "header": {"Host": ["shop.example.com"]}}
    )
    made = emulator.done("POST", POOLS, pool(monitor=monitor["id"]))
    found = emulator.done("POST", BALANCERS, balancer(made["id"], proxied=True))
    assert (monitor["method"], monitor["path"], monitor["header"]) == ("GET", "/up", {"Host": ["shop.example.com"]})
    assert made["origins"] == [{**ORIGIN, "enabled": True, "weight": 1}]
    assert emulator.done("GET", f"{POOLS}/{made['id']}") == made
    assert emulator.done("GET", f"{BALANCERS}/{found['id']}") == found
    assert emulator.done("GET", BALANCERS) == [found]
    changed = emulator.done("PUT", f"{BALANCERS}/{found['id']}", balancer(made["id"], steering_policy="random"))
    assert (changed["steering_policy"], changed["proxied"]) == ("random", False)
    assert (changed["id"], changed["created_on"]) == (found["id"], found["created_on"])


def test_referenced_monitors_and_pools_are_not_deleted(emulator: Emulator) -> None:
    monitor = emulator.done("POST", MONITORS, {"type": "https"})
    made = emulator.done("POST", POOLS, pool(monitor=monitor["id"]))
    found = emulator.done("POST", BALANCERS, balancer(made["id"]))
    for path in (f"{MONITORS}/{monitor['id']}", f"{POOLS}/{made['id']}"):
        assert refusal(emulator.call("DELETE", path)) == (412, 1005)
    for path in (f"{BALANCERS}/{found['id']}", f"{POOLS}/{made['id']}", f"{MONITORS}/{monitor['id']}"):
        emulator.done("DELETE", path)
        assert refusal(emulator.call("DELETE", path)) == (404, 1001)


@pytest.mark.parametrize(
    "body",
    [
        {},
        pool(name=None),
        pool(name="a pool"),
        pool(origins=[]),
        pool(origins=[{"name": "here"}]),
        pool(monitor="unknown"),
    ],
)
def test_an_invalid_pool_is_refused(emulator: Emulator, body: dict[str, Any]) -> None:
    assert refusal(emulator.call("POST", POOLS, body)) == (400, 1002)


def test_a_load_balancer_needs_existing_pools_and_a_unique_name(emulator: Emulator) -> None:
    made = emulator.done("POST", POOLS, pool())
    assert refusal(emulator.call("POST", POOLS, pool())) == (400, 1003)
    assert refusal(emulator.call("POST", BALANCERS, balancer("unknown"))) == (400, 1002)
    assert refusal(emulator.call("POST", BALANCERS, balancer(made["id"], default_pools=[]))) == (400, 1002)
    emulator.done("POST", BALANCERS, balancer(made["id"]))
    assert refusal(emulator.call("POST", BALANCERS, balancer(made["id"]))) == (400, 1003)
    emulator.done("POST", f"/zones/{OTHER_ZONE}/load_balancers", balancer(made["id"], name="shop.example.org"))


def test_pools_and_load_balancers_need_separate_permissions(emulator: Emulator) -> None:
    made = emulator.done("POST", POOLS, pool())
    emulator.token = emulator.create_token(["Load Balancers: Monitors And Pools: Edit"])
    assert emulator.done("GET", POOLS) == [made]
    assert refusal(emulator.call("POST", BALANCERS, balancer(made["id"]))) == (403, 10000)

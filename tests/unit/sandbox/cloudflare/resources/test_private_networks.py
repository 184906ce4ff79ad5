"""Private networks: routes in virtual networks, conflicts, and the order of deletion."""

from typing import Any

import pytest

from tests.support.emulator import ACCOUNT, TUNNELS, Emulator, refusal

ROUTES = f"/accounts/{ACCOUNT}/teamnet/routes"
HOSTNAMES = f"/accounts/{ACCOUNT}/zerotrust/routes/hostname"
NETWORKS = f"/accounts/{ACCOUNT}/teamnet/virtual_networks"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def default(emulator: Emulator) -> str:
    (found,) = [each for each in emulator.done("GET", NETWORKS) if each["is_default_network"]]
    return found["id"]


def test_a_route_is_in_the_default_virtual_network_unless_it_names_another(emulator: Emulator) -> None:
    tunnel = emulator.tunnel()
    made = emulator.done("POST", ROUTES, {"network": "10.43.0.0/16", "tunnel_id": tunnel, "comment": "culvert/dev"})
    assert made["virtual_network_id"] == default(emulator)
    assert emulator.done("GET", f"{ROUTES}/{made['id']}") == made
    home = emulator.done("POST", NETWORKS, {"name": "homelab", "comment": "culvert/dev"})
    assert home["is_default_network"] is False
    moved = emulator.done("PATCH", f"{ROUTES}/{made['id']}", {"virtual_network_id": home["id"]})
    assert moved == {**made, "virtual_network_id": home["id"]}
    names = {"virtual_network_name": "homelab", "tunnel_name": "culvert-dev", "tun_type": "cfd_tunnel"}
    assert emulator.done("GET", f"{ROUTES}?comment=culvert/dev&is_deleted=false") == [{**moved, **names}]
    assert emulator.done("GET", f"{ROUTES}?is_deleted=true") == []
    renamed = emulator.done("PATCH", f"{NETWORKS}/{home['id']}", {"name": "lab"})
    assert emulator.done("GET", f"{NETWORKS}?name=lab") == [renamed]
    assert renamed == {**home, "name": "lab"}


def test_one_network_is_routed_once_in_a_virtual_network(emulator: Emulator) -> None:
    tunnel, other = emulator.tunnel("a"), emulator.tunnel("b")
    home = emulator.done("POST", NETWORKS, {"name": "homelab"})["id"]
    emulator.done("POST", ROUTES, {"network": "10.43.0.0/16", "tunnel_id": tunnel})
    body = {"network": "10.43.0.0/16", "tunnel_id": other}
    assert refusal(emulator.call("POST", ROUTES, body)) == (409, 1014)
    emulator.done("POST", ROUTES, {**body, "network": "10.43.1.0/24"})
    there = emulator.done("POST", ROUTES, {**body, "virtual_network_id": home})
    assert refusal(emulator.call("PATCH", f"{ROUTES}/{there['id']}", {"virtual_network_id": default(emulator)})) == (
        409,
        1014,
    )


def test_a_hostname_leads_to_one_tunnel_which_it_keeps(emulator: Emulator) -> None:
    tunnel = emulator.tunnel("a")
    body = {"hostname": "Wiki.Internal.Example", "tunnel_id": tunnel, "comment": "culvert/dev"}
    made = emulator.done("POST", HOSTNAMES, body)
    assert (made["hostname"], made["deleted_at"]) == ("wiki.internal.example", None)
    assert refusal(emulator.call("POST", HOSTNAMES, {**body, "comment": "other"})) == (409, 1020)
    assert emulator.done("PATCH", f"{HOSTNAMES}/{made['id']}", {"comment": "wiki"}) == {**made, "comment": "wiki"}
    assert refusal(emulator.call("POST", HOSTNAMES, {**body, "tunnel_id": "x"})) == (400, 10400)
    assert refusal(emulator.call("POST", HOSTNAMES, {**body, "tunnel_id": UNKNOWN_ID})) == (404, 1003)
    assert refusal(emulator.call("DELETE", f"{TUNNELS}/{tunnel}")) == (400, 1023)
    emulator.done("DELETE", f"{HOSTNAMES}/{made['id']}")
    assert refusal(emulator.call("GET", f"{HOSTNAMES}/{made['id']}")) == (404, 1021)
    emulator.done("DELETE", f"{TUNNELS}/{tunnel}")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"network": None}, (400, 10400)),
        ({"network": "10.43.0.1/16"}, (400, 10400)),
        ({"network": "home"}, (400, 10400)),
        ({"tunnel_id": "x"}, (400, 10400)),
        ({"tunnel_id": UNKNOWN_ID}, (404, 1003)),
        ({"comment": "x" * 101}, (400, 10400)),
        ({"virtual_network_id": UNKNOWN_ID}, (400, 1017)),
    ],
)
def test_an_invalid_route_is_refused(emulator: Emulator, change: dict[str, Any], expected: tuple[int, int]) -> None:
    body = {"network": "10.43.0.0/16", "tunnel_id": emulator.tunnel(), **change}
    assert refusal(emulator.call("POST", ROUTES, body)) == expected
    assert emulator.done("GET", ROUTES) == []


def test_routes_are_deleted_before_their_tunnel_and_virtual_network(emulator: Emulator) -> None:
    tunnel, home = emulator.tunnel(), emulator.done("POST", NETWORKS, {"name": "homelab"})["id"]
    body = {"network": "fd00:1::/48", "tunnel_id": tunnel, "virtual_network_id": home}
    route = emulator.done("POST", ROUTES, body)["id"]
    assert refusal(emulator.call("DELETE", f"{TUNNELS}/{tunnel}?cascade=true")) == (400, 1023)
    assert refusal(emulator.call("DELETE", f"{NETWORKS}/{home}")) == (400, 1018)
    for path, missing in ((f"{ROUTES}/{route}", 1015), (f"{NETWORKS}/{home}", 1017)):
        assert emulator.done("DELETE", path)["deleted_at"]
        assert refusal(emulator.call("GET", path)) == (404, missing)
        assert refusal(emulator.call("DELETE", path)) == (404, missing)
    assert emulator.done("DELETE", f"{TUNNELS}/{tunnel}")["deleted_at"]


def test_there_is_always_one_default_virtual_network(emulator: Emulator) -> None:
    first = default(emulator)
    assert refusal(emulator.call("DELETE", f"{NETWORKS}/{first}")) == (400, 1019)
    assert refusal(emulator.call("POST", NETWORKS, {"name": "default"})) == (409, 1016)
    made = [
        emulator.done("POST", NETWORKS, {"name": name, "is_default_network": True})["id"] for name in ("one", "two")
    ]
    assert default(emulator) == made[1]
    assert refusal(emulator.call("DELETE", f"{NETWORKS}/{made[1]}")) == (400, 1019)
    emulator.done("DELETE", f"{NETWORKS}/{made[0]}")


def test_the_first_virtual_network_is_renamed_in_place(emulator: Emulator) -> None:
    first = default(emulator)
    emulator.done("PATCH", f"{NETWORKS}/{first}", {"name": "renamed"})
    assert [(each["id"], each["name"]) for each in emulator.done("GET", NETWORKS)] == [(first, "renamed")]
    emulator.done("PATCH", f"{NETWORKS}/{first}", {"is_default_network": False})
    assert default(emulator) == first


def test_a_configuration_shows_whether_its_tunnel_has_routes(emulator: Emulator) -> None:
    tunnel = emulator.tunnel()
    path = f"{TUNNELS}/{tunnel}/configurations"
    emulator.done("PUT", path, {"config": {"ingress": [{"service": "http_status:404"}]}})
    route = emulator.done("POST", ROUTES, {"network": "10.43.0.0/16", "tunnel_id": tunnel})["id"]
    assert emulator.done("GET", path)["config"]["warp-routing"] == {"enabled": True}
    emulator.done("DELETE", f"{ROUTES}/{route}")
    assert emulator.done("GET", path)["config"]["warp-routing"] == {"enabled": False}


def test_a_virtual_network_is_seeded_once(emulator: Emulator) -> None:
    seed = {"virtual_networks": [{"id": UNKNOWN_ID, "name": "existing", "account": ACCOUNT}]}
    for _ in range(2):
        emulator.owner("POST", "/seed", seed)
    assert emulator.done("GET", f"{NETWORKS}/{UNKNOWN_ID}")["name"] == "existing"

"""Tunnels: creation, lists, updates, deletion, and refusals."""

import base64
import json
from typing import Any

import pytest

from tests.support.emulator import ACCOUNT, TUNNELS, Emulator, refusal, secret

NOWHERE = "00000000-0000-4000-8000-000000000000"


def test_a_new_tunnels_token_is_shown_once(emulator: Emulator) -> None:
    given = secret()
    made = emulator.done("POST", TUNNELS, {"name": "mine", "config_src": "cloudflare", "tunnel_secret": given})
    claims = json.loads(base64.b64decode(made["token"]))
    read = emulator.done("GET", f"{TUNNELS}/{made['id']}")
    assert claims == {"a": ACCOUNT, "t": made["id"], "s": given}
    assert (read["status"], read["remote_config"], read["deleted_at"]) == ("inactive", True, None)
    assert "token" not in read
    assert given not in json.dumps(read)


def test_a_tunnel_without_a_secret_gets_a_generated_one(emulator: Emulator) -> None:
    made = emulator.done("POST", TUNNELS, {"name": "mine"})
    claims = json.loads(base64.b64decode(made["token"]))
    assert len(base64.b64decode(claims["s"])) == 32
    assert made["config_src"] == "local"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, 1030)),
        (b"{", (400, 1030)),
        (b"[]", (400, 1030)),
        (b'{"name": "x", "name": NaN}', (400, 1030)),
        (b'{"name": "\\ud800"}', (400, 1030)),
        (b"[" * 200_000, (400, 1030)),
        ({}, (400, 1030)),
        ({"name": ""}, (400, 1030)),
        ({"name": 7}, (400, 1030)),
        ({"name": None}, (400, 1030)),
        ({"name": "x" * 101}, (400, 1030)),
        ({"name": "x", "config_src": "remote"}, (400, 1030)),
        ({"name": "x", "tunnel_secret": 7}, (400, 1030)),
        ({"name": "x", "tunnel_secret": "no base64!"}, (400, 1004)),
        ({"name": "x", "tunnel_secret": secret() + "!"}, (400, 1004)),
        ({"name": "x", "tunnel_secret": secret(31)}, (400, 1004)),
        ({"name": "x", "tunnel_secret": ""}, (400, 1004)),
        ({"name": "x", "tunnel_secret": "é"}, (400, 1004)),
    ],
)
def test_a_malformed_tunnel_is_refused(emulator: Emulator, body: Any, expected: tuple[int, int]) -> None:
    assert refusal(emulator.call("POST", TUNNELS, body)) == expected
    assert emulator.done("GET", TUNNELS) == []


def test_a_taken_name_is_refused_with_1013(emulator: Emulator) -> None:
    emulator.tunnel("mine")
    assert refusal(emulator.call("POST", TUNNELS, {"name": "mine"})) == (409, 1013)


def test_a_deleted_tunnels_name_is_available_again(emulator: Emulator) -> None:
    emulator.done("DELETE", f"{TUNNELS}/{emulator.tunnel('mine')}")
    assert emulator.call("POST", TUNNELS, {"name": "mine"}).status_code == 200


def test_renaming_to_a_taken_name_is_refused_with_1013(emulator: Emulator) -> None:
    emulator.tunnel("mine")
    other = emulator.tunnel("other")
    assert refusal(emulator.call("PATCH", f"{TUNNELS}/{other}", {"name": "mine"})) == (409, 1013)
    assert emulator.done("PATCH", f"{TUNNELS}/{other}", {"name": "other"})["name"] == "other"


def test_a_rotated_secret_is_in_the_next_token(emulator: Emulator) -> None:
    tunnel, fresh = emulator.tunnel(), secret()
    before = emulator.done("GET", f"{TUNNELS}/{tunnel}/token")
    emulator.done("PATCH", f"{TUNNELS}/{tunnel}", {"tunnel_secret": fresh})
    after = emulator.done("GET", f"{TUNNELS}/{tunnel}/token")
    assert after != before
    assert json.loads(base64.b64decode(after))["s"] == fresh


def test_a_rotation_to_a_short_secret_is_refused_and_changes_nothing(emulator: Emulator) -> None:
    tunnel = emulator.tunnel()
    before = emulator.done("GET", f"{TUNNELS}/{tunnel}/token")
    assert refusal(emulator.call("PATCH", f"{TUNNELS}/{tunnel}", {"tunnel_secret": secret(16)})) == (400, 1004)
    assert emulator.done("GET", f"{TUNNELS}/{tunnel}/token") == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("GET", "/token", None),
        ("GET", "/configurations", None),
        ("PUT", "/configurations", {"config": {}}),
        ("GET", "/connections", None),
        ("DELETE", "/connections", None),
    ],
)
def test_an_unknown_tunnel_is_not_found(emulator: Emulator, method: str, path: str, body: Any) -> None:
    assert refusal(emulator.call(method, f"{TUNNELS}/{NOWHERE}{path}", body)) == (404, 1003)


def test_another_accounts_tunnel_is_not_found(emulator: Emulator) -> None:
    other = "a" * 32
    emulator.owner("POST", "/seed", {"accounts": [{"id": other, "name": "Other"}]})
    assert refusal(emulator.call("GET", f"/accounts/{other}/cfd_tunnel/{emulator.tunnel()}")) == (404, 1003)


def test_a_seeded_tunnel_that_was_deleted_comes_back_without_its_rules(emulator: Emulator) -> None:
    seed = {"tunnels": [{"id": NOWHERE, "name": "seeded", "account": ACCOUNT}]}
    emulator.owner("POST", "/seed", seed)
    rules = {"config": {"ingress": [{"service": "http_status:404"}]}}
    emulator.done("PUT", f"{TUNNELS}/{NOWHERE}/configurations", rules)
    emulator.owner("POST", "/seed", seed)
    assert (
        emulator.done("GET", f"{TUNNELS}/{NOWHERE}/configurations")["config"]["ingress"] == rules["config"]["ingress"]
    )
    emulator.done("DELETE", f"{TUNNELS}/{NOWHERE}")
    emulator.owner("POST", "/seed", seed)
    assert emulator.done("GET", f"{TUNNELS}/{NOWHERE}/configurations")["config"] is None


def test_a_malformed_tunnel_id_is_not_a_route(emulator: Emulator) -> None:
    assert refusal(emulator.call("GET", f"{TUNNELS}/mine")) == (404, 7003)


def test_a_deleted_tunnel_stays_listed_and_is_immutable(emulator: Emulator) -> None:
    tunnel = emulator.tunnel("mine")
    deleted = emulator.done("DELETE", f"{TUNNELS}/{tunnel}")
    assert deleted["deleted_at"]
    assert emulator.done("GET", f"{TUNNELS}/{tunnel}")["deleted_at"] == deleted["deleted_at"]
    assert refusal(emulator.call("PATCH", f"{TUNNELS}/{tunnel}", {"name": "x"})) == (404, 1003)
    assert refusal(emulator.call("PUT", f"{TUNNELS}/{tunnel}/configurations", {"config": {}})) == (404, 1003)
    assert emulator.done("DELETE", f"{TUNNELS}/{tunnel}")["deleted_at"] == deleted["deleted_at"]


def test_tunnels_are_filtered_by_name_and_deletion(emulator: Emulator) -> None:
    emulator.done("DELETE", f"{TUNNELS}/{emulator.tunnel('mine')}")
    emulator.tunnel("mine")
    emulator.tunnel("other")

    def names(query: str) -> list[str]:
        return sorted(tunnel["name"] for tunnel in emulator.done("GET", f"{TUNNELS}{query}"))

    assert names("") == ["mine", "mine", "other"]
    assert names("?name=mine") == ["mine", "mine"]
    assert names("?name=mine&is_deleted=false") == ["mine"]
    assert names("?is_deleted=true") == ["mine"]
    assert names("?name=min") == []


def test_lists_come_in_pages_until_an_empty_one(emulator: Emulator) -> None:
    for number in range(5):
        emulator.tunnel(f"t{number}")
    pages = [emulator.call("GET", f"{TUNNELS}?per_page=2&page={page}").json() for page in (1, 2, 3, 4)]
    assert [len(page["result"]) for page in pages] == [2, 2, 1, 0]
    assert pages[2]["result_info"] == {"page": 3, "per_page": 2, "count": 1, "total_count": 5, "total_pages": 3}


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=0", "per_page=100000"])
def test_an_invalid_page_is_refused(emulator: Emulator, query: str) -> None:
    assert emulator.call("GET", f"{TUNNELS}?{query}").status_code == 400


def test_a_connected_tunnel_cannot_be_deleted(emulator: Emulator) -> None:
    tunnel = emulator.tunnel()
    emulator.connect(tunnel, [4, 4])
    assert refusal(emulator.call("DELETE", f"{TUNNELS}/{tunnel}")) == (400, 1022)
    emulator.done("DELETE", f"{TUNNELS}/{tunnel}/connections")
    assert emulator.done("DELETE", f"{TUNNELS}/{tunnel}")["deleted_at"]


def test_a_cascading_deletion_drops_the_connections_first(emulator: Emulator) -> None:
    tunnel = emulator.tunnel()
    emulator.connect(tunnel, [4])
    assert emulator.done("DELETE", f"{TUNNELS}/{tunnel}?cascade=true")["connections"] == []


def test_a_tunnel_with_a_private_route_cannot_be_deleted(emulator: Emulator) -> None:
    tunnel = emulator.tunnel()
    routes = f"/accounts/{ACCOUNT}/teamnet/routes"
    route = emulator.done("POST", routes, {"network": "10.0.0.0/8", "tunnel_id": tunnel})
    assert refusal(emulator.call("DELETE", f"{TUNNELS}/{tunnel}?cascade=true")) == (400, 1023)
    emulator.done("DELETE", f"{routes}/{route['id']}")
    assert emulator.done("DELETE", f"{TUNNELS}/{tunnel}")["deleted_at"]

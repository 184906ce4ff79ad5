"""Fault injection, the call log, and seeding."""

import threading
from typing import Any

import httpx
import pytest

from tests.support.emulator import ACCOUNT, RECORDS, TUNNELS, ZONE, Emulator, refusal, secret

RECORD = {"name": "a", "type": "CNAME", "content": "b.example.net", "proxied": True, "ttl": 1}


def inject(emulator: Emulator, **rule: Any) -> None:
    emulator.owner("PUT", "/faults", {"rules": [rule]})


def test_a_fault_applies_to_the_next_calls_only(emulator: Emulator) -> None:
    inject(emulator, next=2, status=503)
    replies = [emulator.call("GET", "/zones") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [503, 503, 200]
    assert replies[0].json()["success"] is False
    assert emulator.owner("GET", "/faults")["rules"][0]["next"] == 0


def test_a_fault_applies_to_its_methods_and_paths_only(emulator: Emulator) -> None:
    inject(emulator, method="POST|PUT", path="dns_records")
    assert emulator.call("POST", RECORDS, RECORD).status_code == 500
    assert emulator.call("GET", RECORDS).status_code == 200
    assert emulator.call("POST", TUNNELS, {"name": "x"}).status_code == 200


def test_a_throttled_call_has_a_retry_after_header(emulator: Emulator) -> None:
    inject(emulator, status=429, retry_after=7)
    reply = emulator.call("GET", "/zones")
    assert refusal(reply) == (429, 971)
    assert reply.headers["retry-after"] == "7"


@pytest.mark.parametrize(("probability", "met"), [(0.0, 0), (1.0, 20)])
def test_a_fault_applies_with_its_probability(emulator: Emulator, probability: float, met: int) -> None:
    inject(emulator, probability=probability)
    assert sum(emulator.call("GET", "/zones").status_code == 500 for _ in range(20)) == met


def test_a_dropped_call_gets_no_reply_and_has_no_effect(emulator: Emulator) -> None:
    inject(emulator, kind="drop", next=1)
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        emulator.call("POST", RECORDS, RECORD)
    assert emulator.done("GET", RECORDS) == []
    assert [call["status"] for call in emulator.owner("GET", "/calls")["calls"]] == [0, 200]


def test_a_call_can_take_effect_and_lose_its_reply(emulator: Emulator) -> None:
    inject(emulator, kind="drop", next=1, performed=True)
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        emulator.call("POST", RECORDS, RECORD)
    assert [record["name"] for record in emulator.done("GET", RECORDS)] == ["a.example.com"]


def test_a_call_can_take_effect_and_return_an_error(emulator: Emulator) -> None:
    inject(emulator, status=502, next=1, performed=True)
    assert emulator.call("POST", RECORDS, RECORD).status_code == 502
    assert refusal(emulator.call("POST", RECORDS, RECORD)) == (400, 81053)
    assert [call["status"] for call in emulator.owner("GET", "/calls")["calls"]] == [502, 400]


def test_a_slow_call_does_not_delay_others(emulator: Emulator) -> None:
    inject(emulator, kind="delay", delay=30, path="/zones$", next=1)
    slow = threading.Thread(target=_call_until_failure, args=(emulator, "/zones"), daemon=True)
    slow.start()
    while slow.is_alive() and emulator.owner("GET", "/faults")["rules"][0]["next"] == 1:
        pass
    assert emulator.call("GET", RECORDS).status_code == 200
    assert slow.is_alive()


def _call_until_failure(emulator: Emulator, path: str) -> None:
    headers = {"Authorization": f"Bearer {emulator.token}"}
    try:
        httpx.get(f"{emulator.http.base_url}/client/v4{path}", headers=headers, timeout=60, trust_env=False)
    except httpx.HTTPError:
        return


def test_a_delayed_call_goes_through(emulator: Emulator) -> None:
    inject(emulator, kind="delay", delay=0.01)
    assert emulator.call("POST", RECORDS, RECORD).status_code == 200


@pytest.mark.parametrize(
    "rule",
    [{"path": "("}, {"kind": "explode"}, {"status": 200}, {"probability": 2}, {"next": -1}, {"surprise": 1}],
)
def test_a_malformed_fault_is_refused(emulator: Emulator, rule: dict[str, Any]) -> None:
    assert emulator.owner_call("PUT", "/faults", {"rules": [rule]}).status_code == 422


def test_an_unknown_edge_location_cannot_be_taken_down(emulator: Emulator) -> None:
    reply = emulator.owner_call("PUT", "/faults", {"edge_down": ["lo07"]})
    assert (reply.status_code, "one of lo01, lo02" in reply.text) == (422, True)


def test_the_rate_limit_is_off_by_default_and_per_token(emulator: Emulator) -> None:
    other = emulator.create_token(["Zone: Read"])
    emulator.owner("PUT", "/faults", {"rate_limit_calls": 2})
    assert [emulator.call("GET", "/zones").status_code for _ in range(3)] == [200] * 3
    emulator.owner("PUT", "/faults", {"rate_limit_calls": 2, "enforce_rate_limit": True})
    replies = [emulator.call("GET", "/zones") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert refusal(replies[2]) == (429, 971)
    assert 0 < int(replies[2].headers["retry-after"]) <= 301
    assert emulator.call("GET", "/zones", token=other).status_code == 200


def test_the_default_rate_limit_is_the_services(emulator: Emulator) -> None:
    limit = emulator.owner("PUT", "/faults", {"enforce_rate_limit": True})
    assert (limit["rate_limit_calls"], limit["rate_limit_seconds"]) == (1200, 300)


def test_calls_after_a_mark_are_listed_with_their_query(emulator: Emulator) -> None:
    emulator.call("GET", "/zones?name=example.com&status=active")
    first = emulator.owner("GET", "/calls")
    emulator.call("GET", TUNNELS)
    second = emulator.owner("GET", f"/calls?since={first['mark']}")
    path = "/client/v4/zones?name=example.com&status=active"
    assert first["calls"] == [{"method": "GET", "path": path, "status": 200}]
    assert second["calls"] == [{"method": "GET", "path": f"/client/v4{TUNNELS}", "status": 200}]
    assert emulator.owner("GET", f"/calls?since={second['mark']}") == {"mark": second["mark"], "calls": []}


def test_refused_calls_are_logged(emulator: Emulator) -> None:
    emulator.call("GET", "/nothing")
    emulator.call("GET", "/zones", token="an-unknown-token")  # noqa: S106
    assert [call["status"] for call in emulator.owner("GET", "/calls")["calls"]] == [501, 403]


def test_logged_bodies_have_their_secrets_masked(emulator: Emulator) -> None:
    given = secret()
    emulator.call("POST", TUNNELS, {"name": "x", "config_src": "cloudflare", "tunnel_secret": given})
    emulator.call("POST", RECORDS, RECORD)
    emulator.call("POST", RECORDS, f'{{"tunnel_secret": "{given}"'.encode())
    calls = emulator.owner("GET", "/calls?bodies=1")["calls"]
    assert calls[0]["body"] == {"name": "x", "config_src": "cloudflare", "tunnel_secret": "[secret]"}
    assert calls[1]["body"] == RECORD
    assert given not in str(calls)
    assert all(call["time"].endswith("Z") for call in calls)


def test_the_state_contains_no_secret(emulator: Emulator) -> None:
    given = secret()
    made = emulator.done("POST", TUNNELS, {"name": "x", "tunnel_secret": given})
    service = emulator.done("POST", f"/accounts/{ACCOUNT}/access/service_tokens", {"name": "ci"})
    for shown in (str(emulator.owner("GET", "/state")), emulator.http.get("/state.json").text):
        assert made["id"] in shown
        assert service["client_id"] in shown
        for hidden in (given, made["token"], service["client_secret"], emulator.token, emulator.admin_secret):
            assert f'"{hidden}"' not in shown.replace("'", '"')


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"accounts": [{"id": "short", "name": "x"}]}, 422),
        ({"zones": [{"name": "example.net", "account": "f" * 32}]}, 409),
        ({"zones": [{"id": ZONE, "name": "example.net", "account": ACCOUNT}]}, 409),
        ({"surprise": []}, 422),
    ],
)
def test_an_invalid_seed_is_refused(emulator: Emulator, body: dict[str, Any], status: int) -> None:
    assert emulator.owner_call("POST", "/seed", body).status_code == status


def test_seeding_is_idempotent(emulator: Emulator) -> None:
    wanted = {"zones": [{"id": None, "name": "Example.NET.", "account": ACCOUNT}]}
    first, second = emulator.owner("POST", "/seed", wanted), emulator.owner("POST", "/seed", wanted)
    assert first == second
    assert first["zones"][0]["name"] == "example.net"
    assert len(emulator.done("GET", "/zones")) == 3


def test_an_empty_zone_adopts_the_requested_id(emulator: Emulator) -> None:
    wanted = {"zones": [{"id": "f" * 32, "name": "example.com", "account": ACCOUNT}]}
    assert emulator.owner("POST", "/seed", wanted)["zones"][0]["id"] == "f" * 32
    emulator.done("POST", f"/zones/{'f' * 32}/dns_records", RECORD)
    wanted["zones"][0]["id"] = ZONE
    refused = emulator.owner_call("POST", "/seed", wanted)
    assert refused.status_code == 409
    assert f"zone example.com exists already as {'f' * 32}" in refused.text


def test_imported_objects_are_seeded_once_and_again_after_deletion(emulator: Emulator) -> None:
    tunnel, record = "c1744f8b-faa1-48a4-9e5c-02ac921467fa", "023e105f4ecef8ad9ca31a8372d0c353"
    zone = {"id": ZONE, "name": "example.com", "account": ACCOUNT}
    tunnels = [{"id": tunnel, "name": "theirs", "account": ACCOUNT}]
    wanted = {
        "zones": [zone],
        "tunnels": tunnels,
        "records": [{"id": record, "name": "a.example.com", "zone": "example.com"}],
    }
    emulator.owner("POST", "/seed", wanted)
    found = emulator.done("GET", f"{TUNNELS}/{tunnel}")
    assert (found["name"], found["config_src"], found["deleted_at"]) == ("theirs", "cloudflare", None)
    assert emulator.done("GET", f"/zones/{ZONE}/dns_records/{record}")["type"] == "CNAME"

    emulator.done("PATCH", f"{TUNNELS}/{tunnel}", {"name": "ours"})
    emulator.done("PATCH", f"/zones/{ZONE}/dns_records/{record}", {"content": "ours.example.net"})
    emulator.owner("POST", "/seed", wanted)
    assert emulator.done("GET", f"{TUNNELS}/{tunnel}")["name"] == "ours"
    assert emulator.done("GET", f"/zones/{ZONE}/dns_records/{record}")["content"] == "ours.example.net"

    emulator.done("DELETE", f"{TUNNELS}/{tunnel}")
    emulator.owner("POST", "/seed", wanted)
    assert emulator.done("GET", f"{TUNNELS}/{tunnel}")["deleted_at"] is None
    lost = {**wanted, "zones": []}
    assert emulator.owner_call("POST", "/seed", lost).status_code == 409


def test_connections_of_an_unknown_tunnel_are_refused(emulator: Emulator) -> None:
    body = {"tunnel": "00000000-0000-4000-8000-000000000000", "connectors": [4]}
    assert emulator.owner_call("PUT", "/connections", body).status_code == 404

"""Who may call, and what they may do."""

from pathlib import Path

import pytest

from tests.support.emulator import ACCOUNT, OTHER_ZONE, RECORDS, RULESETS, TUNNELS, ZONE, Emulator, refusal

ELSEWHERE = "f" * 32
UNKNOWN_TOKEN = "an-unknown-token"  # noqa: S105


@pytest.mark.parametrize("path", ["/zones", "/accounts", "/user/tokens/verify", TUNNELS, RECORDS])
def test_a_call_without_a_token_is_refused_with_10000(emulator: Emulator, path: str) -> None:
    reply = emulator.http.get(f"/client/v4{path}")
    assert refusal(reply) == (401, 10000)
    assert reply.json()["errors"][0]["error_chain"][0]["code"] == 9106


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/zones", (403, 9109)),
        (f"/zones/{ZONE}", (403, 9109)),
        ("/user/tokens/verify", (403, 9109)),
        (TUNNELS, (401, 10000)),
        (RECORDS, (401, 10000)),
    ],
)
def test_an_unknown_token_is_refused(emulator: Emulator, path: str, expected: tuple[int, int]) -> None:
    assert refusal(emulator.call("GET", path, token=UNKNOWN_TOKEN)) == expected


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer two words", "Bearer a+b", "token"])
def test_a_malformed_authorization_header_is_refused_with_6003(emulator: Emulator, header: str) -> None:
    reply = emulator.http.get("/client/v4/zones", headers={"Authorization": header})
    assert refusal(reply) == (400, 6003)
    assert reply.json()["errors"][0]["error_chain"][0]["code"] == 6111


@pytest.mark.parametrize(
    ("permissions", "method", "path", "expected"),
    [
        (["DNS: Edit"], "GET", TUNNELS, (403, 10000)),
        (["Cloudflare Tunnel: Read"], "POST", TUNNELS, (403, 10000)),
        (["Cloudflare Tunnel: Edit"], "GET", RECORDS, (403, 10000)),
        (["DNS: Read"], "POST", RECORDS, (403, 10000)),
        (["DNS: Edit"], "GET", "/zones?name=example.com", (403, 9109)),
        (["DNS: Edit"], "GET", f"/zones/{ZONE}", (403, 9109)),
        (["DNS: Edit"], "POST", RULESETS, (403, 10000)),
        ([{"permission": "DNS: Edit", "only": ["example.org"]}], "GET", RECORDS, (403, 10000)),
        ([{"permission": "Zone: Read", "only": ["example.org"]}], "GET", f"/zones/{ZONE}", (403, 9109)),
        (["DNS: Edit"], "GET", f"/accounts/{ACCOUNT}/access/policies", (403, 10000)),
        (["Cloudflare Tunnel: Edit"], "GET", f"/accounts/{ACCOUNT}/alerting/v3/policies", (403, 10000)),
        (["Cloudflare Tunnel: Edit"], "GET", f"/accounts/{ACCOUNT}", (403, 9109)),
    ],
)
def test_a_missing_permission_is_refused(
    emulator: Emulator, permissions: list[str] | None, method: str, path: str, expected: tuple[int, int]
) -> None:
    body = {} if method == "POST" else None
    assert refusal(emulator.call(method, path, body, token=emulator.create_token(permissions))) == expected


def test_a_token_has_culverts_permissions_by_default(emulator: Emulator) -> None:
    token = emulator.create_token(None)
    tunnel = emulator.call("POST", TUNNELS, {"name": "mine"}, token=token)
    record = {"name": "a.example.com", "type": "CNAME", "content": "b.example.net", "proxied": True, "ttl": 1}
    assert tunnel.status_code == 200
    assert emulator.call("POST", RECORDS, record, token=token).status_code == 200
    assert emulator.call("GET", "/zones?name=example.com", token=token).status_code == 200


def test_edit_includes_read(emulator: Emulator) -> None:
    assert emulator.call("GET", RECORDS, token=emulator.create_token(["DNS: Edit"])).status_code == 200


def test_only_the_zones_a_token_may_read_are_listed(emulator: Emulator) -> None:
    token = emulator.create_token([{"permission": "Zone: Read", "only": [OTHER_ZONE]}])
    listed = emulator.call("GET", "/zones", token=token).json()["result"]
    assert [zone["name"] for zone in listed] == ["example.org"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/accounts/{ELSEWHERE}/cfd_tunnel", (403, 10000)),
        (f"/accounts/{ELSEWHERE}", (403, 9109)),
        (f"/zones/{ELSEWHERE}", (403, 9109)),
        (f"/zones/{ELSEWHERE}/dns_records", (403, 10000)),
        ("/accounts/home/cfd_tunnel", (404, 7003)),
        ("/zones/example.com/dns_records", (404, 7003)),
        ("/zones/example.com", (404, 7003)),
    ],
)
def test_an_unknown_account_or_zone_is_refused(emulator: Emulator, path: str, expected: tuple[int, int]) -> None:
    assert refusal(emulator.call("GET", path)) == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/", "/nothing", f"/zones/{ZONE}/nothing", f"{TUNNELS}/", "/zones/")),
        *(("PUT", TUNNELS), ("PATCH", f"/zones/{ZONE}"), ("GET", f"/accounts/{ACCOUNT}/access/apps/ca")),
    ],
)
def test_what_is_not_emulated_is_501_in_the_sandboxs_words(emulator: Emulator, method: str, path: str) -> None:
    reply = emulator.call(method, path)
    assert refusal(reply) == (501, 501)
    assert reply.json()["errors"][0]["message"].startswith(f"culvert sandbox: {method} /client/v4{path} is not")


def test_a_token_can_be_verified(emulator: Emulator) -> None:
    assert emulator.done("GET", "/user/tokens/verify")["status"] == "active"


def test_a_tokens_value_is_not_stored(emulator: Emulator, tmp_path: Path) -> None:
    emulator.tunnel()
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert any(b"culvert-dev" in content for content in files)
    assert not any(emulator.token.encode() in content for content in files)


@pytest.mark.parametrize(
    "permissions",
    [["DNS: Write"], ["dns: Edit"], ["Everything"], [{"permission": "DNS: Edit", "only": ["example.net"]}]],
)
def test_a_token_with_an_unknown_permission_or_zone_is_refused(emulator: Emulator, permissions: list[str]) -> None:
    body = {"name": "odd", "permissions": permissions}
    assert emulator.owner_call("POST", "/tokens", body).status_code == 422


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "owner", "Basic owner"])
@pytest.mark.parametrize("path", ["calls", "faults", "state"])
def test_the_owners_endpoints_require_the_owners_secret(emulator: Emulator, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert emulator.http.get(f"/sandbox/{path}", headers=headers).status_code == 401


def test_an_api_token_is_not_accepted_as_the_owners_secret(emulator: Emulator) -> None:
    headers = {"Authorization": f"Bearer {emulator.token}"}
    assert emulator.http.get("/sandbox/state", headers=headers).status_code == 401

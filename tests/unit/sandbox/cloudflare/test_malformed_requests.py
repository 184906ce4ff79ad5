"""Malformed requests: the emulator refuses them in the service's envelope and never crashes."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.emulator import ACCOUNT, RECORDS, RULESETS, TUNNELS, Emulator

APPS = f"/accounts/{ACCOUNT}/access/apps"
VALID: dict[str, dict[str, Any]] = {
    TUNNELS: {"name": "x", "config_src": "local", "tunnel_secret": None},
    RECORDS: {
        **{"name": "x", "type": "CNAME", "content": "a.example.net", "ttl": 1, "proxied": True, "comment": None},
        **{"tags": [], "settings": {}, "data": None, "priority": None},
    },
    RULESETS: {"name": "x", "kind": "zone", "phase": "x", "description": "", "rules": []},
    APPS: {"type": "warp", "domain": "", "destinations": [], "policies": [], "self_hosted_domains": []},
    f"/accounts/{ACCOUNT}/access/policies": {
        "name": "x",
        "decision": "allow",
        "include": [{"everyone": {}}],
        "require": [],
    },
    f"/accounts/{ACCOUNT}/access/service_tokens": {"name": "x", "duration": None, "client_secret_version": 1},
    f"/accounts/{ACCOUNT}/alerting/v3/policies": {"name": "x", "alert_type": "x", "mechanisms": {}, "filters": {}},
    f"/accounts/{ACCOUNT}/teamnet/virtual_networks": {"name": "x", "comment": "", "is_default_network": False},
    # The test creates its tunnel.
    f"/accounts/{ACCOUNT}/teamnet/routes": {
        **{"network": "10.0.0.0/8", "tunnel_id": "x", "comment": ""},
        "virtual_network_id": None,
    },
}
NONSENSE = (
    *(None, True, 7, -1, 1.5, 10**400, "", "x", "\0", "é", [], ["x"], [7], [None], [[1]], {}, {"a": 1}),
    *([{"id": [1], "uri": 1, "type": [], "precedence": "x"}], [{"action": "x", "expression": "x", "ref": [1]}]),
    [{"action": "x", "expression": "x", "ratelimit": 7, "version": "x", "id": "x"}],
)
CASES = [(path, key) for path, valid in VALID.items() for key in valid]


@pytest.mark.parametrize(("path", "key"), CASES)
def test_no_value_of_a_field_crashes_a_creation_or_an_update(emulator: Emulator, path: str, key: str) -> None:
    valid = {**VALID[path], **({"tunnel_id": emulator.tunnel("t")} if "tunnel_id" in VALID[path] else {})}
    number = emulator.done("POST", path, {**valid, **({"name": "there"} if key == "name" else {})})["id"]
    change = "PUT" if emulator.call("PUT", f"{path}/{number}", valid).status_code != 501 else "PATCH"
    for value in NONSENSE:
        body = {**valid, key: value}
        changed = emulator.call(change, f"{path}/{number}", body)
        assert changed.status_code in (200, 400), (value, changed.text)
        created = emulator.call("POST", path, body)
        assert created.status_code in (200, 400, 409), (value, created.text)
        if created.status_code == 200:
            assert emulator.call("GET", path).status_code == 200
            assert emulator.call("DELETE", f"{path}/{created.json()['result']['id']}").status_code in (200, 204)
    assert emulator.http.get("/state.json").status_code == 200


def test_no_value_crashes_the_endpoints_that_are_no_objects(emulator: Emulator) -> None:
    entry_point = f"{RULESETS}/phases/http_request_firewall_custom/entrypoint"
    rule = {"action": "block", "expression": "true"}
    record = {"type": "A", "name": "a", "content": "192.0.2.1", "ttl": 60}
    organization = {"name": "x", "auth_domain": "x.cloudflareaccess.com"}
    provider = {"name": "x", "type": "oidc", "config": {}, "scim_config": {}}
    emulator.done("POST", f"/accounts/{ACCOUNT}/access/organizations", organization)
    number = emulator.done("PUT", entry_point, {"rules": [rule]})["id"]
    bodies = [
        *(("PUT", f"/accounts/{ACCOUNT}/access/organizations", organization, key) for key in organization),
        *(("POST", f"/accounts/{ACCOUNT}/access/identity_providers", provider, key) for key in provider),
        *(("POST", f"{RULESETS}/{number}/rules", rule, key) for key in (*rule, "ref", "id", "position", "ratelimit")),
        *(("POST", f"{RECORDS}/batch", {}, key) for key in ("deletes", "patches", "puts", "posts")),
        ("PUT", entry_point, {}, "rules"),
    ]
    for value in NONSENSE:
        for method, path, valid, key in bodies:
            reply = emulator.call(method, path, {**valid, key: value})
            assert reply.status_code in (200, 400, 404), (path, key, value, reply.text)
        for key in ("patches", "puts"):
            emulated = emulator.call("POST", f"{RECORDS}/batch", {key: [{**record, "id": value}]})
            assert emulated.status_code in (400, 404), (key, value, emulated.text)
    assert emulator.call("GET", f"/accounts/{ACCOUNT}/access/identity_providers?scim_enabled=true").status_code == 200
    assert emulator.call("GET", f"{RECORDS}/export").status_code == 200


SAMPLES = ("", "x", "cloudflare", "é", "\0", "%", "*")
FIELDS = ("ingress", "originRequest", "warp-routing", "hostname", "path", "service", "access", "required", "x")
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.sampled_from(SAMPLES)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)),
    max_leaves=8,
)


@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(config=values)
def test_no_configuration_crashes_the_emulator(emulator: Emulator, config: Any) -> None:
    tunnel = emulator.tunnel()
    written = emulator.call("PUT", f"{TUNNELS}/{tunnel}/configurations", {"config": config})
    assert written.status_code in (200, 400), written.text
    assert emulator.http.get("/state.json").status_code == 200
    emulator.done("DELETE", f"{TUNNELS}/{tunnel}")

"""The cloudflare stand-in against recorded replies: refusals, defaults, replacements and secrets."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.protobuf import empty_pb2
from pulumi._types import input_type_py_to_pulumi_names
from pulumi_cloudflare import ZeroTrustTunnelCloudflaredConfigConfigIngressOriginRequestArgs as OriginRequestArgs
from pydantic.alias_generators import to_camel

from sandbox.cloudflare.resources.configuration_validation import Configuration, check
from sandbox.providers.cloudflare.client import Client
from sandbox.providers.values import UNKNOWN, Secret
from tests.support.plugin_client import Plugin, PluginError, ResourceState
from tests.support.recorded_program import (
    ACCOUNT,
    APPLICATION,
    CONFIG,
    FIRST_SECRET,
    NOTIFICATION,
    POLICY,
    RECORD,
    RULESET,
    TUNNEL,
    ZONE,
)
from tests.support.replay_server import ReplayServer

TUNNEL_ID = "34864f21-9c07-48f1-a4d4-496d83c62d38"
TUNNELS = f"/client/v4/accounts/{ACCOUNT}/cfd_tunnel"
RECORDS = f"/client/v4/zones/{ZONE}/dns_records"


def reply(method: str, path: str, result: Any, status: int = 200, **headers: str) -> dict[str, Any]:
    envelope = {"success": status < 300, "errors": [], "messages": [], "result": result}
    return {"method": method, "path": path, "status": status, "reply": envelope, "headers": headers}


def refusal(method: str, path: str, status: int, code: int, message: str, **headers: str) -> dict[str, Any]:
    envelope = {"success": False, "errors": [{"code": code, "message": message}], "messages": [], "result": None}
    return {"method": method, "path": path, "status": status, "reply": envelope, "headers": headers}


def tunnel(**more: Any) -> dict[str, Any]:
    return {
        "accountId": ACCOUNT,
        "name": "rig",
        "configSrc": "cloudflare",
        "tunnelSecret": Secret(FIRST_SECRET),
        **more,
    }


def record(**more: Any) -> dict[str, Any]:
    inputs = {"zoneId": ZONE, "name": "www.example.test", "type": "CNAME", "content": "there.test", "ttl": 1}
    return {**inputs, "proxied": True, **more}


def made_tunnel(plugin: Plugin, api: ReplayServer, **more: Any) -> ResourceState:
    api.play([reply("POST", TUNNELS, {"id": TUNNEL_ID, "name": "rig", "status": "inactive", "metadata": {}})])
    return plugin.create(TUNNEL, plugin.check(TUNNEL, tunnel(**more)))


def made_record(plugin: Plugin, api: ReplayServer, **more: Any) -> ResourceState:
    answer = {**record(**more), "id": "f" * 32, "proxiable": True, "tags": [], "meta": {}, "settings": {}}
    api.play([reply("POST", RECORDS, answer)])
    return plugin.create(RECORD, plugin.check(RECORD, record(**more)))


@pytest.mark.parametrize(
    ("type", "inputs", "named"),
    [
        (TUNNEL, tunnel(configSource="cloudflare"), "configSource"),
        (TUNNEL, tunnel(status="healthy"), "status"),
        (RECORD, record(allowOverwrite=True), "allowOverwrite"),
        (CONFIG, {"accountId": ACCOUNT, "tunnelId": "t", "config": {"ingress": []}}, "config.ingress"),
        (
            CONFIG,
            {
                "accountId": ACCOUNT,
                "tunnelId": "t",
                "config": {"ingresses": [{"service": "http://a", "originRequest": {"noTLSVerify": True}}]},
            },
            r"config\.ingresses\[0\]\.originRequest\.noTLSVerify",
        ),
        (POLICY, {"accountId": ACCOUNT, "name": "p", "decision": "allow", "include": []}, "include"),
    ],
)
def test_an_unknown_property_is_refused_by_name(
    cloudflare: Plugin, type: str, inputs: dict[str, Any], named: str
) -> None:
    with pytest.raises(PluginError, match=f"unknown property {named};"):
        cloudflare.check(type, inputs)


@pytest.mark.parametrize(
    ("type", "inputs", "message"),
    [
        (TUNNEL, {"accountId": ACCOUNT}, "Missing required property 'name'"),
        (RECORD, {key: value for key, value in record().items() if key != "ttl"}, "Missing required property 'ttl'"),
        (RECORD, record(ttl="1"), "expected number for ttl, got str"),
        (RECORD, record(type="CNMAE"), 'type value must be one of: .*"cname".*, got: "CNMAE"'),
        (TUNNEL, tunnel(configSrc="remote"), 'configSrc value must be one of: "local", "cloudflare", got: "remote"'),
        (RULESET, {"kind": "zone", "name": "n", "phase": "p"}, "exactly one of accountId and zoneId is required"),
        (
            CONFIG,
            {"accountId": ACCOUNT, "tunnelId": "t", "config": {"ingresses": [{"hostname": "a.test"}]}},
            r"Missing required property 'config\.ingresses\[0\]\.service'",
        ),
    ],
)
def test_a_missing_or_wrong_value_is_refused_before_any_call(
    cloudflare: Plugin, api: ReplayServer, type: str, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(PluginError, match=message):
        cloudflare.check(type, inputs)
    assert api.calls == []


def test_an_unknown_type_is_refused_by_name(cloudflare: Plugin) -> None:
    with pytest.raises(PluginError, match="cloudflare:index/zone:Zone is not supported by the stand-in"):
        cloudflare.check("cloudflare:index/zone:Zone", {})


def test_unknown_values_pass_the_check(cloudflare: Plugin) -> None:
    inputs = record(content=UNKNOWN, zoneId=UNKNOWN)
    assert cloudflare.check(RECORD, inputs) == inputs


def test_a_tunnel_is_locally_configured_by_default(cloudflare: Plugin, api: ReplayServer) -> None:
    api.play([reply("POST", TUNNELS, {"id": TUNNEL_ID})])
    made = cloudflare.create(TUNNEL, {"accountId": ACCOUNT, "name": "rig"})
    assert api.calls[0].body == {"name": "rig", "config_src": "local"}
    assert made.outputs["configSrc"] == "local"


def test_a_preview_of_a_creation_makes_no_call_and_has_unknown_outputs(cloudflare: Plugin, api: ReplayServer) -> None:
    planned = cloudflare.create(TUNNEL, tunnel(), preview=True)
    assert (planned.id, api.calls) == ("", [])
    assert planned.outputs["id"] is planned.outputs["status"] is UNKNOWN
    assert planned.outputs["name"] == "rig"


def test_a_tunnels_secret_is_always_secret_in_inputs_and_outputs(cloudflare: Plugin, api: ReplayServer) -> None:
    api.play([reply("POST", TUNNELS, {"id": TUNNEL_ID})])
    inputs = cloudflare.check(TUNNEL, tunnel(tunnelSecret=FIRST_SECRET))
    made = cloudflare.create(TUNNEL, inputs)
    assert inputs["tunnelSecret"] == made.outputs["tunnelSecret"] == Secret(FIRST_SECRET)


def test_neither_secret_nor_configuration_source_of_a_tunnel_is_read_back(
    cloudflare: Plugin, api: ReplayServer
) -> None:
    kept = made_tunnel(cloudflare, api)
    now = {"id": TUNNEL_ID, "name": "renamed", "config_src": "local", "tunnel_secret": "other"}
    api.play([reply("GET", f"{TUNNELS}/{TUNNEL_ID}", now)])
    found = cloudflare.read(kept)
    assert found
    assert found.outputs["configSrc"] == "cloudflare"
    assert found.outputs["tunnelSecret"] == Secret(FIRST_SECRET)
    assert found.outputs["name"] == found.inputs["name"] == "renamed"


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"name": "other"}, []),
        ({"tunnelSecret": Secret("other")}, []),
        ({"configSrc": "local"}, ["configSrc"]),
        ({"accountId": "f" * 32}, ["accountId"]),
    ],
)
def test_a_tunnels_account_and_configuration_source_replace(
    cloudflare: Plugin, api: ReplayServer, change: dict[str, Any], replaces: list[str]
) -> None:
    diff = cloudflare.diff(made_tunnel(cloudflare, api), tunnel(**change))
    assert set(change) <= set(diff.diffs)
    assert list(diff.replaces) == replaces
    assert not diff.deleteBeforeReplace


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({"name": "else.example.test"}, []),
        ({"content": "elsewhere.test"}, []),
        ({"type": "A"}, ["type"]),
        ({"zoneId": "e" * 32}, ["zoneId"]),
    ],
)
def test_a_records_zone_and_type_replace(
    cloudflare: Plugin, api: ReplayServer, change: dict[str, Any], replaces: list[str]
) -> None:
    diff = cloudflare.diff(made_record(cloudflare, api), record(**change))
    assert set(change) <= set(diff.diffs)
    assert list(diff.replaces) == replaces


def test_a_record_is_renamed_in_place_by_one_put(cloudflare: Plugin, api: ReplayServer) -> None:
    kept = made_record(cloudflare, api, comment="rig/dev")
    api.play([reply("PUT", f"{RECORDS}/{kept.id}", {"id": kept.id, "name": "new.example.test"})])
    cloudflare.update(kept, record(name="new.example.test"))
    assert [(call.method, call.body["name"], call.body["comment"]) for call in api.calls] == [
        ("PUT", "new.example.test", None)
    ]


@pytest.mark.parametrize("change", [{"name": "www"}, {"content": "THERE.test"}])
def test_a_short_name_and_the_case_of_a_target_are_not_changes(
    cloudflare: Plugin, api: ReplayServer, change: dict[str, Any]
) -> None:
    assert list(cloudflare.diff(made_record(cloudflare, api), record(**change)).diffs) == []


def test_only_the_creation_refuses_a_ttl_of_a_proxied_record(cloudflare: Plugin, api: ReplayServer) -> None:
    inputs = cloudflare.check(RECORD, record(ttl=300))
    assert cloudflare.create(RECORD, inputs, preview=True).outputs["ttl"] == 300
    with pytest.raises(PluginError, match="ttl must be set to 1 when `proxied` is true"):
        cloudflare.create(RECORD, inputs)
    assert api.calls == []


def test_deleting_a_record_that_is_gone_is_an_error(cloudflare: Plugin, api: ReplayServer) -> None:
    kept = made_record(cloudflare, api)
    api.play([refusal("DELETE", f"{RECORDS}/{kept.id}", 404, 81044, "Record does not exist.")])
    with pytest.raises(PluginError, match=r"404 Not Found .*81044"):
        cloudflare.delete(kept)


def test_a_refresh_removes_a_record_that_is_gone(cloudflare: Plugin, api: ReplayServer) -> None:
    kept = made_record(cloudflare, api)
    api.play([refusal("GET", f"{RECORDS}/{kept.id}", 404, 81044, "Record does not exist.")])
    assert cloudflare.read(kept) is None


def test_an_error_of_the_api_has_the_official_plugins_message_without_secrets(
    cloudflare: Plugin, api: ReplayServer
) -> None:
    taken = refusal("POST", TUNNELS, 409, 1013, f"You already have a tunnel with this name; got {FIRST_SECRET}")
    api.play([taken])
    with pytest.raises(PluginError) as raised:
        cloudflare.create(TUNNEL, tunnel())
    address = f"{api.url}/accounts/{ACCOUNT}/cfd_tunnel"
    assert str(raised.value).startswith(
        f'failed to make http request: POST "{address}": 409 Conflict {{"success": false'
    )
    assert '"code": 1013' in str(raised.value)
    assert FIRST_SECRET not in str(raised.value)
    assert "the-token-of-this-test" not in str(raised.value)
    assert len(api.calls) == 1


API_NAMES = {"no_tls_verify": "noTLSVerify", "match_sn_ito_host": "matchSNItoHost"}
"""Origin options whose names in the API are not the camelCase ones."""


def test_every_origin_option_of_the_sdk_reaches_the_api_under_its_name_there(
    cloudflare: Plugin, api: ReplayServer
) -> None:
    texts, switches = (
        ("ca_pool", "http_host_header", "origin_server_name", "proxy_type"),
        ("no_", "match_", "disable_", "http2_"),
    )
    names = {name: told for name, told in input_type_py_to_pulumi_names(OriginRequestArgs).items() if name != "access"}
    values = {name: "x" if name in texts else True if name.startswith(switches) else 5 for name in names}
    given = {names[name]: value for name, value in values.items()}
    sent = {API_NAMES.get(name, to_camel(name)): value for name, value in values.items()}
    assert len(given) == 14
    path = f"{TUNNELS}/{TUNNEL_ID}/configurations"
    api.play([reply("PUT", path, {"tunnel_id": TUNNEL_ID, "version": 1})])
    rules = [{"hostname": "a.test", "service": "https://a", "originRequest": given}, {"service": "http_status:404"}]
    inputs = {"accountId": ACCOUNT, "tunnelId": TUNNEL_ID, "source": "cloudflare", "config": {"ingresses": rules}}
    cloudflare.create(CONFIG, cloudflare.check(CONFIG, inputs))
    (call,) = api.calls
    assert call.body["config"]["ingress"][0]["originRequest"] == sent
    # And the emulator API knows each of them.
    check(Configuration.model_validate(call.body["config"]))


def test_a_configuration_is_imported_by_account_and_tunnel(cloudflare: Plugin, api: ReplayServer) -> None:
    config = {"ingress": [{"service": "http_status:404"}], "warp-routing": {"enabled": False}}
    path = f"{TUNNELS}/{TUNNEL_ID}/configurations"
    api.play([reply("GET", path, {"config": config, "source": "cloudflare", "version": 3})] * 2)
    found = cloudflare.read(ResourceState(CONFIG, f"{ACCOUNT}/{TUNNEL_ID}", {}, {}))
    assert found
    assert found.id == TUNNEL_ID
    assert found.inputs == {
        "accountId": ACCOUNT,
        "tunnelId": TUNNEL_ID,
        "config": {"ingresses": [{"service": "http_status:404"}]},
        "source": "cloudflare",
    }
    assert list(cloudflare.diff(found, found.inputs).diffs) == []


@pytest.mark.parametrize(
    ("type", "id", "path"),
    [
        (TUNNEL, f"{ACCOUNT}/{TUNNEL_ID}", f"{TUNNELS}/{TUNNEL_ID}"),
        (RECORD, f"{ZONE}/abc", f"{RECORDS}/abc"),
        (RULESET, f"zones/{ZONE}/abc", f"/client/v4/zones/{ZONE}/rulesets/abc"),
        (APPLICATION, f"accounts/{ACCOUNT}/abc", f"/client/v4/accounts/{ACCOUNT}/access/apps/abc"),
        (NOTIFICATION, f"{ACCOUNT}/abc", f"/client/v4/accounts/{ACCOUNT}/alerting/v3/policies/abc"),
    ],
)
def test_each_type_is_imported_by_its_own_form_of_id(
    cloudflare: Plugin, api: ReplayServer, type: str, id: str, path: str
) -> None:
    own = id.rpartition("/")[2]
    api.play([reply("GET", path, {"id": own, "name": "found"})] * 2)
    found = cloudflare.read(ResourceState(type, id, {}, {}))
    assert found
    assert (found.id, found.inputs["name"]) == (own, "found")
    with pytest.raises(PluginError, match="invalid ID: expected urlencoded segments <"):
        cloudflare.read(ResourceState(type, own, {}, {}))


def test_a_lookup_of_a_zone_needs_exactly_one_result(cloudflare: Plugin, api: ReplayServer) -> None:
    api.play([reply("GET", "/client/v4/zones?name=example.test", [])])
    with pytest.raises(PluginError, match="failed to find exactly one result: 0 found"):
        cloudflare.invoke("cloudflare:index/getZone:getZone", filter={"name": "example.test"})


def test_records_are_read_in_pages_until_one_is_empty(cloudflare: Plugin, api: ReplayServer) -> None:
    row = {"id": "r", "name": "a.example.test", "type": "CNAME", "content": "b", "created_on": "2024-03-01T09:30:00.5Z"}
    api.play(
        [
            reply("GET", RECORDS, [row, {**row, "id": "s"}]),
            reply("GET", f"{RECORDS}?page=2", [{**row, "id": "t"}]),
            reply("GET", f"{RECORDS}?page=3", []),
            reply("GET", f"{RECORDS}?name.exact=a.example.test", [row]),
            reply("GET", f"{RECORDS}?name.exact=a.example.test&page=2", []),
        ]
    )
    token = "cloudflare:index/getDnsRecords:getDnsRecords"  # noqa: S105
    found = cloudflare.invoke(token, zoneId=ZONE, maxItems=1000)["results"]
    assert [record["id"] for record in found] == ["r", "s", "t"]
    assert found[0]["createdOn"] == "2024-03-01T09:30:00Z"
    assert len(cloudflare.invoke(token, zoneId=ZONE, name={"exact": "a.example.test"})["results"]) == 1
    with pytest.raises(PluginError, match="has no property hostname"):
        cloudflare.invoke(token, zoneId=ZONE, hostname="a.example.test")


def test_a_lookup_finds_a_deleted_tunnel_too(cloudflare: Plugin, api: ReplayServer) -> None:
    row = {"id": TUNNEL_ID, "name": "rig", "config_src": "local", "deleted_at": "2024-03-01T09:30:00Z"}
    api.play([reply("GET", f"{TUNNELS}/{TUNNEL_ID}", row)])
    token = "cloudflare:index/getZeroTrustTunnelCloudflared:getZeroTrustTunnelCloudflared"  # noqa: S105
    found = cloudflare.invoke(token, accountId=ACCOUNT, tunnelId=TUNNEL_ID)
    assert (found["name"], found["configSrc"], found["deletedAt"]) == ("rig", "local", "2024-03-01T09:30:00Z")
    with pytest.raises(PluginError, match="needs accountId and tunnelId"):
        cloudflare.invoke(token, accountId=ACCOUNT)


def test_tunnels_are_listed_by_name_without_their_secrets(cloudflare: Plugin, api: ReplayServer) -> None:
    rows = [{"id": TUNNEL_ID, "name": "rig", "tunnel_secret": "c2VjcmV0"}, {"id": "other", "name": "rig"}]
    api.play([reply("GET", f"{TUNNELS}?is_deleted=false&name=rig", rows)])
    token = "cloudflare:index/getZeroTrustTunnelCloudflareds:getZeroTrustTunnelCloudflareds"  # noqa: S105
    found = cloudflare.invoke(token, accountId=ACCOUNT, name="rig", isDeleted=False, maxItems=1)
    assert [(each["id"], each["name"]) for each in found["results"]] == [(TUNNEL_ID, "rig")]
    assert "c2VjcmV0" not in str(found)
    with pytest.raises(PluginError, match="does not support uuid"):
        cloudflare.invoke(token, accountId=ACCOUNT, uuid=TUNNEL_ID)


@pytest.mark.parametrize(
    ("first", "waited"),
    [
        (refusal("GET", "/client/v4/zones/z", 429, 971, "slow down", **{"retry-after": "7"}), (7, 7)),
        (refusal("GET", "/client/v4/zones/z", 429, 971, "slow down", **{"retry-after": "290"}), (290, 290)),
        (refusal("GET", "/client/v4/zones/z", 503, 0, "busy"), (1.5, 2)),
        (refusal("GET", "/client/v4/zones/z", 400, 0, "odd", **{"x-should-retry": "true"}), (1.5, 2)),
    ],
)
def test_a_temporary_error_is_retried_after_the_requested_delay(
    api: ReplayServer, first: dict[str, Any], waited: tuple[float, float]
) -> None:
    api.play([first, reply("GET", "/client/v4/zones/z", {"id": "z"})])
    waits: list[float] = []
    assert Client(api.url, "token").call("GET", "/zones/z", pause=waits.append) == {"id": "z"}
    assert len(waits) == 1
    assert waited[0] <= waits[0] <= waited[1]


@pytest.mark.parametrize(
    "first",
    [
        refusal("GET", "/client/v4/zones/z", 400, 0, "bad"),
        refusal("GET", "/client/v4/zones/z", 403, 10000, "Authentication error"),
        refusal("GET", "/client/v4/zones/z", 409, 0, "taken"),
        refusal("GET", "/client/v4/zones/z", 503, 0, "no", **{"x-should-retry": "false"}),
    ],
)
def test_a_permanent_error_is_not_retried(api: ReplayServer, first: dict[str, Any]) -> None:
    api.play([first])
    with pytest.raises(Exception, match=str(first["status"])):
        Client(api.url, "token").call("GET", "/zones/z", pause=lambda _: pytest.fail("it retried"))
    assert len(api.calls) == 1


def test_an_interrupt_ends_the_retries(cloudflare: Plugin, api: ReplayServer) -> None:
    busy = refusal("POST", TUNNELS, 429, 971, "slow down", **{"retry-after": "59"})
    api.play([busy])
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(cloudflare.create, TUNNEL, tunnel())
        while not api.calls:
            time.sleep(0.01)
        while not waits.done():
            cloudflare.call("Cancel", empty_pb2.Empty())
            time.sleep(0.01)
        with pytest.raises(PluginError, match="429 Too Many Requests"):
            waits.result()
    assert len(api.calls) == 1


def test_an_unreachable_api_is_retried_ten_times() -> None:
    waits: list[float] = []
    with pytest.raises(Exception, match=r'GET "http://127.0.0.1:1/zones/z": .*refused'):
        Client("http://127.0.0.1:1", "token").call("GET", "/zones/z", pause=waits.append)
    assert len(waits) == 10
    assert max(waits) <= 30

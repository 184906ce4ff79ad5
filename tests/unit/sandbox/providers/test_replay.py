"""The stand-in makes the calls recorded of the official plugin and stores the same state."""

import re
from typing import Any

from tests.support.plugin_client import MiniEngine, Plugin, mask_secrets, trace
from tests.support.recorded_program import SECOND_SECRET, ZONE, program
from tests.support.replay_server import ReplayServer

LOOKUPS = re.compile(r"/zones\?name=|/zones/[0-9a-f]{32}$|/token$")
OTHER_SERVICE = "http://blog2.blog.svc.cluster.local:80"


def of_resources(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [call for call in calls if not (call["method"] == "GET" and LOOKUPS.search(call["path"]))]


def in_order(calls: list[tuple[str, str, Any]]) -> list[tuple[str, str, Any]]:
    """The engine makes independent calls concurrently, so their order is arbitrary."""
    return sorted(calls, key=repr)


def expect(api: ReplayServer, name: str) -> None:
    """Asserts that exactly the recorded calls were made, with the same bodies."""
    made = [(call.method, call.path, canonical(call.body)) for call in api.calls]
    wanted = [(call["method"], call["path"], canonical(call["body"])) for call in of_resources(trace(name))]
    assert in_order(made) == in_order(wanted)


def canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value)}
    return [canonical(item) for item in value] if isinstance(value, list) else value


def play(api: ReplayServer, name: str) -> None:
    api.play(of_resources(trace(name)))


def deployed(plugin: Plugin, api: ReplayServer) -> MiniEngine:
    engine = MiniEngine(plugin)
    play(api, "create")
    engine.up(program())
    return engine


def test_a_first_up_makes_the_recorded_calls(cloudflare: Plugin, api: ReplayServer) -> None:
    engine = deployed(cloudflare, api)
    expect(api, "create")
    assert len(engine.state) == 9
    assert {call.authorization for call in api.calls} == {"Bearer the-token-of-this-test"}


def test_a_second_up_calls_nothing(cloudflare: Plugin, api: ReplayServer) -> None:
    engine = deployed(cloudflare, api)
    play(api, "noop")
    assert set(engine.up(program()).values()) == {"same"}
    assert api.calls == []


def test_refresh_change_rename_rotation_and_destroy_make_the_recorded_calls(
    cloudflare: Plugin, api: ReplayServer
) -> None:
    engine = deployed(cloudflare, api)
    play(api, "refresh")
    changes = engine.refresh()
    expect(api, "refresh")
    # The API adds a description to the notification: recorded of the official plugin as well.
    assert {name for name, change in changes.items() if change != "same"} == {"note"}

    play(api, "change")
    done = engine.up(program(service=OTHER_SERVICE))
    expect(api, "change")
    assert {name for name, step in done.items() if step != "same"} == {"cfg", "note"}

    play(api, "rename")
    done = engine.up(program(service=OTHER_SERVICE, host="blog3"))
    expect(api, "rename")
    assert done["dns-blog3.example.test"] == "create"
    assert done["dns-blog.example.test"] == "delete"

    play(api, "rotate")
    done = engine.up(program(SECOND_SECRET, OTHER_SERVICE, "blog3"))
    expect(api, "rotate")
    assert {name: step for name, step in done.items() if step != "same"} == {"tun": "update"}

    play(api, "destroy")
    engine.destroy()
    expect(api, "destroy")


def test_a_change_is_reported_with_the_recorded_properties(cloudflare: Plugin, api: ReplayServer) -> None:
    engine = deployed(cloudflare, api)
    changed = {wanted.name: wanted.inputs(engine.state) for wanted in program(SECOND_SECRET, OTHER_SERVICE)}
    for row in trace("preview"):
        if row["name"] in ("tun", "cfg"):
            diff = cloudflare.diff(engine.state[row["name"]], changed[row["name"]])
            assert list(diff.diffs) == row["diffReasons"]
            assert list(diff.replaces) == []
            assert not diff.hasDetailedDiff


def test_lookups_make_the_recorded_calls(cloudflare: Plugin, api: ReplayServer) -> None:
    recorded = trace("noop")
    api.play(recorded)
    zone = cloudflare.invoke("cloudflare:index/getZone:getZone", filter={"name": "example.test"})
    tunnel = recorded[2]["path"].split("/")[-2]
    token = cloudflare.invoke(
        "cloudflare:index/getZeroTrustTunnelCloudflaredToken:getZeroTrustTunnelCloudflaredToken",
        accountId="0123456789abcdef0123456789abcdef",
        tunnelId=tunnel,
    )
    assert [(call.method, call.path) for call in api.calls] == [(call["method"], call["path"]) for call in recorded]
    assert (zone["id"], zone["zoneId"], zone["name"], zone["status"]) == (ZONE, ZONE, "example.test", "active")
    assert zone["account"] == {"id": "0123456789abcdef0123456789abcdef", "name": "Local account"}
    assert zone["activatedOn"] == "2026-11-23T07:50:24Z"
    # In plain text, which is why culvert does not use this lookup.
    assert token["token"] == recorded[2]["reply"]["result"]


def test_the_state_equals_the_official_plugins(cloudflare: Plugin, api: ReplayServer) -> None:
    engine = deployed(cloudflare, api)
    kept = {
        name: {"type": one.type, "id": one.id, "inputs": mask_secrets(one.inputs), "outputs": mask_secrets(one.outputs)}
        for name, one in engine.state.items()
    }
    official = {one.pop("name"): one for one in trace("state") if one["type"].startswith("cloudflare:")}
    assert sorted(kept) == sorted(official)
    for name in official:
        assert comparable(kept[name], kept) == comparable(official[name], official), name


def comparable(one: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """Without what differs between two runs: ids by resource, times, and random values of the API."""
    text = repr(canonical(one))
    for name, other in state.items():
        if name != "cfg":
            text = text.replace(other["id"], f"<{name}>")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", text)
    text = re.sub(r"'aud': '[0-9a-f]{64}'", "'aud': <aud>", text)
    text = re.sub(r"[0-9a-f]{32}\.access", "<client>", text)
    return {"text": re.sub(r"'(id|ref)': '[0-9a-f]{32}'", r"'\1': <rule>", text)}

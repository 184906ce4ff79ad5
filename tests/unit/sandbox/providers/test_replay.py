"""The stand-in makes the calls that the official plugin was recorded with, and keeps the state that it kept."""

import re
from typing import Any

from tests.support.plugin_client import MiniEngine, Plugin, mask_secrets, trace
from tests.support.recorded_program import SECOND_SECRET, ZONE, program
from tests.support.replay_server import ReplayServer

LOOK_UPS = re.compile(r"/zones\?name=|/zones/[0-9a-f]{32}$|/token$")
OTHER_SERVICE = "http://blog2.blog.svc.cluster.local:80"


def of_resources(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [call for call in calls if not (call["method"] == "GET" and LOOK_UPS.search(call["path"]))]


def in_order(calls: list[tuple[str, str, Any]]) -> list[tuple[str, str, Any]]:
    """The engine makes independent calls at once, so their order says nothing."""
    return sorted(calls, key=repr)


def expect(api: ReplayServer, name: str) -> None:
    """Every recorded call was made and no other, with the same body."""
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
    told = engine.refresh()
    expect(api, "refresh")
    # The API fills a notification's description in: recorded with the official plugin as well.
    assert {name for name, what in told.items() if what != "same"} == {"note"}

    play(api, "change")
    done = engine.up(program(service=OTHER_SERVICE))
    expect(api, "change")
    assert {name for name, what in done.items() if what != "same"} == {"cfg", "note"}

    play(api, "rename")
    done = engine.up(program(service=OTHER_SERVICE, host="blog3"))
    expect(api, "rename")
    assert done["dns-blog3.example.test"] == "create"
    assert done["dns-blog.example.test"] == "delete"

    play(api, "rotate")
    done = engine.up(program(SECOND_SECRET, OTHER_SERVICE, "blog3"))
    expect(api, "rotate")
    assert {name: what for name, what in done.items() if what != "same"} == {"tun": "update"}

    play(api, "destroy")
    engine.destroy()
    expect(api, "destroy")


def test_a_change_is_told_by_the_same_properties(cloudflare: Plugin, api: ReplayServer) -> None:
    engine = deployed(cloudflare, api)
    changed = {wanted.name: wanted.inputs(engine.state) for wanted in program(SECOND_SECRET, OTHER_SERVICE)}
    for row in trace("preview"):
        if row["name"] in ("tun", "cfg"):
            diff = cloudflare.diff(engine.state[row["name"]], changed[row["name"]])
            assert list(diff.diffs) == row["diffReasons"]
            assert list(diff.replaces) == []
            assert not diff.hasDetailedDiff


def test_the_look_ups_make_the_recorded_calls(cloudflare: Plugin, api: ReplayServer) -> None:
    play_all = trace("noop")
    api.play(play_all)
    zone = cloudflare.invoke("cloudflare:index/getZone:getZone", filter={"name": "example.test"})
    tunnel = play_all[2]["path"].split("/")[-2]
    token = cloudflare.invoke(
        "cloudflare:index/getZeroTrustTunnelCloudflaredToken:getZeroTrustTunnelCloudflaredToken",
        accountId="0123456789abcdef0123456789abcdef",
        tunnelId=tunnel,
    )
    assert [(call.method, call.path) for call in api.calls] == [(call["method"], call["path"]) for call in play_all]
    assert (zone["id"], zone["zoneId"], zone["name"], zone["status"]) == (ZONE, ZONE, "example.test", "active")
    assert zone["account"] == {"id": "0123456789abcdef0123456789abcdef", "name": "Local account"}
    assert zone["activatedOn"] == "2026-11-23T07:50:24Z"
    # In the clear: the trap that makes the program wrap it.
    assert token["token"] == play_all[2]["reply"]["result"]


def test_the_state_keeps_what_the_official_plugin_keeps(cloudflare: Plugin, api: ReplayServer) -> None:
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
    """Without what differs between any two runs: ids by whose they are, times, and what the API draws at random."""
    text = repr(canonical(one))
    for name, other in state.items():
        if name != "cfg":
            text = text.replace(other["id"], f"<{name}>")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", text)
    text = re.sub(r"'aud': '[0-9a-f]{64}'", "'aud': <aud>", text)
    text = re.sub(r"[0-9a-f]{32}\.access", "<client>", text)
    return {"text": re.sub(r"'(id|ref)': '[0-9a-f]{32}'", r"'\1': <rule>", text)}

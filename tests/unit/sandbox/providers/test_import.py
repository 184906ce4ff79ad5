"""A tunnel, its rules and a record, imported and changed: the calls are those recorded of the official plugin."""

import contextlib
from typing import Any

import pytest
from pulumi.runtime.proto import plugin_pb2

from sandbox.providers.values import Secret
from tests.support.emulator import Emulator
from tests.support.plugin_client import Plugin, PluginError, ResourceState, connect, trace
from tests.support.recorded_program import ACCOUNT, CONFIG, FIRST_SECRET, RECORD, SECOND_SECRET, TUNNEL, ZONE

HOST = "blog.example.test"


def adopt(plugin: Plugin, emulator: Emulator, order: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Imports what was made by hand, then updates it in this order; the calls and the imported inputs, without ids."""
    tunnels = f"/accounts/{ACCOUNT}/cfd_tunnel"
    tunnel = emulator.done(
        "POST", tunnels, {"name": "homelab", "config_src": "cloudflare", "tunnel_secret": SECOND_SECRET}
    )["id"]
    rules = [{"hostname": HOST, "service": "http://old", "originRequest": {"noTLSVerify": True}}]
    closing = {"service": "http_status:404"}
    emulator.done("PUT", f"{tunnels}/{tunnel}/configurations", {"config": {"ingress": [*rules, closing]}})
    by_hand = {"name": HOST, "type": "CNAME", "content": "old.example.net", "ttl": 1, "proxied": True}
    record = emulator.done("POST", f"/zones/{ZONE}/dns_records", by_hand)["id"]
    mark = emulator.owner("GET", "/calls?since=0")["mark"]
    wanted = {
        "tunnel": (
            TUNNEL,
            tunnel,
            {"accountId": ACCOUNT, "name": "ours", "configSrc": "cloudflare", "tunnelSecret": Secret(FIRST_SECRET)},
        ),
        "rules": (
            CONFIG,
            tunnel,
            {
                "accountId": ACCOUNT,
                "tunnelId": tunnel,
                "source": "cloudflare",
                "config": {"ingresses": [{"hostname": HOST, "service": "http://new"}, closing]},
            },
        ),
        "record": (
            RECORD,
            record,
            {
                **{key: value for key, value in by_hand.items() if key != "content"},
                "zoneId": ZONE,
                "content": f"{tunnel}.cfargotunnel.com",
                "comment": "culvert/dev",
            },
        ),
    }
    imported: list[dict[str, Any]] = []
    for name in order.split():
        type, id, inputs = wanted[name]
        state = plugin.read(ResourceState(type, f"{ZONE if type == RECORD else ACCOUNT}/{id}", {}, {}))
        assert state
        imported.append(state.inputs)
        with contextlib.suppress(PluginError):  # the calls have the status
            plugin.update(state, plugin.check(type, inputs, state.inputs))

    def masked(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: masked(value[key]) for key in sorted(value)}
        if isinstance(value, list):
            return [masked(item) for item in value]
        return value.replace(tunnel, "<tunnel>").replace(record, "<record>") if isinstance(value, str) else value

    made = emulator.owner("GET", f"/calls?since={mark}&bodies=1")["calls"]
    return [masked({key: call[key] for key in ("method", "path", "status", "body")}) for call in made], masked(imported)


@pytest.mark.parametrize("order", ["rules tunnel record", "tunnel rules record"])
def test_each_is_read_twice_and_updated_as_recorded(plugin: Plugin, emulator: Emulator, order: str) -> None:
    made, imported = adopt(plugin, emulator, order)
    recorded = trace("import")[order]
    assert made == recorded["calls"]
    assert imported == recorded["inputs"]


def test_a_secret_that_is_sent_first_costs_the_next_requests_of_the_run_their_strings(
    plugin: Plugin, emulator: Emulator
) -> None:
    made, _ = adopt(plugin, emulator, "tunnel rules record")
    assert [(call["method"], call["status"]) for call in made if call["method"] != "GET"] == [
        ("PATCH", 200),
        ("PUT", 400),
        ("PUT", 400),
    ]
    with pytest.raises(PluginError, match=r"POST .*: 400 Bad Request"):
        plugin.create(TUNNEL, {"accountId": ACCOUNT, "name": "another"})
    with connect(plugin.port) as next_run:
        next_run.call("Attach", plugin_pb2.PluginAttach())
        assert next_run.create(TUNNEL, {"accountId": ACCOUNT, "name": "another"}).id

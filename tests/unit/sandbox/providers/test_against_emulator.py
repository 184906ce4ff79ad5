"""The stand-in and the emulator API take each other for the real thing."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2

from tests.support.emulator import Emulator
from tests.support.plugin_client import MiniEngine, Plugin, PluginError, trace
from tests.support.recorded_program import ACCOUNT, CONFIG, NETWORK, RECORD, ROUTE, TUNNEL, ZONE, program
from tests.unit.sandbox.providers.test_replay import of_resources


def calls(emulator: Emulator, since: int) -> tuple[int, list[tuple[str, str, int]]]:
    """The new mark, and the calls after the last one without ids."""
    page = emulator.owner("GET", f"/calls?since={since}")
    return page["mark"], [(call["method"], shape(call["path"]), call["status"]) for call in page["calls"]]


def shape(path: str) -> str:
    own = r"(?<=/)([0-9a-f]{32}|[0-9a-f-]{36})(?=/|$)"
    return re.sub(own, lambda found: found[0] if found[0] in (ACCOUNT, ZONE) else "<id>", path)


def wanted(name: str) -> list[tuple[str, str, int]]:
    return sorted((call["method"], shape(call["path"]), call["status"]) for call in of_resources(trace(name)))


def test_the_recorded_program_makes_the_recorded_calls(plugin: Plugin, emulator: Emulator) -> None:
    engine = MiniEngine(plugin)
    mark, _ = calls(emulator, 0)

    def made(name: str) -> None:
        nonlocal mark
        mark, since = calls(emulator, mark)
        assert sorted(since) == wanted(name)

    engine.up(program())
    made("create")
    assert set(engine.up(program()).values()) == {"same"}
    made("noop")
    engine.refresh()
    made("refresh")
    engine.destroy()
    made("destroy")


def test_private_routes_and_virtual_networks_are_patched_in_place(plugin: Plugin, emulator: Emulator) -> None:
    tunnel = plugin.create(TUNNEL, {"accountId": ACCOUNT, "name": "mine"}).id
    network = plugin.create(NETWORK, {"accountId": ACCOUNT, "name": "homelab"})
    inputs = {"accountId": ACCOUNT, "network": "10.43.0.0/16", "tunnelId": tunnel}
    bare = plugin.create(ROUTE, {**inputs, "network": "10.44.0.0/16"})
    assert bare.outputs["virtualNetworkId"] not in ("", network.id)
    mark, _ = calls(emulator, 0)
    route = plugin.create(ROUTE, plugin.check(ROUTE, {**inputs, "virtualNetworkId": network.id}))
    changed = plugin.update(route, {**inputs, "virtualNetworkId": network.id, "comment": "culvert/dev"})
    assert list(plugin.diff(changed, {**inputs, "comment": "culvert/dev"}).diffs) == []
    assert not plugin.diff(changed, {**inputs, "network": "10.45.0.0/16"}).replaces
    assert list(plugin.diff(changed, {**inputs, "accountId": "f" * 32}).replaces) == ["accountId"]
    renamed = plugin.update(network, {"accountId": ACCOUNT, "name": "lab"})
    for kept in (changed, renamed):
        found = plugin.read(kept)
        assert found
        assert found.outputs == kept.outputs
        assert list(plugin.diff(found, kept.inputs).diffs) == []
    with pytest.raises(PluginError, match=r'400 Bad Request .*"code": ?1018'):
        plugin.delete(renamed)
    plugin.delete(changed)
    plugin.delete(renamed)
    _, made = calls(emulator, mark)
    assert [(method, path.rsplit("teamnet/")[-1]) for method, path, status in made if status == 200] == [
        ("POST", "routes"),
        ("PATCH", "routes/<id>"),
        ("PATCH", "virtual_networks/<id>"),
        ("GET", "routes/<id>"),
        ("GET", "virtual_networks/<id>"),
        ("DELETE", "routes/<id>"),
        ("DELETE", "virtual_networks/<id>"),
    ]


def test_many_records_are_created_concurrently(plugin: Plugin) -> None:
    def record(number: int) -> str:
        inputs = {"zoneId": ZONE, "name": f"h{number}.example.test", "type": "CNAME", "content": "a.test", "ttl": 1}
        return plugin.create(RECORD, plugin.check(RECORD, {**inputs, "proxied": True})).id

    with ThreadPoolExecutor(64) as pool:
        assert len(set(pool.map(record, range(100)))) == 100


def test_an_error_of_the_api_is_reported_with_its_code(plugin: Plugin) -> None:
    tunnel = {"accountId": ACCOUNT, "name": "taken"}
    plugin.create(TUNNEL, tunnel)
    with pytest.raises(PluginError, match=r'POST "http.*/cfd_tunnel": 409 Conflict .*"code": ?1013'):
        plugin.create(TUNNEL, tunnel)
    record = {"zoneId": ZONE, "name": "a.example.test", "type": "CNAME", "content": "a.test", "ttl": 1, "proxied": True}
    plugin.create(RECORD, record)
    with pytest.raises(PluginError, match=r'POST "http.*/dns_records": 400 Bad Request .*"code": ?81053'):
        plugin.create(RECORD, record)


def test_a_provider_can_be_configured_with_token_and_address(plugin: Plugin, emulator: Emulator) -> None:
    plugin.configure(apiToken="x" * 40, baseUrl=emulator.base_url)
    with pytest.raises(PluginError, match=r"40[013] .*"):
        plugin.create(TUNNEL, {"accountId": ACCOUNT, "name": "mine"})
    plugin.configure(apiToken=emulator.token)
    assert plugin.create(TUNNEL, {"accountId": ACCOUNT, "name": "mine"}).id


class EngineLog(engine_pb2_grpc.EngineServicer):
    """The log of an engine, whose messages are kept."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, str, str]] = []

    def Log(self, request: Any, context: Any) -> Any:
        del context
        self.messages.append((request.severity, request.urn.rpartition("::")[2], request.message))
        return empty_pb2.Empty()


def test_the_engine_is_told_that_rules_outlive_their_resource(plugin: Plugin) -> None:
    log = EngineLog()
    server = grpc.server(ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        plugin.call("Attach", plugin_pb2.PluginAttach(address=address))
        tunnel = plugin.create(TUNNEL, {"accountId": ACCOUNT, "name": "mine"}).id
        inputs = {"accountId": ACCOUNT, "tunnelId": tunnel, "config": {"ingresses": [{"service": "http_status:404"}]}}
        plugin.create(CONFIG, inputs, preview=True, name="previewed")
        rules = plugin.create(CONFIG, inputs, name="rules")
        plugin.update(rules, {**inputs, "config": {"ingresses": [{"service": "http_status:503"}]}})
        plugin.delete(rules)
    finally:
        server.stop(grace=None)
    # The official plugin's words; for an update or a deletion it has none.
    warning = (
        "[WARNING] This resource cannot be destroyed from Terraform. If you create this resource, it will be present "
        "in the API until manually deleted.: Resource Destruction Considerations"
    )
    assert log.messages == [(engine_pb2.WARNING, name, warning) for name in ("previewed", "rules")]

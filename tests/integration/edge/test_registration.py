"""Registration of connections, configuration pushes, and the API's list of connections."""

import asyncio
import base64
import json
import ssl

import pytest

from tests.support.edge_connector import Connector, IncomingStream
from tests.support.emulator import TUNNELS
from tests.support.local_edge import LocalEdge, async_test, both_transports, until


@both_transports
@async_test
async def test_a_connection_registers_gets_its_configuration_and_takes_requests(edge: LocalEdge) -> None:
    exposed = edge.expose("registers", "http://blog")
    async with edge.connected(exposed) as (connector,):
        assert connector.configurations == [
            {
                "version": 1,
                "config": {
                    "ingress": [{"hostname": exposed.host, "service": "http://blog"}, {"service": "http_status:404"}],
                    "warp-routing": {"enabled": False},
                },
            }
        ]
        assert (await edge.get(exposed.host)).text == "hello"


@async_test
async def test_a_tunnel_without_a_configuration_pushes_an_empty_one(edge: LocalEdge) -> None:
    exposed = edge.expose("unconfigured")
    async with edge.connected(exposed) as (connector,):
        assert connector.configurations == [{"version": 0, "config": {"warp-routing": {"enabled": False}}}]


@both_transports
@async_test
async def test_connections_are_listed_with_connector_and_location(edge: LocalEdge) -> None:
    exposed = edge.expose("listed", "http://blog")
    async with edge.connected(exposed, count=4) as connectors:
        (group,) = edge.api.done("GET", f"{TUNNELS}/{exposed.tunnel_id}/connections")
        assert (group["id"], group["version"], group["arch"]) == (connectors[0].id, "2026.1.0", "linux_test")
        assert group["features"] == ["allow_remote_config"]
        assert {each["colo_name"] for each in group["conns"]} == {"lo01", "lo02", "lo03", "lo04"}
        assert {each["origin_ip"] for each in group["conns"]} == {"127.0.0.1"}


@both_transports
@async_test
async def test_connectors_are_listed_with_their_configuration_version(edge: LocalEdge) -> None:
    exposed = edge.expose("versions", "http://first")

    def running() -> list[int]:
        groups = edge.api.done("GET", f"{TUNNELS}/{exposed.tunnel_id}/connections")
        return sorted(group["config_version"] for group in groups)

    async with edge.connected(exposed), edge.connected(exposed) as (rejecting,):
        await until(lambda: running() == [1, 1])
        rejecting.reject_configurations = True
        edge.configure(exposed, "http://second")
        await until(lambda: running() == [1, 2])


@both_transports
@async_test
async def test_status_follows_the_connections(edge: LocalEdge) -> None:
    exposed = edge.expose("status", "http://blog")
    assert edge.get_tunnel(exposed)["status"] == "inactive"
    async with edge.connected(exposed, count=4) as connectors:
        assert edge.get_tunnel(exposed)["status"] == "healthy"
        connectors[3].abort()
        await until(lambda: edge.get_tunnel(exposed)["status"] == "degraded")
    await until(lambda: edge.get_tunnel(exposed)["status"] == "down")


@both_transports
@pytest.mark.parametrize(
    ("claim", "reason"), [("s", "Invalid tunnel secret"), ("t", "Tunnel not found"), ("a", "Tunnel not found")]
)
@async_test
async def test_a_wrong_token_is_denied_and_the_connection_closed(edge: LocalEdge, claim: str, reason: str) -> None:
    exposed = edge.expose(f"denied-{claim}", "http://blog")
    claims = json.loads(base64.b64decode(exposed.token))
    claims[claim] = {"s": base64.b64encode(b"x" * 32).decode(), "t": "0" * 8 + claims["t"][8:], "a": "0" * 32}[claim]
    connector = await edge.connector_class().dial(edge.ports[0], edge.authority)
    outcome = await connector.register(base64.b64encode(json.dumps(claims).encode()).decode())
    assert outcome.which() == "error"
    assert (outcome.error.cause, outcome.error.shouldRetry) == (f"Unauthorized: {reason}", False)
    await connector.closed.wait()
    await connector.close()
    assert edge.get_tunnel(exposed)["status"] == "inactive"


@both_transports
@async_test
async def test_new_configurations_reach_every_connection_in_order(edge: LocalEdge) -> None:
    exposed = edge.expose("reconfigured", "http://first")
    async with edge.connected(exposed, count=2) as connectors:
        edge.configure(exposed, "http://second")
        for connector in connectors:
            await connector.configured(2)
        edge.configure(exposed, "http://third")
        for connector in connectors:
            assert (await connector.configured(3))["ingress"][0]["service"] == "http://third"
            assert [pushed["version"] for pushed in connector.configurations] == [1, 2, 3]


@both_transports
@async_test
async def test_a_connector_that_rejects_a_configuration_keeps_its_own(edge: LocalEdge) -> None:
    exposed = edge.expose("rejects", "http://first")
    async with edge.connected(exposed) as (connector,):
        connector.reject_configurations = True
        edge.configure(exposed, "http://second")
        log = edge.home.path / "edge.log"
        await until(lambda: f"connector {connector.id} rejects configuration version 2" in log.read_text())
        if edge.transport == "quic":  # over HTTP/2 the reason is not sent
            assert "configuration version 2: a rule is wrong" in log.read_text()
        assert (await edge.get(exposed.host)).text == "hello"
        connector.reject_configurations = False
        edge.configure(exposed, "http://third")
        assert (await connector.configured(3))["ingress"][0]["service"] == "http://third"


@both_transports
@async_test
async def test_an_unregistered_connection_gets_no_new_request_and_finishes_those_in_flight(edge: LocalEdge) -> None:
    exposed = edge.expose("unregisters", "http://blog")
    finish = asyncio.Event()

    async def slow(connector: Connector, stream: int, _incoming: IncomingStream) -> None:
        await finish.wait()
        await connector.reply(stream, 200, {}, b"finished")

    async with edge.connected(exposed, origin=slow) as (connector,):
        in_flight = asyncio.create_task(edge.get(exposed.host))
        await until(lambda: bool(connector.requests))
        await connector.unregister()
        assert (await edge.get(exposed.host)).status_code == 530
        assert edge.get_tunnel(exposed)["status"] == "down"
        assert not connector.closed.is_set()
        finish.set()
        assert (await in_flight).text == "finished"
        await connector.closed.wait()


@both_transports
@async_test
async def test_an_idle_connection_is_closed_once_it_unregisters(edge: LocalEdge) -> None:
    exposed = edge.expose("idle", "http://blog")
    async with edge.connected(exposed) as (connector,):
        await connector.unregister()
        await connector.closed.wait()


@both_transports
@async_test
async def test_connections_deleted_through_the_api_are_closed(edge: LocalEdge) -> None:
    exposed = edge.expose("deleted", "http://blog")
    async with edge.connected(exposed, count=2) as connectors:
        edge.api.done("DELETE", f"{TUNNELS}/{exposed.tunnel_id}/connections")
        for connector in connectors:
            await connector.closed.wait()
        assert edge.get_tunnel(exposed)["connections"] == []


@both_transports
@async_test
async def test_a_reconnection_replaces_the_connectors_old_connection(edge: LocalEdge) -> None:
    exposed = edge.expose("again", "http://blog")
    async with edge.connected(exposed) as (old,):
        new = await edge.connector_class(connector_id=old.id).dial(edge.ports[1], edge.authority)
        assert (await new.register(exposed.token, 0)).which() == "connectionDetails"
        await old.closed.wait()
        assert [each["colo_name"] for each in edge.get_tunnel(exposed)["connections"]] == ["lo02"]
        await new.close()


@async_test
async def test_a_precheck_that_only_makes_a_handshake_is_tolerated(edge: LocalEdge) -> None:
    context = ssl.create_default_context(cafile=edge.authority)
    _, writer = await asyncio.open_connection(
        "127.0.0.1", edge.ports[0], ssl=context, server_hostname="probe.cftunnel.com"
    )
    writer.close()
    exposed = edge.expose("after-precheck", "http://blog")
    async with edge.connected(exposed):
        assert (await edge.get(exposed.host)).text == "hello"


@async_test
async def test_a_connection_that_violates_http2_is_closed(edge: LocalEdge) -> None:
    context = ssl.create_default_context(cafile=edge.authority)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", edge.ports[0], ssl=context, server_hostname="h2.cftunnel.com"
    )
    settings_frame_on_a_stream = b"\x00\x00\x00\x04\x00\x00\x00\x00\x01"
    writer.write(settings_frame_on_a_stream)
    while await reader.read(1 << 16):
        pass
    writer.close()


def test_after_a_kill_the_next_edge_removes_old_connections_and_keeps_the_ports(edge: LocalEdge) -> None:
    exposed = edge.expose("survivor", "http://blog")

    @async_test
    async def connect_and_kill() -> None:
        await edge.connected(exposed, count=2).__aenter__()
        edge.process.kill()

    connect_and_kill()
    assert len(edge.get_tunnel(exposed)["connections"]) == 2
    assert edge.process.start() == (edge.frontend, edge.ports)
    assert edge.get_tunnel(exposed)["connections"] == []

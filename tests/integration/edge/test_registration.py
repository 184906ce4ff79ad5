"""How connectors come and go: registration, rules pushed, connections listed, farewells."""

import asyncio
import base64
import json
import ssl
from pathlib import Path

import pytest

from tests.support.edge_connector import Connector, Incoming
from tests.support.emulator import TUNNELS
from tests.support.local_edge import LocalEdge, asynchronous, fresh, over_both, running, until


@over_both
@asynchronous
async def test_a_connection_registers_gets_the_rules_and_takes_requests(edge: LocalEdge) -> None:
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


@asynchronous
async def test_a_tunnel_without_rules_tells_its_connectors_that_there_are_none(edge: LocalEdge) -> None:
    exposed = edge.expose("unruled")
    async with edge.connected(exposed) as (connector,):
        assert connector.configurations == [{"version": 0, "config": {"warp-routing": {"enabled": False}}}]


@over_both
@asynchronous
async def test_connections_are_listed_with_who_holds_them_and_where(edge: LocalEdge) -> None:
    exposed = edge.expose("listed", "http://blog")
    async with edge.connected(exposed, count=4) as connectors:
        (group,) = edge.api.done("GET", f"{TUNNELS}/{exposed.tunnel}/connections")
        assert (group["id"], group["version"], group["arch"]) == (connectors[0].id, "2026.1.0", "linux_test")
        assert group["features"] == ["allow_remote_config"]
        assert {each["colo_name"] for each in group["conns"]} == {"lo01", "lo02", "lo03", "lo04"}
        assert {each["origin_ip"] for each in group["conns"]} == {"127.0.0.1"}


@over_both
@asynchronous
async def test_connectors_are_listed_with_the_rules_that_they_run(edge: LocalEdge) -> None:
    exposed = edge.expose("versions", "http://first")

    def running() -> list[int]:
        groups = edge.api.done("GET", f"{TUNNELS}/{exposed.tunnel}/connections")
        return sorted(group["config_version"] for group in groups)

    async with edge.connected(exposed), edge.connected(exposed) as (stubborn,):
        await until(lambda: running() == [1, 1])
        stubborn.refuse_configurations = True
        edge.configure(exposed, "http://second")
        await until(lambda: running() == [1, 2])


@over_both
@asynchronous
async def test_status_follows_the_connections(edge: LocalEdge) -> None:
    exposed = edge.expose("status", "http://blog")
    assert edge.shown(exposed)["status"] == "inactive"
    async with edge.connected(exposed, count=4) as connectors:
        assert edge.shown(exposed)["status"] == "healthy"
        connectors[3].abort()
        await until(lambda: edge.shown(exposed)["status"] == "degraded")
    await until(lambda: edge.shown(exposed)["status"] == "down")


@over_both
@pytest.mark.parametrize(
    ("claim", "why"), [("s", "Invalid tunnel secret"), ("t", "Tunnel not found"), ("a", "Tunnel not found")]
)
@asynchronous
async def test_a_wrong_token_is_refused_and_the_connection_closed(edge: LocalEdge, claim: str, why: str) -> None:
    exposed = edge.expose(f"refused-{claim}", "http://blog")
    claims = json.loads(base64.b64decode(exposed.token))
    claims[claim] = {"s": base64.b64encode(b"x" * 32).decode(), "t": "0" * 8 + claims["t"][8:], "a": "0" * 32}[claim]
    connector = await edge.played().dial(edge.ports[0], edge.authority)
    outcome = await connector.register(base64.b64encode(json.dumps(claims).encode()).decode())
    assert outcome.which() == "refusal"
    assert (outcome.refusal.cause, outcome.refusal.shouldRetry) == (f"Unauthorized: {why}", False)
    await connector.closed.wait()
    await connector.close()
    assert edge.shown(exposed)["status"] == "inactive"


@over_both
@asynchronous
async def test_new_rules_reach_every_connection_in_order(edge: LocalEdge) -> None:
    exposed = edge.expose("ruled", "http://first")
    async with edge.connected(exposed, count=2) as connectors:
        edge.configure(exposed, "http://second")
        for connector in connectors:
            await connector.configured(2)
        edge.configure(exposed, "http://third")
        for connector in connectors:
            assert (await connector.configured(3))["ingress"][0]["service"] == "http://third"
            assert [pushed["version"] for pushed in connector.configurations] == [1, 2, 3]


@over_both
@asynchronous
async def test_a_connector_that_refuses_rules_goes_on_with_those_it_has(edge: LocalEdge) -> None:
    exposed = edge.expose("stubborn", "http://first")
    async with edge.connected(exposed) as (connector,):
        connector.refuse_configurations = True
        edge.configure(exposed, "http://second")
        log = edge.home.path / "edge.log"
        await until(lambda: f"connector {connector.id} refuses rules version 2" in log.read_text())
        if edge.transport == "quic":  # over HTTP/2 connectors do not say why
            assert "rules version 2: a rule is wrong" in log.read_text()
        assert (await edge.get(exposed.host)).text == "hello"
        connector.refuse_configurations = False
        edge.configure(exposed, "http://third")
        assert (await connector.configured(3))["ingress"][0]["service"] == "http://third"


@over_both
@asynchronous
async def test_one_that_says_goodbye_gets_no_new_request_and_finishes_the_old_ones(edge: LocalEdge) -> None:
    exposed = edge.expose("goodbye", "http://blog")
    finish = asyncio.Event()

    async def slow(connector: Connector, stream: int, _incoming: Incoming) -> None:
        await finish.wait()
        await connector.reply(stream, 200, {}, b"finished")

    async with edge.connected(exposed, origin=slow) as (connector,):
        underway = asyncio.create_task(edge.get(exposed.host))
        await until(lambda: bool(connector.requests))
        await connector.unregister()
        assert (await edge.get(exposed.host)).status_code == 530
        assert edge.shown(exposed)["status"] == "down"
        assert not connector.closed.is_set()
        finish.set()
        assert (await underway).text == "finished"
        await connector.closed.wait()


@over_both
@asynchronous
async def test_an_idle_one_that_says_goodbye_is_let_go_at_once(edge: LocalEdge) -> None:
    exposed = edge.expose("idle", "http://blog")
    async with edge.connected(exposed) as (connector,):
        await connector.unregister()
        await connector.closed.wait()


@over_both
@asynchronous
async def test_connections_dropped_through_the_api_are_closed(edge: LocalEdge) -> None:
    exposed = edge.expose("dropped", "http://blog")
    async with edge.connected(exposed, count=2) as connectors:
        edge.api.done("DELETE", f"{TUNNELS}/{exposed.tunnel}/connections")
        for connector in connectors:
            await connector.closed.wait()
        assert edge.shown(exposed)["connections"] == []


@over_both
@asynchronous
async def test_a_connector_that_dials_again_takes_the_place_of_its_old_connection(edge: LocalEdge) -> None:
    exposed = edge.expose("again", "http://blog")
    async with edge.connected(exposed) as (old,):
        new = await edge.played(connector=old.id).dial(edge.ports[1], edge.authority)
        assert (await new.register(exposed.token, 0)).which() == "details"
        await old.closed.wait()
        assert [each["colo_name"] for each in edge.shown(exposed)["connections"]] == ["lo02"]
        await new.close()


@asynchronous
async def test_a_check_that_shakes_hands_and_leaves_does_no_harm(edge: LocalEdge) -> None:
    context = ssl.create_default_context(cafile=edge.authority)
    _, writer = await asyncio.open_connection(
        "127.0.0.1", edge.ports[0], ssl=context, server_hostname="probe.cftunnel.com"
    )
    writer.close()
    exposed = edge.expose("after-check", "http://blog")
    async with edge.connected(exposed):
        assert (await edge.get(exposed.host)).text == "hello"


@asynchronous
async def test_one_that_breaks_the_protocol_is_shown_out(edge: LocalEdge) -> None:
    context = ssl.create_default_context(cafile=edge.authority)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", edge.ports[0], ssl=context, server_hostname="h2.cftunnel.com"
    )
    settings_of_a_stream = b"\x00\x00\x00\x04\x00\x00\x00\x00\x01"
    writer.write(settings_of_a_stream)
    while await reader.read(1 << 16):
        pass
    writer.close()


def test_a_killed_edge_leaves_no_connection_behind_and_its_successor_keeps_the_ports(tmp_path: Path) -> None:
    with fresh(tmp_path) as edge:
        exposed = edge.expose("survivor", "http://blog")
        ports = (edge.front, edge.ports)

        @asynchronous
        async def left_behind() -> None:
            await edge.connected(exposed, count=2).__aenter__()
            edge.kill()

        left_behind()
        assert len(edge.shown(exposed)["connections"]) == 2
        with running(edge.home, edge.api) as successor:
            assert (successor.front, successor.ports) == ports
            assert edge.shown(exposed)["connections"] == []

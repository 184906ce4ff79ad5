"""Failure and return of an edge address."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from tests.support.edge_connector import Connector, IncomingStream
from tests.support.local_edge import LocalEdge, async_test, both_transports, until


@contextlib.contextmanager
def down(edge: LocalEdge, *locations: str) -> Iterator[None]:
    edge.api.owner("PUT", "/faults", {"edge_down": locations})
    try:
        yield
    finally:
        edge.api.owner("PUT", "/faults", {})


async def redial(edge: LocalEdge, index: int) -> Connector:
    """A new connection to this address, once it accepts one."""
    while True:
        with contextlib.suppress(ConnectionError):
            return await edge.connector_class().dial(edge.ports[index], edge.authority)
        await asyncio.sleep(0.02)


@both_transports
@async_test
async def test_its_connections_are_cut_and_the_others_keep_serving(edge: LocalEdge) -> None:
    exposed = edge.expose("away", "http://blog")
    async with edge.connected(exposed, count=4) as connectors:
        with down(edge, "lo02"):
            await connectors[1].closed.wait()
            assert {(await edge.get(exposed.host)).text for _ in range(8)} == {"hello"}
            tunnel = edge.get_tunnel(exposed)
            assert tunnel["status"] == "degraded"
            assert {each["colo_name"] for each in tunnel["connections"]} == {"lo01", "lo03", "lo04"}
            with pytest.raises(ConnectionRefusedError):
                await Connector().dial(edge.ports[1], edge.authority)
        back = await redial(edge, 1)
        assert (await back.register(exposed.token, 1)).which() == "connectionDetails"
        await back.close()


@both_transports
@async_test
async def test_only_the_requests_in_flight_are_lost(edge: LocalEdge) -> None:
    exposed = edge.expose("in-flight", "http://blog")

    async def silent(_connector: Connector, _stream: int, incoming: IncomingStream) -> None:
        await incoming.reset.wait()

    async with edge.connected(exposed, count=2, origin=silent) as connectors:
        requests = [asyncio.create_task(edge.get(exposed.host)) for _ in range(2)]
        await until(lambda: all(connector.requests for connector in connectors))
        with down(edge, "lo01"):
            await connectors[0].closed.wait()
            done, waiting = await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
            assert [task.result().status_code for task in done] == [502]
            for task in waiting:
                task.cancel()


@both_transports
@async_test
async def test_an_unregistered_connection_is_cut_too(edge: LocalEdge) -> None:
    connector = await edge.connector_class().dial(edge.ports[5], edge.authority)
    with down(edge, "lo06"):
        await connector.closed.wait()

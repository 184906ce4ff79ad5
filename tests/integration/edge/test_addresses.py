"""An edge address that goes away, and comes back."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from tests.support.edge_connector import Connector, Incoming
from tests.support.local_edge import LocalEdge, asynchronous, over_both, until


@contextlib.contextmanager
def away(edge: LocalEdge, *locations: str) -> Iterator[None]:
    edge.api.owner("PUT", "/faults", {"edge_down": locations})
    try:
        yield
    finally:
        edge.api.owner("PUT", "/faults", {})


async def dialled(edge: LocalEdge, index: int) -> Connector:
    """A new connection to this address, once there is one."""
    while True:
        with contextlib.suppress(ConnectionError):
            return await edge.played().dial(edge.ports[index], edge.authority)
        await asyncio.sleep(0.02)


@over_both
@asynchronous
async def test_its_connections_are_cut_and_the_others_serve_on(edge: LocalEdge) -> None:
    exposed = edge.expose("away", "http://blog")
    async with edge.connected(exposed, count=4) as connectors:
        with away(edge, "lo02"):
            await connectors[1].closed.wait()
            assert {(await edge.get(exposed.host)).text for _ in range(8)} == {"hello"}
            shown = edge.shown(exposed)
            assert shown["status"] == "degraded"
            assert {each["colo_name"] for each in shown["connections"]} == {"lo01", "lo03", "lo04"}
            with pytest.raises(ConnectionRefusedError):
                await Connector().dial(edge.ports[1], edge.authority)
        back = await dialled(edge, 1)
        assert (await back.register(exposed.token, 1)).which() == "details"
        await back.close()


@over_both
@asynchronous
async def test_only_the_requests_on_their_way_are_lost(edge: LocalEdge) -> None:
    exposed = edge.expose("underway", "http://blog")

    async def silent(_connector: Connector, _stream: int, incoming: Incoming) -> None:
        await incoming.reset.wait()

    async with edge.connected(exposed, count=2, origin=silent) as connectors:
        visits = [asyncio.create_task(edge.get(exposed.host)) for _ in range(2)]
        await until(lambda: all(connector.requests for connector in connectors))
        with away(edge, "lo01"):
            await connectors[0].closed.wait()
            done, waiting = await asyncio.wait(visits, return_when=asyncio.FIRST_COMPLETED)
            assert [task.result().status_code for task in done] == [502]
            for task in waiting:
                task.cancel()


@over_both
@asynchronous
async def test_a_connection_that_has_not_registered_is_cut_too(edge: LocalEdge) -> None:
    connector = await edge.played().dial(edge.ports[5], edge.authority)
    with away(edge, "lo06"):
        await connector.closed.wait()

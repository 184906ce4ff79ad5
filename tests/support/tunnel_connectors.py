"""Connectors of a tunnel that run in a thread of the test and answer each hostname with a status."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.edge.rpc import capnp
from tests.support.background_loop import in_background
from tests.support.edge_connector import Connector, IncomingStream

CONNECTIONS = 4
"""Of each connector."""


@contextmanager
def running(
    ports: Sequence[int], authority: Path, token: str, statuses: Mapping[str, int], count: int = 2
) -> Iterator[None]:
    """Runs `count` connectors of the tunnel with this token, connected to an edge's `ports`.

    They answer a hostname with its status, or 200; 502 is what a connector answers that does not reach the Service.
    """

    async def answer(connector: Connector, stream: int, incoming: IncomingStream) -> None:
        host = (incoming.header(":authority") or "").partition(":")[0]
        if (status := statuses.get(host, 200)) == 502:
            await connector.send_headers(stream, status, {}, source="cloudflared")
            await connector.send(stream, b"")
        else:
            await connector.reply(stream, status, {"content-type": "text/plain"}, b"an answer")

    async def serve(ready: Callable[[], None]) -> None:
        connections: list[Connector] = []
        async with capnp.kj_loop():
            try:
                for number in range(count * CONNECTIONS):
                    index = number % CONNECTIONS
                    connection = Connector(answer, connections[-1].id if index else None)
                    connections.append(await connection.dial(ports[index % len(ports)], authority))
                    assert (await connection.register(token, index)).which() == "connectionDetails"
                    await connection.configured()
                ready()
                await asyncio.Event().wait()
            finally:
                for connection in connections:
                    await connection.close()

    with in_background(serve):
        yield

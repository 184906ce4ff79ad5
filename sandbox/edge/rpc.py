"""Cap'n Proto RPC over a stream of a connection (tunnelrpc/ of cloudflare/cloudflared)."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import capnp

from sandbox.edge.tunnel_connection import Stream

library: Any = capnp
"""The library is compiled, and tells a type checker nothing."""
SCHEMA: Any = library.load(str(Path(__file__).with_name("tunnel.capnp")))


@contextlib.asynccontextmanager
async def over(stream: Stream) -> AsyncIterator[tuple[Any, asyncio.Task[None]]]:
    """The stream as the library takes it, and a task that ends with what the connector has to say on it, or raises Lost."""
    # The library reads and writes a socket, so it gets one end of a pair.
    ours, theirs = socket.socketpair()
    wire = await library.AsyncIoStream.create_connection(sock=theirs)
    reader, writer = await asyncio.open_connection(sock=ours)

    async def outwards() -> None:
        while data := await reader.read(1 << 16):
            await stream.send(data)

    async def inwards() -> None:
        try:
            async for data in stream.body():
                writer.write(data)
        finally:
            writer.close()

    tasks = [asyncio.create_task(outwards()), asyncio.create_task(inwards())]
    try:
        yield wire, tasks[1]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()
        wire.close()

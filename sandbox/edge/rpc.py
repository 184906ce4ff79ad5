"""Cap'n Proto RPC over a stream of a tunnel connection (tunnelrpc/ of cloudflare/cloudflared)."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import capnp as pycapnp

from sandbox.edge.tunnel_connection import Stream

capnp: Any = pycapnp
"""pycapnp, typed as Any: it is a compiled module without type information."""
SCHEMA: Any = capnp.load(str(Path(__file__).with_name("tunnel.capnp")))


@contextlib.asynccontextmanager
async def transport(stream: Stream) -> AsyncIterator[tuple[Any, asyncio.Task[None]]]:
    """The stream as pycapnp takes it, and a task that ends with the stream's body, or raises ConnectionLost."""
    # pycapnp reads and writes a socket, so it gets one end of a pair.
    ours, theirs = socket.socketpair()
    wire = await capnp.AsyncIoStream.create_connection(sock=theirs)
    reader, writer = await asyncio.open_connection(sock=ours)

    async def outgoing() -> None:
        while data := await reader.read(1 << 16):
            await stream.send(data)

    async def incoming() -> None:
        try:
            async for data in stream.body():
                writer.write(data)
        finally:
            writer.close()

    tasks = [asyncio.create_task(outgoing()), asyncio.create_task(incoming())]
    try:
        yield wire, tasks[1]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        writer.close()
        wire.close()

"""The HTTP server: uvicorn on a loopback socket, where a call can also have its connection closed without an answer."""

import asyncio
import socket
from typing import cast

import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.cloudflare.middleware import DROP


class DroppingProtocol(H11Protocol):
    """Puts `transport.abort` into the scope of every call on this connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(cast(asyncio.Transport, transport))
        served, abort = self.app, cast(asyncio.Transport, transport).abort

        async def with_drop(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), DROP: abort}
            await served({**scope, "extensions": extensions}, receive, send)  # pyright: ignore[reportArgumentType]

        self.app = with_drop


def listen(port: int) -> socket.socket:
    """A listening loopback socket; 0 is any free port. Listening already, it refuses nobody who learns the port."""
    # With the protocol named, asyncio turns Nagle's algorithm off; without, every reply waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
    return listener


def server(app: FastAPI) -> uvicorn.Server:
    """A server for this application: `run(sockets=[…])` serves until it is signalled."""
    config = uvicorn.Config(
        app,
        http=DroppingProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        # Longer than clients keep idle connections: one closed under a request would look like a fault.
        timeout_keep_alive=90,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)

"""The HTTP server: uvicorn on a loopback socket, with a way to close a connection without a reply."""

import asyncio
import socket
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.cloudflare.middleware import DROP


class DroppingProtocol(H11Protocol):
    """Adds `transport.abort` to the scope of every request on a connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(cast(asyncio.Transport, transport))
        app, abort = self.app, cast(asyncio.Transport, transport).abort

        async def with_drop(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), DROP: abort}
            await app({**scope, "extensions": extensions}, receive, send)  # pyright: ignore[reportArgumentType]

        self.app = with_drop


def listen(port: int) -> socket.socket:
    """A loopback socket that already listens, so a client that learns the port is never refused. 0 is any free port."""
    # With an explicit protocol asyncio sets TCP_NODELAY; without it every reply takes 40 ms longer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
    return listener


def server(app: ASGIApp) -> uvicorn.Server:
    """A server for this application: `run(sockets=[…])` serves until a signal."""
    config = uvicorn.Config(
        app,
        http=DroppingProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        # Longer than clients keep idle connections: closing one during a request would look like a fault.
        timeout_keep_alive=90,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)

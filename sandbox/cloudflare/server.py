"""The HTTP server, with one thing more than uvicorn's own: a call can have its connection closed without an answer."""

import asyncio
from typing import cast

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .gate import DROP


class DroppingProtocol(H11Protocol):
    """Puts `transport.abort` into the scope of every call on this connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(cast(asyncio.Transport, transport))
        served, abort = self.app, cast(asyncio.Transport, transport).abort

        async def with_drop(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), DROP: abort}
            await served({**scope, "extensions": extensions}, receive, send)  # pyright: ignore[reportArgumentType]

        self.app = with_drop

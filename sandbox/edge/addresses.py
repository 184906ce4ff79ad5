"""The edge's addresses, and how one is taken away and given back: as when a server of Cloudflare's dies, and another takes its place."""

import asyncio
import contextlib
import logging
import random
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from weakref import WeakSet

from sandbox.cloudflare import edge_locations
from sandbox.cloudflare.store import Store
from sandbox.edge import quic, registration
from sandbox.edge.certificate_authority import Leaf
from sandbox.edge.connection_pool import Switchboard
from sandbox.edge.http2 import Http2Link
from sandbox.edge.listener import listen_twice
from sandbox.edge.quic import QuicLink
from sandbox.edge.tunnel_connection import Link

Sockets = tuple[socket.socket, socket.socket]
T = TypeVar("T")
L = TypeVar("L", Http2Link, QuicLink)
log = logging.getLogger(__name__)


class Address:
    """One address, known by its `location`, with the connections that came in at it: over TCP and UDP, on the same port."""

    def __init__(
        self, location: str, sockets: Sockets, tls: ssl.SSLContext, leaf: Leaf, switchboard: Switchboard
    ) -> None:
        self.location = location
        self.port: int = sockets[0].getsockname()[1]
        self._host: str = sockets[0].getsockname()[0]
        self._sockets: Sockets | None = sockets
        self._tls, self._leaf, self._switchboard = tls, leaf, switchboard
        self._open: tuple[asyncio.Server, asyncio.BaseTransport] | None = None
        self._links: WeakSet[Link] = WeakSet()

    async def open(self) -> None:
        """Lets connectors in. Raises OSError where the port has been taken meanwhile."""
        if self._open:
            return
        stream, datagrams = self._sockets or listen_twice(self.port, self._host)
        self._sockets = None
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: self._made(Http2Link), sock=stream, ssl=self._tls)
        made = partial(self._made, QuicLink)
        transport, _ = await loop.create_datagram_endpoint(lambda: quic.server(self._leaf, made), sock=datagrams)
        self._open = server, transport

    def take_away(self) -> None:
        """Refuses new connections, and cuts the ones there are without a word."""
        if self._open is None:
            return
        server, transport = self._open
        self._open = None
        server.close()
        for link in list(self._links):
            self._switchboard.lost(link)
            link.abort()
        transport.close()

    def _made(self, kind: type[L], *arguments: Any, **named: Any) -> L:
        link = kind(self.location, self._attend, self._switchboard.lost, *arguments, **named)
        self._links.add(link)
        return link

    async def _attend(self, link: Link) -> None:
        if self._open:
            await registration.attend(link, self._switchboard)
        else:
            link.abort()  # it was still shaking hands when the address went


async def follow(addresses: list[Address], store: Store, pause: float = 0.1) -> None:
    """Takes addresses away and gives them back as the API's owner says, until cancelled."""
    while True:
        away = edge_locations.down(store)
        for address in addresses:
            if address.location in away:
                address.take_away()
                continue
            try:
                await address.open()
            except OSError as mistake:
                log.warning("address %s does not come back yet: %s", address.location, mistake)
        await asyncio.sleep(pause)


def somewhere(port: int, listen: Callable[[int], T]) -> T:
    """What `listen` makes on this port, or on a free one where it is taken or 0.

    Free ones are drawn from below the ports that systems give to outgoing connections: one of these could take ours
    while nobody listens, and a connector that dials it could end up connected to itself. Raises OSError where `listen`
    does for every port.
    """
    for candidate in (port, *random.sample(range(16384, 32768), 20)):
        with contextlib.suppress(OSError):
            if candidate:
                return listen(candidate)
    return listen(0)

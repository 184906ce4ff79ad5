"""The edge's addresses, and how one is taken away and given back: as when a server of Cloudflare's dies, and another takes its place."""

import asyncio
import contextlib
import logging
import random
import socket
import ssl
from weakref import WeakSet

from sandbox.cloudflare import connections
from sandbox.cloudflare.store import Store

from . import control
from .doors import listen
from .link import Link
from .switchboard import Switchboard

log = logging.getLogger(__name__)


class Address:
    """One address, known by its `location`, with the connections that came in at it."""

    def __init__(self, location: str, listener: socket.socket, tls: ssl.SSLContext, switchboard: Switchboard) -> None:
        self.location = location
        self.port: int = listener.getsockname()[1]
        self._host: str = listener.getsockname()[0]
        self._listener: socket.socket | None = listener
        self._tls, self._switchboard = tls, switchboard
        self._server: asyncio.Server | None = None
        self._links: WeakSet[Link] = WeakSet()

    async def open(self) -> None:
        """Lets connectors in. Raises OSError where the port has been taken meanwhile."""
        if self._server:
            return
        listener = self._listener or listen(self.port, self._host)
        self._listener = None
        self._server = await asyncio.get_running_loop().create_server(self._link, sock=listener, ssl=self._tls)

    def take_away(self) -> None:
        """Refuses new connections, and cuts the ones there are without a word."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for link in list(self._links):
            self._switchboard.lost(link)
            link.abort()

    def _link(self) -> Link:
        link = Link(self.location, self._attend, self._switchboard.lost)
        self._links.add(link)
        return link

    async def _attend(self, link: Link) -> None:
        if self._server:
            await control.attend(link, self._switchboard)
        else:
            link.abort()  # it was still shaking hands when the address went


async def follow(addresses: list[Address], store: Store, pause: float = 0.1) -> None:
    """Takes addresses away and gives them back as the API's owner says, until cancelled."""
    while True:
        away = connections.away(store)
        for address in addresses:
            if address.location in away:
                address.take_away()
                continue
            try:
                await address.open()
            except OSError as mistake:
                log.warning("address %s does not come back yet: %s", address.location, mistake)
        await asyncio.sleep(pause)


def listen_somewhere(port: int, host: str) -> socket.socket:
    """A listening socket on this port, or on a free one where it is taken or 0.

    Free ones are drawn from below the ports that systems give to outgoing connections: one of these could take ours
    while nobody listens, and a connector that dials it could end up connected to itself. Raises OSError where `host`
    is none of this machine's.
    """
    for candidate in (port, *random.sample(range(16384, 32768), 20)):
        with contextlib.suppress(OSError):
            if candidate:
                return listen(candidate, host)
    return listen(0, host)

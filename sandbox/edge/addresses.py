"""The edge's addresses, each of which can go away and come back, as when a server of Cloudflare's fails."""

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
from sandbox.edge.certificate_authority import ServerCertificate
from sandbox.edge.connection_pool import ConnectionPool
from sandbox.edge.http2 import Http2TunnelConnection
from sandbox.edge.listener import listen_tcp_and_udp
from sandbox.edge.quic import QuicTunnelConnection
from sandbox.edge.tunnel_connection import TunnelConnection

Sockets = tuple[socket.socket, socket.socket]
T = TypeVar("T")
C = TypeVar("C", Http2TunnelConnection, QuicTunnelConnection)
log = logging.getLogger(__name__)


class EdgeAddress:
    """One address, named by its `location`: the same port for TCP and UDP, and the connections made to it."""

    def __init__(
        self,
        location: str,
        sockets: Sockets,
        tls: ssl.SSLContext,
        certificate: ServerCertificate,
        pool: ConnectionPool,
    ) -> None:
        self.location = location
        self.port: int = sockets[0].getsockname()[1]
        self._host: str = sockets[0].getsockname()[0]
        self._sockets: Sockets | None = sockets
        self._tls, self._certificate, self._pool = tls, certificate, pool
        self._servers: tuple[asyncio.Server, asyncio.BaseTransport] | None = None
        self._connections: WeakSet[TunnelConnection] = WeakSet()

    async def open(self) -> None:
        """Accepts connections. Raises OSError where another process has taken the port since `shut_down`."""
        if self._servers:
            return
        tcp, udp = self._sockets or listen_tcp_and_udp(self.port, self._host)
        self._sockets = None
        loop = asyncio.get_running_loop()
        create_http2 = partial(self._create, Http2TunnelConnection)
        create_quic = partial(self._create, QuicTunnelConnection)
        server = await loop.create_server(create_http2, sock=tcp, ssl=self._tls)
        transport, _ = await loop.create_datagram_endpoint(
            lambda: quic.server(self._certificate, create_quic), sock=udp
        )
        self._servers = server, transport

    def shut_down(self) -> None:
        """Refuses new connections and aborts the existing ones."""
        if self._servers is None:
            return
        server, transport = self._servers
        self._servers = None
        server.close()
        for connection in list(self._connections):
            self._pool.remove(connection)
            connection.abort()
        transport.close()

    def _create(self, kind: type[C], *arguments: Any, **keywords: Any) -> C:
        connection = kind(self.location, self._serve, self._pool.remove, *arguments, **keywords)
        self._connections.add(connection)
        return connection

    async def _serve(self, connection: TunnelConnection) -> None:
        if self._servers:
            await registration.serve_control_stream(connection, self._pool)
        else:
            connection.abort()  # its handshake was still running when the address was shut down


async def follow_faults(addresses: list[EdgeAddress], store: Store, interval: float = 0.1) -> None:
    """Shuts down and reopens addresses as the API's fault settings name them, until cancelled."""
    while True:
        down = edge_locations.down(store)
        for address in addresses:
            if address.location in down:
                address.shut_down()
                continue
            try:
                await address.open()
            except OSError as error:
                log.warning("address %s cannot be reopened yet: %s", address.location, error)
        await asyncio.sleep(interval)


def listen_preferring(port: int, listen: Callable[[int], T]) -> T:
    """What `listen` returns for this port, or for a free one where it is taken or 0. Raises OSError where none works.

    Free ports are drawn from below the range that systems use for outgoing connections. From that range one could be
    taken while the edge is down, and a connector that dials it could end up connected to itself.
    """
    for candidate in (port, *random.sample(range(16384, 32768), 20)):
        with contextlib.suppress(OSError):
            if candidate:
                return listen(candidate)
    return listen(0)

"""Where visitors come in: one port for HTTP and HTTPS, every hostname of the emulated zones behind it."""

import asyncio
import contextlib
import logging
import socket

from sandbox.cloudflare.store import Store

from . import exchange, pages, routes, visit
from .authority import Authority
from .http1 import Conversation, Gone
from .switchboard import Switchboard

_TLS = b"\x16"
"""First byte of a TLS connection; no HTTP request begins with it."""
log = logging.getLogger(__name__)


class Front:
    """Answers visitors, each request by what the API says at that moment."""

    def __init__(self, store: Store, switchboard: Switchboard, authority: Authority) -> None:
        self._store = store
        self._switchboard = switchboard
        self._tls = authority.any_name()
        self._visitors: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket) -> None:
        """Takes visitors in from a listening, non-blocking socket until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listener)
            task = asyncio.create_task(self._greet(connection))
            self._visitors.add(task)
            task.add_done_callback(self._visitors.discard)

    async def _greet(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = asyncio.StreamReader()
        try:
            first = await _peek(connection)
            transport, protocol = await loop.connect_accepted_socket(
                lambda: asyncio.StreamReaderProtocol(reader), connection, ssl=self._tls if first == _TLS else None
            )
        except OSError as mistake:  # the handshake's failures are among them
            log.debug("a visitor did not get in: %s", mistake)
            connection.close()
            return
        await self._converse(Conversation(reader, asyncio.StreamWriter(transport, protocol, reader, loop)))

    async def _converse(self, conversation: Conversation) -> None:
        try:
            with contextlib.suppress(Gone):
                while request := await conversation.next_request():
                    await self._answer(visit.read(request, conversation), conversation)
        except Exception:
            log.exception("a visit broke the edge")
        finally:
            conversation.close()

    async def _answer(self, visit: visit.Visit, conversation: Conversation) -> None:
        route = routes.find(self._store, visit.host)
        if route.tunnel is None:
            await pages.show(pages.no_origin(route.why), visit, conversation)
            return
        line = self._switchboard.choose(route.tunnel["id"])
        if line is None:
            await pages.show(pages.no_connector(route.tunnel["name"]), visit, conversation)
            return
        await exchange.carry(visit, conversation, line)


async def _peek(connection: socket.socket) -> bytes:
    """The first byte that the client sends, left where it is."""
    loop = asyncio.get_running_loop()
    while True:
        with contextlib.suppress(BlockingIOError):
            return connection.recv(1, socket.MSG_PEEK)
        readable = loop.create_future()
        loop.add_reader(connection, readable.set_result, None)
        try:
            await readable
        finally:
            loop.remove_reader(connection)

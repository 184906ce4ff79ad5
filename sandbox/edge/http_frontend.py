"""Where visitors come in: one port for HTTP and HTTPS, every hostname of the emulated zones behind it."""

import asyncio
import contextlib
import logging
import socket

from sandbox.cloudflare.store import Store
from sandbox.edge import error_pages, proxy, routes, visitor_request
from sandbox.edge.access import Access
from sandbox.edge.access_jwt import Tickets
from sandbox.edge.certificate_authority import Authority
from sandbox.edge.connection_pool import Switchboard
from sandbox.edge.http1 import Conversation, Gone
from sandbox.edge.listener import open_conversation
from sandbox.edge.waf import Guard

log = logging.getLogger(__name__)


class Front:
    """Answers visitors, each request by what the API says at that moment."""

    def __init__(self, store: Store, switchboard: Switchboard, authority: Authority, tickets: Tickets) -> None:
        self._store = store
        self._switchboard = switchboard
        self._guard = Guard(store)
        self._access = Access(store, tickets)
        self._tls = authority.any_name()
        self._visitors: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket) -> None:
        """Takes visitors in from a listening, non-blocking socket until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listener)
            task = asyncio.create_task(self._converse(connection))
            self._visitors.add(task)
            task.add_done_callback(self._visitors.discard)

    async def _converse(self, connection: socket.socket) -> None:
        try:
            conversation = await open_conversation(connection, self._tls)
        except Gone as why:
            log.debug("a visitor did not get in: %s", why)
            return
        try:
            with contextlib.suppress(Gone):
                while request := await conversation.next_request():
                    await self._answer(visitor_request.read(request, conversation), conversation)
        except Exception:
            log.exception("a visit broke the edge")
        finally:
            conversation.close()

    async def _answer(self, visit: visitor_request.Visit, conversation: Conversation) -> None:
        if await self._access.serves(visit, conversation):
            return
        route = routes.find(self._store, visit.host)
        if route.zone is None or route.tunnel is None:
            await error_pages.show(error_pages.no_origin(route.why), visit, conversation)
            return
        if refusal := self._guard.judge(route.zone["id"], visit):
            await error_pages.show(refusal, visit, conversation)
            return
        if await self._access.stops(route.zone["account"], route.tunnel, visit, conversation):
            return
        line = self._switchboard.choose(route.tunnel["id"])
        if line is None:
            await error_pages.show(error_pages.no_connector(route.tunnel["name"]), visit, conversation)
            return
        await proxy.carry(visit, conversation, line)

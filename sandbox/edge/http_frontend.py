"""The front end for visitors: one port for HTTP and HTTPS, for every hostname of the emulated zones."""

import asyncio
import contextlib
import logging
import socket

from sandbox.cloudflare.store import Store
from sandbox.edge import error_pages, proxy, routes, visitor_request
from sandbox.edge.access import Access
from sandbox.edge.access_jwt import AccessJwtIssuer
from sandbox.edge.certificate_authority import CertificateAuthority
from sandbox.edge.connection_pool import ConnectionPool
from sandbox.edge.http1 import ClientDisconnected, HttpConnection
from sandbox.edge.listener import accept_http
from sandbox.edge.visitor_request import LOCAL_SUFFIX, VisitorRequest
from sandbox.edge.waf import Waf

log = logging.getLogger(__name__)


class HttpFrontend:
    """Answers visitors' requests, each by the state that the API has at that moment."""

    def __init__(
        self, store: Store, pool: ConnectionPool, authority: CertificateAuthority, issuer: AccessJwtIssuer
    ) -> None:
        self._store = store
        self._pool = pool
        self._waf = Waf(store)
        self._access = Access(store, issuer)
        self._tls = authority.sni_context()
        self._tasks: set[asyncio.Task[None]] = set()
        self._port = 0

    async def serve(self, listener: socket.socket) -> None:
        """Accepts connections from a listening, non-blocking socket until cancelled."""
        loop, self._port = asyncio.get_running_loop(), listener.getsockname()[1]
        while True:
            client, _ = await loop.sock_accept(listener)
            task = asyncio.create_task(self._serve_connection(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve_connection(self, client: socket.socket) -> None:
        try:
            connection = await accept_http(client, self._tls)
        except ClientDisconnected as reason:
            log.debug("no connection with a visitor: %s", reason)
            return
        try:
            with contextlib.suppress(ClientDisconnected):
                while request := await connection.next_request():
                    await self._respond(visitor_request.parse(request, connection), connection)
        except Exception:
            log.exception("unexpected error in a visitor's request")
        finally:
            connection.close()

    async def _respond(self, request: VisitorRequest, connection: HttpConnection) -> None:
        if await self._access.serve_team_site(request, connection):
            return
        route = routes.resolve(self._store, request.host)
        if route.zone is None or route.tunnel is None:
            page = error_pages.no_origin(route.reason, self._links(request) if error_pages.is_browser(request) else ())
            await error_pages.send(page, request, connection)
            return
        if page := self._waf.evaluate(route.zone["id"], request):
            await error_pages.send(page, request, connection)
            return
        if await self._access.enforce(route.zone["account"], route.tunnel, request, connection):
            return
        pooled = self._pool.pick(route.tunnel["id"])
        if pooled is None:
            name, gone = route.tunnel["name"], self._pool.remembers(route.tunnel["id"])
            page = error_pages.connections_gone(name) if gone else error_pages.no_connector(name)
            await error_pages.send(page, request, connection)
            return
        await proxy.forward(request, connection, pooled.connection)

    def _links(self, request: VisitorRequest) -> list[tuple[str, str]]:
        """The hostnames that are served, each with its address for a browser on this machine."""
        scheme = "https" if request.secure else "http"
        return [
            (name, f"{scheme}://{name}{LOCAL_SUFFIX}:{self._port}/") for name in routes.served_hostnames(self._store)
        ]

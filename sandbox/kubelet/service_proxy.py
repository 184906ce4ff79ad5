"""What answers in the cluster's place: a proxy that connectors reach Services through.

cloudflared's HTTP client takes the proxy of its environment (ingress/origin_service.go of cloudflare/cloudflared), so names
need no DNS. It is a SOCKS one, because an HTTP proxy is told the visitor's hostname in the Service's place (Go writes the Host
header into the request line). A pod runs nothing here, so the proxy answers for it: with the page that it would serve
where that is known, else by saying which Service this is.
"""

import asyncio
import contextlib
import logging
import mimetypes
import re
import socket
from urllib.parse import unquote, urlsplit

import h11

from sandbox.edge.certificate_authority import Authority
from sandbox.edge.http1 import Conversation, Gone
from sandbox.edge.listener import open_conversation
from sandbox.kubelet import socks
from sandbox.kubelet.services import Backend, NoOrigin, Services

WEB_ROOT = "/usr/share/nginx/html"
"""Where nginx's images serve files from, the sample site's among them."""
_ACCESS = re.compile(r"[a-z0-9-]+\.cloudflareaccess\.com")
log = logging.getLogger(__name__)


class Origins:
    """The proxy. `front` is the edge's port for visitors, where the keys of Access are served too."""

    def __init__(self, services: Services, authority: Authority, front: int) -> None:
        self._services = services
        self._tls = authority.any_name()
        self._front = front
        self._callers: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket) -> None:
        """Takes connectors in from a listening, non-blocking socket until cancelled."""
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(listener)
            task = asyncio.create_task(self._greet(connection))
            self._callers.add(task)
            task.add_done_callback(self._callers.discard)

    async def take(self, connection: socket.socket, host: str, port: int) -> None:
        """Answers a bare connection to a Service, which may carry anything: says whose it is, then gives back what comes.

        Where nothing is behind the Service, the connection ends without a word.
        """
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError), contextlib.closing(connection):
            try:
                backend = await self._services.find(host, port, "")
            except NoOrigin as reason:
                log.info("%s:%d: %s", host, port, reason)
                return
            came = f"a connection came to pod {backend.pod['metadata']['name']}, port {backend.target}."
            await loop.sock_sendall(connection, _said(backend, came))
            while data := await loop.sock_recv(connection, 1 << 16):
                await loop.sock_sendall(connection, data)

    async def _greet(self, connection: socket.socket) -> None:
        """Connects a caller, who names the pod that it is by `namespace:pod`, to what it wants."""
        wish: socks.Wish | None = None
        try:
            with contextlib.suppress(OSError, socks.NotSocks, Gone):
                wish = await socks.receive(connection)
                if _ACCESS.fullmatch(wish.host):
                    await socks.grant(connection)
                    await _relay(connection, self._front)
                else:
                    await self._services.find(wish.host, wish.port, wish.user)
                    await socks.grant(connection)
                    await self._stand_in(await open_conversation(connection, self._tls), wish)
                    return
        except NoOrigin as reason:
            log.info("%s/%s: %s", wish and wish.user, wish and wish.password, reason)
            with contextlib.suppress(OSError):
                await socks.refuse(connection)
        except Exception:
            log.exception("a request broke the proxy")
        connection.close()

    async def _stand_in(self, conversation: Conversation, wish: socks.Wish) -> None:
        """Answers as the Service would, for as long as there is one; then the connection ends without an answer."""
        with contextlib.suppress(NoOrigin), contextlib.closing(conversation):
            while request := await conversation.next_request():
                backend = await self._services.find(wish.host, wish.port, wish.user)
                async for _ in conversation.body():
                    pass
                status, kind, body = await self._content(backend, request)
                await conversation.answer(status, [(b"content-type", kind.encode())], body)

    async def _content(self, backend: Backend, request: h11.Request) -> tuple[int, str, bytes]:
        path = urlsplit(request.target.decode("latin-1")).path
        files = await self._services.files(backend, WEB_ROOT)
        if files:
            name = unquote(path).strip("/") or "index.html"
            if name not in files:
                return 404, "text/plain", b"404 Not Found\n"
            return 200, mimetypes.guess_type(name)[0] or "application/octet-stream", files[name].encode()
        came = f"{request.method.decode()} {path} came to pod {backend.pod['metadata']['name']}, port {backend.target}."
        return 200, "text/plain; charset=utf-8", _said(backend, came)


def _said(backend: Backend, came: str) -> bytes:
    whose = f"Service {backend.service} of namespace {backend.namespace}, port {backend.port}"
    return f"{whose}: {came}\nNothing runs in the pods of this sandbox; this answer stands in for it.\n".encode()


async def _relay(connection: socket.socket, port: int) -> None:
    """Carries bytes between the caller and a port of this machine until either has finished."""
    loop = asyncio.get_running_loop()
    with contextlib.closing(socket.socket()) as other:
        other.setblocking(False)
        await loop.sock_connect(other, ("127.0.0.1", port))

        async def copy(source: socket.socket, sink: socket.socket) -> None:
            while data := await loop.sock_recv(source, 1 << 16):
                await loop.sock_sendall(sink, data)

        copies = [asyncio.create_task(copy(connection, other)), asyncio.create_task(copy(other, connection))]
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        for each in copies:
            each.cancel()
        await asyncio.gather(*copies, return_exceptions=True)

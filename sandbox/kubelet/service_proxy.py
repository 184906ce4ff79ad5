"""The SOCKS proxy through which connectors reach Services, and which responds in place of their pods.

cloudflared's HTTP client uses the proxy of its environment (ingress/origin_service.go of cloudflare/cloudflared), so
Service names need no DNS. It is a SOCKS proxy because for an HTTP proxy Go writes the Host header into the request
line: that would be the visitor's hostname in place of the Service's. No pod runs anything here, so the proxy responds
with the files that a pod would serve where they are known, else with the name of the Service.
"""

import asyncio
import contextlib
import logging
import mimetypes
import re
import socket
from urllib.parse import unquote, urlsplit

import h11

from sandbox.edge.certificate_authority import CertificateAuthority
from sandbox.edge.http1 import ClientDisconnected, HttpConnection
from sandbox.edge.listener import accept_http
from sandbox.kubelet import socks
from sandbox.kubelet.services import Backend, NoEndpoint, Services

WEB_ROOT = "/usr/share/nginx/html"
"""The folder that nginx images serve, the sample site's among them."""
_TEAM_DOMAIN = re.compile(r"[a-z0-9-]+\.cloudflareaccess\.com")
log = logging.getLogger(__name__)


class ServiceProxy:
    """The proxy. `frontend` is the port of the edge's front end, which also serves the keys of Access."""

    def __init__(self, services: Services, authority: CertificateAuthority, frontend: int) -> None:
        self._services = services
        self._tls = authority.sni_context()
        self._frontend = frontend
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket) -> None:
        """Accepts SOCKS clients from a listening, non-blocking socket until cancelled."""
        while True:
            client, _ = await asyncio.get_running_loop().sock_accept(listener)
            task = asyncio.create_task(self._serve_socks(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def serve_tcp(self, client: socket.socket, host: str, port: int) -> None:
        """Serves a TCP connection of any protocol to a Service: sends the Service's name, then echoes what it receives.

        Where the Service has no endpoint, it closes the connection.
        """
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError), contextlib.closing(client):
            try:
                backend = await self._services.resolve(host, port, "")
            except NoEndpoint as reason:
                log.info("%s:%d: %s", host, port, reason)
                return
            event = f"connection to pod {backend.pod['metadata']['name']}, port {backend.target}."
            await loop.sock_sendall(client, _description(backend, event))
            while data := await loop.sock_recv(client, 1 << 16):
                await loop.sock_sendall(client, data)

    async def _serve_socks(self, client: socket.socket) -> None:
        """Serves a SOCKS client, whose user name and password are its pod's namespace and name."""
        request: socks.SocksRequest | None = None
        try:
            with contextlib.suppress(OSError, socks.NotSocks, ClientDisconnected):
                request = await socks.read_request(client)
                if _TEAM_DOMAIN.fullmatch(request.host):
                    await socks.accept(client)
                    await _relay(client, self._frontend)
                else:
                    await self._services.resolve(request.host, request.port, request.user)
                    await socks.accept(client)
                    await self._serve_http(await accept_http(client, self._tls), request)
                    return
        except NoEndpoint as reason:
            log.info("%s/%s: %s", request and request.user, request and request.password, reason)
            with contextlib.suppress(OSError):
                await socks.reject(client)
        except Exception:
            log.exception("unexpected error in a connector's request")
        client.close()

    async def _serve_http(self, connection: HttpConnection, target: socks.SocksRequest) -> None:
        """Responds as the Service while it has an endpoint; after that it closes the connection without a response."""
        with contextlib.suppress(NoEndpoint), contextlib.closing(connection):
            while request := await connection.next_request():
                backend = await self._services.resolve(target.host, target.port, target.user)
                async for _ in connection.body():
                    pass
                status, content_type, body = await self._content(backend, request)
                await connection.respond(status, [(b"content-type", content_type.encode())], body)

    async def _content(self, backend: Backend, request: h11.Request) -> tuple[int, str, bytes]:
        path = urlsplit(request.target.decode("latin-1")).path
        files = await self._services.config_map_files(backend, WEB_ROOT)
        if files:
            name = unquote(path).strip("/") or "index.html"
            if name not in files:
                return 404, "text/plain", b"404 Not Found\n"
            return 200, mimetypes.guess_type(name)[0] or "application/octet-stream", files[name].encode()
        event = f"{request.method.decode()} {path} to pod {backend.pod['metadata']['name']}, port {backend.target}."
        return 200, "text/plain; charset=utf-8", _description(backend, event)


def _description(backend: Backend, event: str) -> bytes:
    service = f"Service {backend.service} of namespace {backend.namespace}, port {backend.port}"
    return f"{service}: {event}\nThe pods of this sandbox run nothing; the sandbox responds in their place.\n".encode()


async def _relay(client: socket.socket, port: int) -> None:
    """Copies bytes between the client and a port of this machine until either side has finished."""
    loop = asyncio.get_running_loop()
    with contextlib.closing(socket.socket()) as target:
        target.setblocking(False)
        await loop.sock_connect(target, ("127.0.0.1", port))

        async def copy(source: socket.socket, sink: socket.socket) -> None:
            while data := await loop.sock_recv(source, 1 << 16):
                await loop.sock_sendall(sink, data)

        copies = [asyncio.create_task(copy(client, target)), asyncio.create_task(copy(target, client))]
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
        for task in copies:
            task.cancel()
        await asyncio.gather(*copies, return_exceptions=True)

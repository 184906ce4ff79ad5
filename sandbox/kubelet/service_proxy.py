"""The SOCKS proxy through which connectors reach Services, and which responds in place of their pods.

cloudflared's HTTP client uses the proxy of its environment (ingress/origin_service.go of cloudflare/cloudflared), so
Service names need no DNS. It is a SOCKS proxy because for an HTTP proxy Go writes the Host header into the request
line: that would be the visitor's hostname in place of the Service's. No pod runs anything here, so the proxy responds
with the files that a pod would serve where they are known, else with the name of the Service.

The network policies of the cluster apply to each connection. A closed one is what cloudflared meets in a cluster: a
dial that times out, though sooner than there.
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
from sandbox.kubelet.network_policy import Client, NetworkPolicies
from sandbox.kubelet.recent import RecentObjects
from sandbox.kubelet.services import Backend, Services
from settings.options.access import SIGNING_KEY_ADDRESSES
from traffic.services import NoEndpoint

WEB_ROOT = "/usr/share/nginx/html"
"""The folder that nginx images serve, the sample site's among them."""
DIAL_TIMEOUT = 1.0
"""Seconds after which a dial that a policy closes fails. In a cluster it is the route's connectTimeout, 30 by
default."""
_TEAM_DOMAIN = re.compile(r"[a-z0-9-]+\.cloudflareaccess\.com")
log = logging.getLogger(__name__)


class FlowDenied(Exception):
    """A network policy closes the connection; the message says which."""


class ServiceProxy:
    """The proxy. `frontend` is the port of the edge's front end, which also serves the keys of Access.

    With `enforced`, the cluster's network policies apply to each connection of a connector's pod.
    """

    def __init__(
        self, objects: RecentObjects, authority: CertificateAuthority, frontend: int, *, enforced: bool = True
    ) -> None:
        self._objects = objects
        self._services = Services(objects)
        self._policies = NetworkPolicies(objects) if enforced else None
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

    async def serve_tcp(self, client: socket.socket, host: str, port: int, pod: Client | None) -> None:
        """Serves a TCP connection of any protocol to a Service: sends the Service's name, then echoes what it receives.

        Where the Service has no endpoint, it closes the connection; where a policy closes it, after the dial's timeout.
        """
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError), contextlib.closing(client):
            try:
                backend = await self._connect(pod, host, port)
            except (NoEndpoint, FlowDenied) as reason:
                log.info("%s:%d: %s", host, port, reason)
                await asyncio.sleep(DIAL_TIMEOUT if isinstance(reason, FlowDenied) else 0)
                return
            await loop.sock_sendall(client, _description(backend, f"connection to {backend}."))
            while data := await loop.sock_recv(client, 1 << 16):
                await loop.sock_sendall(client, data)

    async def _serve_socks(self, client: socket.socket) -> None:
        """Serves a SOCKS client, whose user name and password are its pod's namespace and name."""
        pod: Client | None = None
        try:
            with contextlib.suppress(OSError, socks.NotSocks, ClientDisconnected):
                request = await socks.read_request(client)
                pod = Client(request.user, request.password)
                if _TEAM_DOMAIN.fullmatch(request.host):
                    await self._check_signing_keys(pod, request.host, request.port)
                    await socks.accept(client)
                    await _relay(client, self._frontend)
                else:
                    await self._connect(pod, request.host, request.port)
                    await socks.accept(client)
                    await self._serve_http(await accept_http(client, self._tls), pod, request)
                    return
        except FlowDenied as reason:
            log.info("%s/%s: %s", pod and pod.namespace, pod and pod.pod, reason)
            with contextlib.suppress(OSError):
                await asyncio.sleep(DIAL_TIMEOUT)
                await socks.time_out(client)
        except NoEndpoint as reason:
            log.info("%s/%s: %s", pod and pod.namespace, pod and pod.pod, reason)
            with contextlib.suppress(OSError):
                await socks.reject(client)
        except Exception:
            log.exception("unexpected error in a connector's request")
        client.close()

    async def _connect(self, pod: Client | None, host: str, port: int) -> Backend:
        """The backend that a pod's connection arrives at. Raises NoEndpoint and FlowDenied."""
        found = await self._objects.pod(pod.namespace, pod.pod) if pod else None
        node = ((found or {}).get("spec") or {}).get("nodeName", "")
        backend = await self._services.resolve(host, port, pod.namespace if pod else "", node)
        if pod:
            await self._check(pod, backend, f"{host}:{port} leads to {backend}")
        return backend

    async def _check(self, pod: Client, backend: Backend, connection: str, names: tuple[str, ...] = ()) -> None:
        verdict = await self._policies.verdict(pod, backend, names) if self._policies else None
        if verdict and not verdict.allowed:
            times_out = f"the dial times out, here after {DIAL_TIMEOUT:g} s, in a cluster after the connectTimeout"
            raise FlowDenied(f"{connection}: {verdict}; {times_out}")

    async def _check_signing_keys(self, pod: Client, host: str, port: int) -> None:
        """The keys of Access come from addresses of the internet. Raises FlowDenied where none of them is open."""
        denied: FlowDenied | None = None
        for network in SIGNING_KEY_ADDRESSES:
            address = network.partition("/")[0]
            try:
                return await self._check(pod, Backend(address, port), f"{host}:{port} leads to {address}", (host,))
            except FlowDenied as reason:
                denied = denied or reason
        if denied:
            raise denied
        return None

    async def _serve_http(self, connection: HttpConnection, pod: Client, target: socks.SocksRequest) -> None:
        """Responds as the Service while it has an endpoint and no policy closes the connection; after that it closes
        the connection without a response."""
        with contextlib.suppress(NoEndpoint, FlowDenied), contextlib.closing(connection):
            while request := await connection.next_request():
                backend = await self._connect(pod, target.host, target.port)
                async for _ in connection.body():
                    pass
                status, content_type, body = await self._content(backend, request)
                await connection.respond(status, [(b"content-type", content_type.encode())], body)

    async def _content(self, backend: Backend, request: h11.Request) -> tuple[int, str, bytes]:
        path = urlsplit(request.target.decode("latin-1")).path
        files = await self._services.config_map_files(backend.pod, WEB_ROOT) if backend.pod else {}
        if files:
            name = unquote(path).strip("/") or "index.html"
            if name not in files:
                return 404, "text/plain", b"404 Not Found\n"
            return 200, mimetypes.guess_type(name)[0] or "application/octet-stream", files[name].encode()
        event = f"{request.method.decode()} {path} to {backend}."
        return 200, "text/plain; charset=utf-8", _description(backend, event)


def _description(backend: Backend, event: str) -> bytes:
    namespace, _, name = backend.service.partition("/")
    service = f"Service {name} of namespace {namespace}, port {backend.port}: " if name else ""
    who = "The pods of this sandbox run nothing" if backend.pod else "The sandbox reaches no address outside it"
    return f"{service}{event}\n{who}; the sandbox responds in their place.\n".encode()


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

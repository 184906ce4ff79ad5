"""Names and loopback addresses of Services, for origins that connectors dial without a proxy: `tcp://`, `ssh://` …

Each Service has a loopback address of its own, on which its TCP ports are open. A hosts file, which connectors see as
`/etc/hosts` (`mount_namespace`), has the names. Ports below 1024 need root, and ports that are in use stay closed.
"""

import asyncio
import contextlib
import logging
import socket
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from sandbox.edge.listener import listen
from sandbox.kubelet.cluster_api import ClusterApi, Object
from sandbox.kubelet.network_policy import Client

TcpHandler = Callable[[socket.socket, str, int, Client | None], Awaitable[None]]
"""Serves a connection to a Service, given its full name and port, and the pod that opened it."""
Owner = Callable[[tuple[str, int]], Awaitable[Client | None]]
"""The pod whose process has a socket with this address and port; None where it is not a connector's."""
log = logging.getLogger(__name__)


class ServiceNames:
    """Keeps the hosts file and the open ports in step with the cluster's Services."""

    def __init__(self, api: ClusterApi, handler: TcpHandler, hosts: Path, owner: Owner) -> None:
        self._api, self._handler, self._hosts, self._owner = api, handler, hosts, owner
        self._services: dict[str, Object] = {}
        self._servers: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self._machine_hosts = Path("/etc/hosts").read_text() if Path("/etc/hosts").exists() else ""
        self._write_hosts()

    async def run(self) -> None:
        """Follows the Services until cancelled; then closes every port."""
        try:
            async for update in self._api.watch("/api/v1/services", ""):
                if isinstance(update, list):
                    self._services = {name_of(service): service for service in update}
                elif update["type"] == "DELETED":
                    self._services.pop(name_of(update["object"]), None)
                else:
                    self._services[name_of(update["object"])] = update["object"]
                self._reconcile()
        finally:
            for task in (*self._servers.values(), *self._connections):
                task.cancel()

    def _reconcile(self) -> None:
        wanted = {
            (name, port["port"])
            for name, service in self._services.items()
            for port in service["spec"].get("ports") or []
            if port.get("protocol", "TCP") == "TCP"
        }
        for removed in self._servers.keys() - wanted:
            self._servers.pop(removed).cancel()
        for name, port in sorted(wanted - self._servers.keys()):
            try:
                listener = listen(port, address_of(name))
            except OSError as error:
                log.info("%s:%d cannot be opened at %s: %s", name, port, address_of(name), error)
                continue
            self._servers[name, port] = asyncio.create_task(self._serve(listener, name, port))
        self._write_hosts()

    async def _serve(self, listener: socket.socket, name: str, port: int) -> None:
        with contextlib.closing(listener):
            while True:
                connection, peer = await asyncio.get_running_loop().sock_accept(listener)
                connection.setblocking(False)
                task = asyncio.ensure_future(self._handle(connection, name, port, peer))
                self._connections.add(task)
                task.add_done_callback(self._connections.discard)

    async def _handle(self, connection: socket.socket, name: str, port: int, peer: tuple[str, int]) -> None:
        await self._handler(connection, name, port, await self._owner(peer))

    def _write_hosts(self) -> None:
        """Rewrites the file in place: it is bind-mounted, so processes would not see a new file in its stead."""
        lines = [f"{address_of(name)} {name}" for name in sorted(self._services)]
        self._hosts.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._hosts.open("a+b") as file:
            file.seek(0)
            file.truncate()
            file.write("\n".join([self._machine_hosts.rstrip("\n"), *lines, ""]).encode())


def name_of(service: Object) -> str:
    """A Service's full name, as ingress rules have it."""
    return f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.cluster.local"


def address_of(name: str) -> str:
    """A Service's loopback address, from a range that pods do not use."""
    digest = zlib.crc32(name.encode())
    return f"127.{128 + digest % 64}.{digest >> 8 & 255}.{1 + (digest >> 16) % 254}"

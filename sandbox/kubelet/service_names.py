"""Names of Services at addresses of this machine, for what connectors dial without a proxy: `tcp://`, `ssh://` and their like.

Each Service has a loopback address of its own, where its TCP ports are open; a hosts file tells processes that see it in
place of `/etc/hosts` (`enclosed`). Ports below 1024 take root, as everywhere, and one that something else holds stays shut.
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

Take = Callable[[socket.socket, str, int], Awaitable[None]]
"""Answers a connection to a Service, by its full name, and port."""
log = logging.getLogger(__name__)


class ServiceNames:
    """Keeps hosts file and open ports in step with the cluster's Services."""

    def __init__(self, api: ClusterApi, take: Take, hosts: Path) -> None:
        self._api, self._take, self._hosts = api, take, hosts
        self._services: dict[str, Object] = {}
        self._open: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._callers: set[asyncio.Task[None]] = set()
        self._machine = Path("/etc/hosts").read_text() if Path("/etc/hosts").exists() else ""
        self._write()

    async def follow(self) -> None:
        """Follows the Services until cancelled; then every port is shut."""
        try:
            async for news in self._api.follow("/api/v1/services", ""):
                if isinstance(news, list):
                    self._services = {name_of(service): service for service in news}
                elif news["type"] == "DELETED":
                    self._services.pop(name_of(news["object"]), None)
                else:
                    self._services[name_of(news["object"])] = news["object"]
                self._settle()
        finally:
            for task in (*self._open.values(), *self._callers):
                task.cancel()

    def _settle(self) -> None:
        wanted = {
            (name, port["port"])
            for name, service in self._services.items()
            for port in service["spec"].get("ports") or []
            if port.get("protocol", "TCP") == "TCP"
        }
        for gone in self._open.keys() - wanted:
            self._open.pop(gone).cancel()
        for name, port in sorted(wanted - self._open.keys()):
            try:
                listener = listen(port, address_of(name))
            except OSError as reason:
                log.info("%s:%d cannot be opened at %s: %s", name, port, address_of(name), reason)
                continue
            self._open[name, port] = asyncio.create_task(self._serve(listener, name, port))
        self._write()

    async def _serve(self, listener: socket.socket, name: str, port: int) -> None:
        with contextlib.closing(listener):
            while True:
                connection, _ = await asyncio.get_running_loop().sock_accept(listener)
                connection.setblocking(False)
                task = asyncio.ensure_future(self._take(connection, name, port))
                self._callers.add(task)
                task.add_done_callback(self._callers.discard)

    def _write(self) -> None:
        """Into the very file that is there: it is mounted, so another in its place would be seen by nobody."""
        lines = [f"{address_of(name)} {name}" for name in sorted(self._services)]
        self._hosts.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._hosts.open("a+b") as file:
            file.seek(0)
            file.truncate()
            file.write("\n".join([self._machine.rstrip("\n"), *lines, ""]).encode())


def name_of(service: Object) -> str:
    """A Service's full name, as rules have it."""
    return f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc.cluster.local"


def address_of(name: str) -> str:
    """A Service's address here: one of a range that pods have no part in."""
    drawn = zlib.crc32(name.encode())
    return f"127.{128 + drawn % 64}.{drawn >> 8 & 255}.{1 + (drawn >> 16) % 254}"

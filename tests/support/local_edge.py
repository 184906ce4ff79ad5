"""An edge for tests, with the emulated API behind it, each in a process of its own."""

import asyncio
import contextlib
import functools
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.directory import SandboxDirectory
from sandbox.edge.rpc import capnp
from tests.support.edge_connector import READY_PATH, Connector, Origin, hello
from tests.support.emulator import RECORDS, TUNNELS, Emulator, emulator_process
from tests.support.paths import PROJECT


@dataclass(frozen=True)
class ExposedHostname:
    """A hostname, and the tunnel that its record points to."""

    tunnel_id: str
    token: str
    host: str


@dataclass
class LocalEdge:
    """A running edge. Tests share one, each with tunnels and hostnames of its own."""

    home: SandboxDirectory
    api: Emulator
    frontend: int
    ports: list[int]
    process: "EdgeProcess"
    connector_class: type[Connector] = Connector
    transport: str = "http2"

    @property
    def authority(self) -> Path:
        return self.home.path / "edge" / "ca.pem"

    def expose(self, name: str, service: str = "") -> ExposedHostname:
        """A tunnel, the record NAME.example.com for it and, where a service is given, an ingress rule between them."""
        name = f"{name}-quic" if self.transport == "quic" else name
        tunnel_id = self.api.tunnel(name)
        token = self.api.done("GET", f"{TUNNELS}/{tunnel_id}/token")
        exposed = ExposedHostname(tunnel_id, token, f"{name}.example.com")
        if service:
            self.configure(exposed, service)
        self.record(exposed.host, f"{tunnel_id}.cfargotunnel.com")
        return exposed

    def configure(self, exposed: ExposedHostname, service: str, **options: Any) -> int:
        """Ingress rules that send the hostname to `service` and all others to 404; the configuration's version."""
        rules = [{"hostname": exposed.host, "service": service, **options}, {"service": "http_status:404"}]
        path = f"{TUNNELS}/{exposed.tunnel_id}/configurations"
        return self.api.done("PUT", path, {"config": {"ingress": rules}})["version"]

    def record(self, name: str, content: str, kind: str = "CNAME", proxied: bool = True) -> str:
        body = {"name": name, "type": kind, "content": content, "proxied": proxied, "ttl": 1}
        return self.api.done("POST", RECORDS, body)["id"]

    def get_tunnel(self, exposed: ExposedHostname) -> dict[str, Any]:
        """The tunnel, from the API."""
        return self.api.done("GET", f"{TUNNELS}/{exposed.tunnel_id}")

    @contextlib.asynccontextmanager
    async def visitor(self, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client of the front end; hostnames go into the Host header."""
        address = f"http://127.0.0.1:{self.frontend}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=60, **options) as client:
            yield client

    async def get(self, host: str, path: str = "/", **headers: str) -> httpx.Response:
        async with self.visitor() as client:
            return await client.get(path, headers={"host": host, **headers})

    async def wait_until_served(self, exposed: ExposedHostname) -> None:
        """Waits until requests for the hostname reach a connector."""
        while (await self.get(exposed.host, READY_PATH)).status_code != 204:
            await asyncio.sleep(0.02)

    @contextlib.asynccontextmanager
    async def connected(
        self, exposed: ExposedHostname, count: int = 1, origin: Origin = hello
    ) -> AsyncIterator[list[Connector]]:
        """A connector with `count` connections that take requests."""
        connections: list[Connector] = []
        try:
            for index in range(count):
                connection = self.connector_class(origin, connections[0].id if connections else None)
                connections.append(await connection.dial(self.ports[index], self.authority))
                assert (await connection.register(exposed.token, index)).which() == "connectionDetails"
                await connection.configured()
            await self.wait_until_served(exposed)
            yield connections
        finally:
            for connection in connections:
                await connection.close()


both_transports = pytest.mark.parametrize("edge", ["http2", "quic"], indirect=True)
"""Runs a test over HTTP/2 and over QUIC."""


def async_test(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs a coroutine as a test; one that hangs fails after two minutes."""

    @functools.wraps(test)
    def run(*arguments: Any, **fixtures: Any) -> None:
        async def limited() -> None:
            async with asyncio.timeout(120):
                await test(*arguments, **fixtures)

        asyncio.run(capnp.run(limited()))

    return run


async def until(condition: Callable[[], bool]) -> None:
    """Waits for a condition, at most for the test's own time limit."""
    while not condition():
        await asyncio.sleep(0.02)


class EdgeProcess:
    """`sandbox.edge` in a process of its own."""

    def __init__(self, home: SandboxDirectory) -> None:
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> tuple[int, list[int]]:
        """Starts it with these arguments; the ports of its front end and of its edge addresses."""
        port_file, log_file = self._home.path / "edge.port", self._home.path / "edge.log"
        port_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox.edge", "--home", str(self._home.path), "--port-file", str(port_file)]
        command += arguments
        with log_file.open("ab") as log:
            self._process = process = subprocess.Popen(command, cwd=PROJECT, env=dict(os.environ), stderr=log)
        deadline = time.monotonic() + 30
        while not port_file.exists():
            assert process.poll() is None, log_file.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        ports = json.loads(port_file.read_text())
        return ports["frontend"], ports["edge"]

    def kill(self) -> None:
        """Ends the process before it can clean up."""
        assert self._process
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)


@contextlib.contextmanager
def running(home: SandboxDirectory, api: Emulator, *arguments: str) -> Iterator[LocalEdge]:
    """An edge in a process of its own, with these arguments, stopped at the end."""
    process = EdgeProcess(home)
    try:
        frontend, ports = process.start(*arguments)
        yield LocalEdge(home, api, frontend, ports, process)
    finally:
        process.stop()


@contextlib.contextmanager
def separate_edge(folder: Path, *arguments: str) -> Iterator[LocalEdge]:
    """An edge with an API and arguments of its own."""
    home = SandboxDirectory(folder / "home").create()
    with emulator_process(home.path / "cloudflare.sqlite3") as api:
        api.seed()
        with running(home, api, *arguments) as edge:
            yield edge

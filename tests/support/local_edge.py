"""An edge to test against, with the emulated API behind it, each in a process of its own."""

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
from sandbox.edge.rpc import library as rpc
from tests.support.edge_connector import OPENED, Connector, Origin, hello
from tests.support.emulator import RECORDS, TUNNELS, Emulated, served
from tests.support.paths import PROJECT


@dataclass(frozen=True)
class Exposed:
    """A tunnel with a hostname that points at it."""

    tunnel: str
    token: str
    host: str


@dataclass
class LocalEdge:
    """A running edge. Tests share one, each with tunnels and hostnames of its own."""

    home: SandboxDirectory
    api: Emulated
    front: int
    ports: list[int]
    process: subprocess.Popen[bytes]
    played: type[Connector] = Connector
    transport: str = "http2"

    @property
    def authority(self) -> Path:
        return self.home.path / "edge" / "ca.pem"

    def kill(self) -> None:
        """Ends the edge without a chance to tidy up."""
        self.process.kill()
        self.process.wait(10)

    def expose(self, name: str, service: str = "") -> Exposed:
        """A tunnel, the record NAME.example.com for it and, where a service is named, a rule between them."""
        name = f"{name}-quic" if self.transport == "quic" else name
        tunnel = self.api.tunnel(name)
        made = Exposed(tunnel, self.api.done("GET", f"{TUNNELS}/{tunnel}/token"), f"{name}.example.com")
        if service:
            self.configure(made, service)
        self.record(made.host, f"{tunnel}.cfargotunnel.com")
        return made

    def configure(self, exposed: Exposed, service: str, **options: Any) -> int:
        """Sends the hostname to `service`, everything else to 404; the new version."""
        rules = [{"hostname": exposed.host, "service": service, **options}, {"service": "http_status:404"}]
        path = f"{TUNNELS}/{exposed.tunnel}/configurations"
        return self.api.done("PUT", path, {"config": {"ingress": rules}})["version"]

    def record(self, name: str, content: str, kind: str = "CNAME", proxied: bool = True) -> str:
        body = {"name": name, "type": kind, "content": content, "proxied": proxied, "ttl": 1}
        return self.api.done("POST", RECORDS, body)["id"]

    def shown(self, exposed: Exposed) -> dict[str, Any]:
        """The tunnel as the API shows it."""
        return self.api.done("GET", f"{TUNNELS}/{exposed.tunnel}")

    @contextlib.asynccontextmanager
    async def visitor(self, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the front's; hostnames go into the Host header."""
        address = f"http://127.0.0.1:{self.front}"
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=20, **options) as client:
            yield client

    async def get(self, host: str, path: str = "/", **headers: str) -> httpx.Response:
        async with self.visitor() as client:
            return await client.get(path, headers={"host": host, **headers})

    async def opened(self, exposed: Exposed) -> None:
        """Waits until requests for the hostname reach a played connector."""
        while (await self.get(exposed.host, OPENED)).status_code != 204:
            await asyncio.sleep(0.02)

    @contextlib.asynccontextmanager
    async def connected(
        self, exposed: Exposed, count: int = 1, origin: Origin = hello
    ) -> AsyncIterator[list[Connector]]:
        """A played connector with `count` connections that take requests."""
        made: list[Connector] = []
        try:
            for index in range(count):
                one = self.played(origin, made[0].id if made else None)
                made.append(await one.dial(self.ports[index], self.authority))
                assert (await one.register(exposed.token, index)).which() == "details"
                await one.configured()
            await self.opened(exposed)
            yield made
        finally:
            for one in made:
                await one.close()


over_both = pytest.mark.parametrize("edge", ["http2", "quic"], indirect=True)
"""For tests of what has to hold over both transports."""


def asynchronous(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Lets a coroutine be a test; one that hangs fails after half a minute."""

    @functools.wraps(test)
    def run(*arguments: Any, **fixtures: Any) -> None:
        async def limited() -> None:
            async with asyncio.timeout(30):
                await test(*arguments, **fixtures)

        asyncio.run(rpc.run(limited()))

    return run


async def until(holds: Callable[[], bool]) -> None:
    """Waits for what comes about by itself; the test's own limit ends it."""
    while not holds():
        await asyncio.sleep(0.02)


@contextlib.contextmanager
def running(home: SandboxDirectory, api: Emulated) -> Iterator[LocalEdge]:
    """An edge in a process of its own, stopped at the end."""
    port_file = home.path / "edge.port"
    port_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "sandbox.edge", "--home", str(home.path), "--port-file", str(port_file)]
    with (home.path / "edge.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=dict(os.environ), stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not port_file.exists():
            assert process.poll() is None, (home.path / "edge.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        ports = json.loads(port_file.read_text())
        yield LocalEdge(home, api, ports["front"], ports["edge"], process)
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def fresh(folder: Path) -> Iterator[LocalEdge]:
    """API and edge of their own."""
    home = SandboxDirectory(folder / "home").create()
    with served(home.path / "cloudflare.sqlite3") as api:
        api.begin()
        with running(home, api) as edge:
            yield edge

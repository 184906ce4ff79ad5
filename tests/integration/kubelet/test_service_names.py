"""Names of Services at addresses of this machine."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sandbox.edge.listener import listen
from sandbox.kubelet.service_names import ServiceNames, address_of
from tests.support.local_edge import asynchronous, until

DB = "db.shop.svc.cluster.local"


def service(name: str, *ports: int, **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"ports": [{"port": port, **more} for port in ports]},
    }


class Api:
    """An API server that tells what it is told to."""

    def __init__(self) -> None:
        self.news: asyncio.Queue[Any] = asyncio.Queue()

    async def follow(self, path: str, selector: str) -> AsyncIterator[Any]:
        assert (path, selector) == ("/api/v1/services", "")
        while True:
            yield await self.news.get()


@contextlib.asynccontextmanager
async def names(hosts: Path) -> AsyncIterator[Api]:
    async def take(connection: socket.socket, host: str, port: int) -> None:
        with contextlib.closing(connection):
            await asyncio.get_running_loop().sock_sendall(connection, f"{host} {port}".encode())

    api = Api()
    following = asyncio.create_task(ServiceNames(api, take, hosts).follow())  # pyright: ignore[reportArgumentType]
    yield api
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


def free_port(address: str) -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


async def said(address: str, port: int) -> str:
    reader, writer = await asyncio.open_connection(address, port)
    with contextlib.closing(writer):
        return (await reader.read()).decode()


@asynchronous
async def test_each_port_of_a_service_is_open_at_its_address_for_as_long_as_there_is_one(tmp_path: Path) -> None:
    hosts, address = tmp_path / "hosts", address_of(DB)
    one, two = free_port(address), free_port(address)
    async with names(hosts) as api:
        seen = hosts.open()  # as a process that has it mounted
        api.news.put_nowait([service("db", one)])
        await until(lambda: DB in hosts.read_text())
        assert await said(address, one) == f"{DB} {one}"
        api.news.put_nowait({"type": "MODIFIED", "object": service("db", one, two)})
        api.news.put_nowait({"type": "ADDED", "object": service("log", 9)})
        await until(lambda: "log.shop" in hosts.read_text())
        assert await said(address, two) == f"{DB} {two}"
        api.news.put_nowait({"type": "DELETED", "object": service("db")})
        await until(lambda: DB not in hosts.read_text())
        await until(lambda: not answers(address, one))
        assert seen.read() == hosts.read_text()
        seen.close()


@asynchronous
async def test_a_port_that_something_else_holds_and_one_of_udp_stay_shut(tmp_path: Path) -> None:
    hosts, address = tmp_path / "hosts", address_of(DB)
    with contextlib.closing(listen(0, address)) as held:
        port, other = held.getsockname()[1], free_port(address)
        async with names(hosts) as api:
            api.news.put_nowait([service("db", port), service("dns", other, protocol="UDP")])
            await until(lambda: "dns.shop" in hosts.read_text())
            assert not answers(address_of("dns.shop.svc.cluster.local"), other)


def answers(address: str, port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        return probe.connect_ex((address, port)) == 0


def test_the_machines_own_names_are_kept(tmp_path: Path) -> None:
    ServiceNames(Api(), lambda *_: asyncio.sleep(0), tmp_path / "hosts")  # pyright: ignore[reportArgumentType]
    assert (tmp_path / "hosts").read_text().strip() == Path("/etc/hosts").read_text().strip()

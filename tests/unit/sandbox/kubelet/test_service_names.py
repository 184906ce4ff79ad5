"""Service names at loopback addresses."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sandbox.edge.listener import listen
from sandbox.kubelet.network_policy import Client
from sandbox.kubelet.service_names import ServiceNames, address_of
from tests.support.local_edge import async_test, until

DB = "db.shop.svc.cluster.local"


def service(name: str, *ports: int, **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"ports": [{"port": port, **more} for port in ports]},
    }


class Api:
    """An API server whose watch yields `updates`."""

    def __init__(self) -> None:
        self.updates: asyncio.Queue[Any] = asyncio.Queue()

    async def watch(self, path: str, selector: str) -> AsyncIterator[Any]:
        assert (path, selector) == ("/api/v1/services", "")
        while True:
            yield await self.updates.get()


@contextlib.asynccontextmanager
async def service_names(hosts: Path) -> AsyncIterator[Api]:
    async def serve(connection: socket.socket, host: str, port: int, pod: Client | None) -> None:
        with contextlib.closing(connection):
            await asyncio.get_running_loop().sock_sendall(connection, f"{host} {port} {pod and pod.pod}".encode())

    async def owner(address: tuple[str, int]) -> Client:
        return Client("shop", f"pod at {address[0]}")

    api = Api()
    running = asyncio.create_task(ServiceNames(api, serve, hosts, owner).run())  # pyright: ignore[reportArgumentType]
    yield api
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def free_port(address: str) -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


async def received(address: str, port: int) -> str:
    reader, writer = await asyncio.open_connection(address, port)
    with contextlib.closing(writer):
        return (await reader.read()).decode()


@async_test
async def test_each_port_of_a_service_is_open_while_the_service_exists(tmp_path: Path) -> None:
    hosts, address = tmp_path / "hosts", address_of(DB)
    one, two = free_port(address), free_port(address)
    async with service_names(hosts) as api:
        mounted = hosts.open()  # as by a process that has the file mounted
        api.updates.put_nowait([service("db", one)])
        await until(lambda: DB in hosts.read_text())
        assert await received(address, one) == f"{DB} {one} pod at 127.0.0.1"
        api.updates.put_nowait({"type": "MODIFIED", "object": service("db", one, two)})
        api.updates.put_nowait({"type": "ADDED", "object": service("log", 9)})
        await until(lambda: "log.shop" in hosts.read_text())
        assert await received(address, two) == f"{DB} {two} pod at 127.0.0.1"
        api.updates.put_nowait({"type": "DELETED", "object": service("db")})
        await until(lambda: DB not in hosts.read_text())
        await until(lambda: not is_open(address, one))
        assert mounted.read() == hosts.read_text()
        mounted.close()


@async_test
async def test_ports_in_use_and_udp_ports_stay_closed(tmp_path: Path) -> None:
    hosts, address = tmp_path / "hosts", address_of(DB)
    with contextlib.closing(listen(0, address)) as in_use:
        port, other = in_use.getsockname()[1], free_port(address)
        async with service_names(hosts) as api:
            api.updates.put_nowait([service("db", port), service("dns", other, protocol="UDP")])
            await until(lambda: "dns.shop" in hosts.read_text())
            assert not is_open(address_of("dns.shop.svc.cluster.local"), other)


def is_open(address: str, port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        return probe.connect_ex((address, port)) == 0


def test_the_machines_own_hosts_are_kept(tmp_path: Path) -> None:
    async def owner(_: tuple[str, int]) -> None:
        return None

    ServiceNames(Api(), lambda *_: asyncio.sleep(0), tmp_path / "hosts", owner)  # pyright: ignore[reportArgumentType]
    assert (tmp_path / "hosts").read_text().strip() == Path("/etc/hosts").read_text().strip()

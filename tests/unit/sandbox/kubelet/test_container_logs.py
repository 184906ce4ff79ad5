"""The logs that the API server fetches from the sandbox's kubelet."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster import kubelet_certificates
from sandbox.edge.listener import listen
from sandbox.kubelet import container_logs
from sandbox.kubelet.container_logs import ContainerLogs, log_file
from tests.support.local_edge import async_test

LINES = b"one\ntwo\nthree\n"


class Nodes:
    """An API server with one node, that refuses the first requests."""

    def __init__(self, refusals: int) -> None:
        self._refusals = refusals
        self.registered = asyncio.Event()

    async def get(self, path: str) -> Any:
        self._refusals -= 1
        if self._refusals >= 0:
            raise OSError("refused")
        return {"items": [{"metadata": {"name": path.rsplit("/", 1)[-1]}}]}

    async def patch_status(self, path: str, status: Any) -> None:
        assert (path, list(status)) == ("/api/v1/nodes/nodes", ["addresses", "daemonEndpoints"])
        self.registered.set()


class Kubelet:
    """A kubelet with the pod `c-1` of `web`, which exists until it is deleted."""

    def __init__(self, home: Path, port: int, nodes: Nodes) -> None:
        self.nodes, self.pods = nodes, {("web", "c-1")}
        self.log = log_file(home, "web", "c-1")
        self._port = port
        self.clients: list[asyncio.StreamWriter] = []
        self._context = ssl.create_default_context(cafile=home / kubelet_certificates.AUTHORITY)
        self._context.load_cert_chain(home / kubelet_certificates.CLIENT)

    async def open(self, query: str, pod: str = "c-1") -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._context, server_hostname="localhost"
        )
        writer.write(f"GET /containerLogs/web/{pod}/cloudflared?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.clients.append(writer)
        return reader

    async def get(self, query: str, pod: str = "c-1") -> tuple[int, bytes]:
        """Status and body of an answer that ends by itself."""
        async with asyncio.timeout(10):
            head, _, body = (await (await self.open(query, pod)).read()).partition(b"\r\n\r\n")
        return int(head.split()[1]), body


@contextlib.asynccontextmanager
async def kubelet(home: Path, refusals: int = 0) -> AsyncIterator[Kubelet]:
    kubelet_certificates.write(home)
    listener = listen(0)
    served = Kubelet(home, listener.getsockname()[1], Nodes(refusals))
    served.log.parent.mkdir()
    served.log.write_bytes(LINES)
    logs = ContainerLogs(home, home, lambda namespace, pod: (namespace, pod) in served.pods)
    serving = asyncio.create_task(logs.serve(listener, served.nodes))  # pyright: ignore[reportArgumentType]
    yield served
    for client in served.clients:
        client.close()
    serving.cancel()
    await asyncio.wait([serving])


@async_test
async def test_a_log_is_served_whole_or_its_end(tmp_path: Path) -> None:
    async with kubelet(tmp_path) as served:
        assert await served.get("stream=All") == (200, LINES)
        assert await served.get("tailLines=1&previous=false") == (200, b"three\n")
        assert await served.get("limitBytes=5") == (200, b"one\nt")
        assert await served.get("", "other") == (404, b"the pod is simulated: it has no log")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("previous=true", "previous"),
        ("sinceSeconds=60&follow=true", "sinceSeconds"),
        ("sinceTime=2026-01-01T00%3A00%3A00Z", "sinceTime"),
        ("timestamps=true", "timestamps"),
        ("stream=Stderr", "stream"),
    ],
)
@async_test
async def test_what_is_not_supported_is_refused_by_name(tmp_path: Path, query: str, name: str) -> None:
    async with kubelet(tmp_path) as served:
        expected = f"the sandbox's kubelet does not support {name}".encode()
        assert await served.get(query) == (400, expected)


@async_test
async def test_a_log_that_is_followed_ends_with_its_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_logs, "_POLL", 0.01)
    async with kubelet(tmp_path) as served, asyncio.timeout(10):
        reader = await served.open("follow=true")
        await reader.readuntil(LINES)
        with served.log.open("ab") as log:
            log.write(b"four\n")
        assert await reader.readuntil(b"four\n") == b"four\n"
        with served.log.open("ab") as log:
            log.write(b"last\n")
        served.pods.clear()
        # The file stays: what the pod did can still be read.
        assert await reader.read() == b"last\n"
        assert served.log.is_file()


@async_test
async def test_the_nodes_name_the_kubelet_once_the_api_server_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(container_logs, "_RETRY", 0.0)
    async with kubelet(tmp_path, refusals=2) as served, asyncio.timeout(10):
        await served.nodes.registered.wait()
    assert [record.message for record in caplog.records] == [
        "kubectl logs does not work yet: the nodes' status cannot be changed"
    ] * 2

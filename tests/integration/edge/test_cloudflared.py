"""The edge with an unmodified cloudflared: what the connector for tests cannot prove."""

import asyncio
import contextlib
import hashlib
import os
import re
import subprocess
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
import websockets
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse

from components.monitoring import metrics
from sandbox import tools
from sandbox.cloudflare.server import listen
from tests.support.emulator import TUNNELS
from tests.support.local_edge import ExposedHostname, LocalEdge, async_test, separate_edge, until

BINARY = tools.find_cloudflared()
pytestmark = [pytest.mark.cloudflared, pytest.mark.xdist_group("cloudflared")]


def origin() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def root() -> PlainTextResponse:
        return PlainTextResponse("the origin")

    @app.get("/slow")
    async def slow() -> PlainTextResponse:
        await asyncio.sleep(0.3)
        return PlainTextResponse("the origin")

    @app.post("/upload")
    async def upload(request: Request) -> PlainTextResponse:
        digest = hashlib.sha256()
        async for part in request.stream():
            digest.update(part)
        return PlainTextResponse(digest.hexdigest())

    @app.get("/events")
    async def events() -> StreamingResponse:
        async def two() -> AsyncIterator[str]:
            yield "data: 1\n\n"
            await asyncio.sleep(0.3)
            yield "data: 2\n\n"

        return StreamingResponse(two(), media_type="text/event-stream")

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send_bytes((await socket.receive_bytes())[::-1])

    return app


@pytest.fixture(scope="module")
def edge(shared_edge: LocalEdge) -> LocalEdge:
    return shared_edge


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """An origin on loopback; its URL."""
    listener = listen(0)
    server = uvicorn.Server(uvicorn.Config(origin(), lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@contextlib.contextmanager
def cloudflared(
    edge: LocalEdge, exposed: ExposedHostname, log: Path, transport: str = "http2"
) -> Iterator[subprocess.Popen[bytes]]:
    """A connector of the tunnel, with only its own settings in its environment."""
    assert BINARY
    settings = {
        "TUNNEL_TOKEN": exposed.token,
        "TUNNEL_EDGE": ",".join(f"127.0.0.1:{port}" for port in edge.ports),
        "TUNNEL_CACERT": str(edge.authority),
        "TUNNEL_TRANSPORT_PROTOCOL": transport,
        "TUNNEL_NO_PRECHECKS": "true",
        "NO_AUTOUPDATE": "true",
        "TUNNEL_METRICS": "127.0.0.1:0",
    }
    with log.open("ab") as file:
        process = subprocess.Popen([BINARY.path, "tunnel", "run"], env=settings, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(40)


@pytest.fixture(scope="module", params=["http2", "quic"])
def transport(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory, transport: str) -> Path:
    """The connector's log."""
    return tmp_path_factory.mktemp(transport) / "log"


@pytest.fixture(scope="module")
def exposed(edge: LocalEdge, service: str, log: Path, transport: str) -> Iterator[ExposedHostname]:
    """A hostname whose tunnel has a connector."""
    hostname = edge.expose(f"real-{transport}", service)
    with cloudflared(edge, hostname, log, transport):
        _wait_healthy(edge, hostname)
        yield hostname


def test_it_has_four_connections_to_four_addresses(edge: LocalEdge, exposed: ExposedHostname) -> None:
    assert BINARY
    (group,) = edge.api.done("GET", f"{TUNNELS}/{exposed.tunnel_id}/connections")
    assert len({each["colo_name"] for each in group["conns"]}) == 4
    assert group["version"] in (BINARY.version, "DEV")


def test_its_metrics_have_the_names_that_alerts_and_dashboard_use(
    edge: LocalEdge, exposed: ExposedHostname, log: Path
) -> None:
    httpx.get(f"http://127.0.0.1:{edge.frontend}/", headers={"host": exposed.host}, trust_env=False)
    (address,) = re.findall(r"Starting metrics server on (\S+)/metrics", log.read_text())
    exported = httpx.get(f"http://{address}/metrics", trust_env=False).text
    used = {name for key, name in vars(metrics).items() if key.isupper() and isinstance(name, str)}
    # The counter of failures is exported from the first failure on.
    assert used - set(re.findall(r"^(\w+)", exported, re.MULTILINE)) == {metrics.REGISTER_FAILED}
    assert re.search(rf"^{metrics.CONNECTIONS} 4$", exported, re.MULTILINE)


@async_test
async def test_requests_bodies_and_events_are_forwarded(edge: LocalEdge, exposed: ExposedHostname) -> None:
    body = os.urandom(5_000_000)

    async def in_chunks() -> AsyncIterator[bytes]:
        yield body[:1_000_000]
        yield body[1_000_000:]

    async with edge.visitor(headers={"host": exposed.host}) as visitor:
        assert (await visitor.get("/")).text == "the origin"
        assert (await visitor.get("/nothing")).status_code == 404
        for content in (body, in_chunks()):
            assert (await visitor.post("/upload", content=content)).text == hashlib.sha256(body).hexdigest()
        async with visitor.stream("GET", "/events") as events:
            assert [part async for part in events.aiter_raw()] == [b"data: 1\n\n", b"data: 2\n\n"]


@async_test
async def test_websockets_are_forwarded(edge: LocalEdge, exposed: ExposedHostname) -> None:
    uri = f"ws://{exposed.host}/socket"
    async with websockets.connect(uri, host="127.0.0.1", port=edge.frontend, proxy=None) as socket:
        for message in (b"ab", os.urandom(500_000)):
            await socket.send(message)
            assert await socket.recv() == message[::-1]
    with pytest.raises(websockets.InvalidStatus, match="403"):
        await websockets.connect(f"ws://{exposed.host}/nothing", host="127.0.0.1", port=edge.frontend, proxy=None)


@async_test
async def test_a_new_configuration_applies_without_a_restart(
    edge: LocalEdge, exposed: ExposedHostname, service: str
) -> None:
    async def status() -> int:
        return (await edge.get(exposed.host)).status_code

    edge.configure(exposed, "http_status:418")
    while await status() != 418:
        await asyncio.sleep(0.05)
    edge.configure(exposed, "http://127.0.0.1:9")
    while await status() != 502:
        await asyncio.sleep(0.05)
    edge.configure(exposed, service)
    while await status() != 200:
        await asyncio.sleep(0.05)


@async_test
async def test_one_of_two_connectors_stops_under_load_and_no_request_is_lost(
    edge: LocalEdge, service: str, transport: str, tmp_path: Path
) -> None:
    exposed = edge.expose(f"two-{transport}", service)
    statuses: Counter[int] = Counter()
    enough = asyncio.Event()

    async def load() -> None:
        async with edge.visitor(headers={"host": exposed.host}) as visitor:
            while not enough.is_set():
                statuses[(await visitor.get("/slow")).status_code] += 1

    first, second = (cloudflared(edge, exposed, tmp_path / name, transport) for name in ("first", "second"))
    with first as stopped, second:
        await until(lambda: len(edge.get_tunnel(exposed)["connections"]) == 8)
        async with asyncio.TaskGroup() as visitors:
            for _ in range(8):
                visitors.create_task(load())
            await until(lambda: statuses[200] > 20)
            stopped.terminate()
            await asyncio.to_thread(stopped.wait)
            before = statuses[200]
            await until(lambda: statuses[200] > before + 20)
            enough.set()
        assert set(statuses) == {200}
        assert len(edge.get_tunnel(exposed)["connections"]) == 4


def test_connectors_reconnect_to_an_edge_that_was_killed(tmp_path: Path, service: str, transport: str) -> None:
    with separate_edge(tmp_path) as edge:
        exposed = edge.expose("back", service)
        with cloudflared(edge, exposed, tmp_path / "log", transport):
            _wait_page(edge, exposed)
            edge.process.kill()
            edge.process.start()
            _wait_page(edge, exposed)


def test_a_connection_whose_address_fails_reconnects_to_another(tmp_path: Path, service: str) -> None:
    with separate_edge(tmp_path) as edge:
        exposed = edge.expose("moves", service)
        with cloudflared(edge, exposed, tmp_path / "log", "quic"):
            _wait_healthy(edge, exposed)
            down = edge.get_tunnel(exposed)["connections"][0]["colo_name"]
            edge.api.owner("PUT", "/faults", {"edge_down": [down]})
            while edge.get_tunnel(exposed)["status"] == "healthy":
                time.sleep(0.02)
            _wait_page(edge, exposed)
            _wait_healthy(edge, exposed)
            locations = [each["colo_name"] for each in edge.get_tunnel(exposed)["connections"]]
            assert len(set(locations) - {down}) == 4


def _wait_healthy(edge: LocalEdge, exposed: ExposedHostname) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if edge.get_tunnel(exposed)["status"] == "healthy":
            return
        time.sleep(0.05)
    pytest.fail("no four connections in a minute")


def _wait_page(edge: LocalEdge, exposed: ExposedHostname) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        headers = {"host": exposed.host}
        if httpx.get(f"http://127.0.0.1:{edge.frontend}/", headers=headers, trust_env=False).text == "the origin":
            return
        time.sleep(0.1)
    pytest.fail("no page in a minute")

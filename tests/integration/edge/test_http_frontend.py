"""Requests of visitors: forwarded to a connector, or answered with an error page."""

import asyncio
import hashlib
import socket
import ssl
import stat
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.edge_connector import READY_PATH, Connector, IncomingStream
from tests.support.emulator import RECORDS, TUNNELS
from tests.support.local_edge import ExposedHostname, LocalEdge, async_test, both_transports, until


@both_transports
@async_test
async def test_the_origin_gets_the_visitors_request_and_address(edge: LocalEdge) -> None:
    exposed = edge.expose("sees", "http://blog")
    async with edge.connected(exposed) as (connector,):
        sent = {"x-own": "kept", "cf-ipcountry": "nz", "connection": "close, x-mine", "x-mine": "dropped"}
        await edge.get(f"{exposed.host.upper()}:8080", "/a%20b?c=d", **sent)
        (request,) = connector.requests
    expected = {
        ":method": "GET",
        ":authority": f"{exposed.host}:8080",
        ":path": "/a%20b?c=d",
        "x-own": "kept",
        "x-mine": None,
        "connection": None,
        "host": None,
        "cf-ipcountry": "NZ",
        "cf-connecting-ip": "127.0.0.1",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "cf-visitor": '{"scheme":"http"}',
    }
    assert {name: request.header(name) for name in expected} == expected


@async_test
async def test_a_name_under_localhost_reaches_the_origin_as_the_hostname(edge: LocalEdge) -> None:
    """Browsers open it; the dashboard reads the front end's port to link to it."""
    exposed = edge.expose("local", "http://blog")
    port = edge.api.http.get("/state.json").json()["frontend"]
    async with edge.connected(exposed) as (connector,):
        assert (await edge.get(f"{exposed.host}.localhost:{port}")).text == "hello"
        assert connector.requests[0].header(":authority") == exposed.host
    assert port == edge.frontend


@pytest.mark.parametrize(
    "name",
    [
        "cf-cloudflared-proxy-connection-upgrade",
        "cf-cloudflared-proxy-src",
        "cf-access-jwt-assertion",
        "cf-access-authenticated-user-email",
    ],
)
@async_test
async def test_headers_that_only_the_edge_sets_are_dropped(edge: LocalEdge, name: str) -> None:
    exposed = edge.expose(f"drops-{name.rpartition('-')[2]}", "http://blog")
    async with edge.connected(exposed) as (connector,):
        assert (await edge.get(exposed.host, **{name: "control-stream"})).text == "hello"
        assert connector.requests[0].header(name) is None


@both_transports
@async_test
async def test_the_response_is_the_origins_with_the_edges_headers(edge: LocalEdge) -> None:
    exposed = edge.expose("answers", "http://blog")

    async def origin(connector: Connector, stream: int, _incoming: IncomingStream) -> None:
        headers = {"Set-Cookie": "a=b", "Server": "nginx", "Connection": "close", "X-Latin": "caf\xe9"}
        await connector.reply(stream, 418, headers, b"short and stout")

    async with edge.connected(exposed, origin=origin):
        response = await edge.get(exposed.host)
    assert (response.status_code, response.text) == (418, "short and stout")
    raw = {name.lower(): value for name, value in response.headers.raw}
    assert (raw[b"set-cookie"], raw[b"server"], raw[b"x-latin"]) == (b"a=b", b"cloudflare", b"caf\xe9")
    assert b"connection" not in raw


@both_transports
@async_test
async def test_one_connection_takes_many_requests_with_and_without_bodies(edge: LocalEdge) -> None:
    exposed = edge.expose("many", "http://blog")

    async def origin(connector: Connector, stream: int, incoming: IncomingStream) -> None:
        body = b"" if incoming.header(":method") == "HEAD" else await incoming.read()
        await connector.reply(stream, 204 if incoming.header(":path") == "/none" else 200, {}, body)

    async with edge.connected(exposed, origin=origin), edge.visitor(headers={"host": exposed.host}) as visitor:
        assert (await visitor.post("/", content=b"one")).text == "one"
        assert (await visitor.head("/")).text == ""
        assert (await visitor.get("/none")).status_code == 204
        assert (await visitor.post("/", content=b"")).text == ""
        assert (await visitor.post("/", content=b"two")).text == "two"


@async_test
async def test_an_error_page_for_a_head_request_leaves_the_connection_usable(edge: LocalEdge) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.frontend)
    for _ in range(2):
        writer.write(b"HEAD / HTTP/1.1\r\nhost: nothing.example.com\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 530 ")
    writer.close()


@async_test
async def test_a_request_with_expect_100_continue_gets_100(edge: LocalEdge) -> None:
    exposed = edge.expose("asks", "http://blog")

    async def origin(connector: Connector, stream: int, incoming: IncomingStream) -> None:
        await connector.reply(stream, 200, {}, await incoming.read())

    async with edge.connected(exposed, origin=origin):
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.frontend)
        head = f"POST / HTTP/1.1\r\nhost: {exposed.host}\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n"
        writer.write(head.encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 \r\n\r\n"
        writer.write(b"whole")
        assert b"200 OK" in await reader.readuntil(b"whole")
        writer.close()


@both_transports
@async_test
async def test_large_bodies_arrive_complete_in_both_directions(edge: LocalEdge) -> None:
    exposed = edge.expose("large", "http://blog")
    body = bytes(range(256)) * (20_000 if edge.transport == "http2" else 5_000)

    async def origin(connector: Connector, stream: int, incoming: IncomingStream) -> None:
        received = await incoming.read()
        length = {"content-length": str(len(received))} if incoming.header("content-length") else {}
        await connector.reply(stream, 200, length, received)

    async def in_chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    async with edge.connected(exposed, origin=origin), edge.visitor(headers={"host": exposed.host}) as visitor:
        for content in (body, in_chunks()):
            answer = await visitor.post("/", content=content)
            assert hashlib.sha256(answer.content).digest() == hashlib.sha256(body).digest()


@both_transports
@async_test
async def test_events_arrive_as_they_are_sent(edge: LocalEdge) -> None:
    exposed = edge.expose("events", "http://blog")
    seen = asyncio.Event()

    async def origin(connector: Connector, stream: int, _incoming: IncomingStream) -> None:
        await connector.send_headers(stream, 200, {"content-type": "text/event-stream"})
        await connector.send(stream, b"data: 1\n\n", end=False)
        await seen.wait()
        await connector.send(stream, b"data: 2\n\n")

    async with (
        edge.connected(exposed, origin=origin),
        edge.visitor() as visitor,
        visitor.stream("GET", "/", headers={"host": exposed.host}) as answer,
    ):
        parts = answer.aiter_raw()
        assert await anext(parts) == b"data: 1\n\n"
        seen.set()
        assert await anext(parts) == b"data: 2\n\n"


@both_transports
@async_test
async def test_a_slow_visitor_slows_the_connector_down(edge: LocalEdge) -> None:
    exposed = edge.expose("slow", "http://blog")
    sent = 0

    async def origin(connector: Connector, stream: int, _incoming: IncomingStream) -> None:
        nonlocal sent
        await connector.send_headers(stream, 200, {})
        for _ in range(1_000):
            await connector.send(stream, b"x" * 100_000, end=False)
            sent += 100_000

    async with edge.connected(exposed, origin=origin), edge.visitor() as visitor:
        async with visitor.stream("GET", "/", headers={"host": exposed.host}):
            before = -1
            while before != (before := sent):
                await asyncio.sleep(0.2)
            assert 0 < sent < 30_000_000
        assert (await edge.get(exposed.host, READY_PATH)).status_code == 204


@both_transports
@async_test
async def test_a_visitors_disconnect_resets_the_stream(edge: LocalEdge) -> None:
    exposed = edge.expose("leaves", "http://blog")

    async def never(_connector: Connector, _stream: int, incoming: IncomingStream) -> None:
        await incoming.reset.wait()

    async with edge.connected(exposed, origin=never) as (connector,):
        request = asyncio.create_task(edge.get(exposed.host))
        await until(lambda: bool(connector.requests))
        request.cancel()
        await connector.requests[0].reset.wait()


@both_transports
@async_test
async def test_an_origin_may_respond_before_it_has_read_the_whole_upload(edge: LocalEdge) -> None:
    exposed = edge.expose("early", "http://blog")

    async def origin(connector: Connector, stream: int, _incoming: IncomingStream) -> None:
        await connector.reply(stream, 413, {"content-length": "8"}, b"too much")

    async with edge.connected(exposed, origin=origin):
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.frontend)
        head = f"POST / HTTP/1.1\r\nhost: {exposed.host}\r\ncontent-length: 10\r\n\r\n".encode()
        for _ in range(2):
            writer.write(head + b"12345")
            assert (await reader.readuntil(b"too much")).startswith(b"HTTP/1.1 413 ")
            writer.write(b"67890")
        writer.close()


@both_transports
@async_test
async def test_a_connector_that_disconnects_before_it_responds_is_a_502(edge: LocalEdge) -> None:
    exposed = edge.expose("dies", "http://blog")

    async def disconnect(connector: Connector, _stream: int, _incoming: IncomingStream) -> None:
        connector.abort()

    async with edge.connected(exposed, origin=disconnect):
        response = await edge.get(exposed.host)
        assert (response.status_code, response.text.splitlines()[0]) == (502, "error code: 502")
        assert (await edge.get(exposed.host)).text.startswith("error code: 1033\n")


@both_transports
@async_test
async def test_a_response_that_breaks_off_is_incomplete_for_the_visitor_too(edge: LocalEdge) -> None:
    exposed = edge.expose("breaks", "http://blog")

    async def disconnect_halfway(connector: Connector, stream: int, _incoming: IncomingStream) -> None:
        await connector.send_headers(stream, 200, {})
        await connector.send(stream, b"half", end=False)
        await asyncio.sleep(0.1)
        connector.abort()

    async with edge.connected(exposed, origin=disconnect_halfway):
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await edge.get(exposed.host)


@both_transports
@async_test
async def test_an_unreachable_origin_gets_the_edges_502_and_an_origins_own_502_is_forwarded(edge: LocalEdge) -> None:
    exposed = edge.expose("unreached", "http://blog")

    async def origin(connector: Connector, stream: int, incoming: IncomingStream) -> None:
        source = "origin" if incoming.header(":path") == "/own" else "cloudflared"
        await connector.send_headers(stream, 502, {}, source)
        await connector.send(stream, b"its own" if source == "origin" else b"")

    async with edge.connected(exposed, origin=origin):
        assert "cannot reach the service" in (await edge.get(exposed.host)).text
        assert (await edge.get(exposed.host, "/own")).text == "its own"


@both_transports
@pytest.mark.parametrize("accepted", [True, False])
@async_test
async def test_only_the_origin_accepts_a_websocket(edge: LocalEdge, accepted: bool) -> None:
    exposed = edge.expose(f"socket-{accepted}".lower(), "http://blog")

    async def origin(connector: Connector, stream: int, incoming: IncomingStream) -> None:
        assert incoming.header("cf-cloudflared-proxy-connection-upgrade") == "websocket"
        assert incoming.header("sec-websocket-key") == "key"
        if not accepted:
            await connector.reply(stream, 403, {}, b"no")
            return
        await connector.send_headers(stream, 200, {"Upgrade": "websocket", "Connection": "Upgrade"})
        async for part in incoming.parts():
            await connector.send(stream, part.upper(), end=False)
        await connector.send(stream, b"bye")

    async with edge.connected(exposed, origin=origin):
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.frontend)
        upgrade = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: key\r\n"
        writer.write(f"GET / HTTP/1.1\r\nhost: {exposed.host}\r\n{upgrade}\r\nearly".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        if accepted:
            assert answer.startswith(b"HTTP/1.1 101 ")
            assert await reader.readexactly(5) == b"EARLY"
            writer.write(b"x" * 300_000)
            assert await reader.readexactly(300_000) == b"X" * 300_000
            writer.write_eof()
            assert await reader.read() == b"bye"
        else:
            assert answer.startswith(b"HTTP/1.1 403 ")
        writer.close()


def _no_record(edge: LocalEdge, exposed: ExposedHostname) -> None:
    edge.api.done("DELETE", f"{RECORDS}/{_record_id(edge, exposed)}")


def _unproxied(edge: LocalEdge, exposed: ExposedHostname) -> None:
    edge.api.done("PATCH", f"{RECORDS}/{_record_id(edge, exposed)}", {"proxied": False})


def _deleted_tunnel(edge: LocalEdge, exposed: ExposedHostname) -> None:
    edge.api.done("DELETE", f"{TUNNELS}/{exposed.tunnel_id}")


def _no_connector(_edge: LocalEdge, _exposed: ExposedHostname) -> None:
    return None


def _record_id(edge: LocalEdge, exposed: ExposedHostname) -> str:
    return edge.api.done("GET", f"{RECORDS}?name={exposed.host}")[0]["id"]


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        (_no_record, 1016, "has no DNS record"),
        (_unproxied, 1016, "is not proxied"),
        (_deleted_tunnel, 1016, "points to the deleted tunnel"),
        (_no_connector, 1033, "no connector of the tunnel"),
    ],
)
@async_test
async def test_a_hostname_that_is_not_served_gets_530(edge: LocalEdge, change, code: int, reason: str) -> None:
    exposed = edge.expose(f"page{change.__name__.replace('_', '-')}", "http://blog")
    change(edge, exposed)
    response = await edge.get(exposed.host)
    assert response.status_code == 530
    assert response.text.splitlines()[0] == f"error code: {code}"
    assert reason in response.text
    page = await edge.get(exposed.host, accept="text/html,*/*")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"Error {code}" in page.text


@async_test
async def test_a_hostname_outside_all_zones_gets_1016(edge: LocalEdge) -> None:
    response = await edge.get("elsewhere.test")
    assert response.text == "error code: 1016\nOrigin DNS error: elsewhere.test is in none of the account's zones.\n"


@async_test
async def test_a_browser_at_another_address_is_offered_the_hostnames_that_are_served(edge: LocalEdge) -> None:
    # The first by name: a page shows no more than fifty.
    exposed = edge.expose("0-offered", "http://blog")
    for address in ("127.0.0.1", "elsewhere.test", "nothing.example.com"):
        page = await edge.get(address, accept="text/html")
        assert page.status_code == 530
        assert "Error 1016" in page.text
        assert f'<a href="http://{exposed.host}.localhost:{edge.frontend}/">{exposed.host}</a>' in page.text
        assert exposed.host not in (await edge.get(address)).text


@async_test
async def test_a_hostname_is_escaped_in_the_error_page(edge: LocalEdge) -> None:
    page = await edge.get("<script>.example.com", accept="text/html")
    assert "<script>" not in page.text


@async_test
async def test_one_port_serves_http_and_https_for_any_name(edge: LocalEdge) -> None:
    exposed = edge.expose("secure", "http://blog")
    trust = ssl.create_default_context(cafile=edge.authority)
    async with edge.connected(exposed) as (connector,):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", edge.frontend, ssl=trust, server_hostname=exposed.host
        )
        writer.write(f"GET / HTTP/1.1\r\nhost: {exposed.host}\r\nconnection: close\r\n\r\n".encode())
        assert b"hello" in await reader.read()
        writer.close()
        assert connector.requests[0].header("x-forwarded-proto") == "https"
        assert (await edge.get(exposed.host)).text == "hello"


def test_only_the_owner_can_read_the_authoritys_key(edge: LocalEdge) -> None:
    key = edge.home.path / "edge" / "ca.key"
    assert b"PRIVATE KEY" in key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert b"PRIVATE KEY" not in edge.authority.read_bytes()


@async_test
async def test_the_absolute_form_of_a_request_is_accepted(edge: LocalEdge) -> None:
    exposed = edge.expose("absolute", "http://blog")
    async with edge.connected(exposed) as (connector,):
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.frontend)
        writer.write(f"GET http://{exposed.host}/x?y HTTP/1.1\r\nhost: other\r\nconnection: close\r\n\r\n".encode())
        assert b"hello" in await reader.read()
        writer.close()
        assert connector.requests[0].header(":path") == "/x?y"


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 40_000]
)
def test_a_malformed_request_gets_a_4xx_and_is_closed(edge: LocalEdge, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", edge.frontend), timeout=10) as visitor:
        visitor.sendall(sent)
        assert visitor.recv(1 << 16).startswith(b"HTTP/1.1 4")

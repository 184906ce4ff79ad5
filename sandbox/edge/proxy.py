"""Proxying of one visitor's request over a tunnel connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine

from sandbox.edge import error_pages
from sandbox.edge.http1 import ClientDisconnected, HttpConnection
from sandbox.edge.tunnel_connection import ConnectionLost, Response, Stream, TunnelConnection
from sandbox.edge.visitor_request import VisitorRequest

_DROPPED_HEADERS = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"server"})
"""Response headers that belong to the hop between origin and connector, or that the edge replaces."""


async def forward(request: VisitorRequest, client: HttpConnection, tunnel: TunnelConnection) -> None:
    """Responds with the origin's response, or with error 502 where the origin or the connector does not respond.

    Raises ClientDisconnected where the visitor disconnects first, and where a response breaks off after it has begun:
    closing the connection is then the only way to report that.
    """
    websocket = request.upgrade == b"websocket" and not request.has_body
    try:
        stream = tunnel.request(
            request.method,
            request.authority,
            request.target,
            request.forwarded_headers(),
            end_stream=not request.has_body and not websocket,
            websocket=websocket,
        )
    except ConnectionLost:
        await error_pages.send(error_pages.bad_gateway("the connector has disconnected"), request, client)
        return
    try:
        await (_forward_websocket if websocket else _forward_http)(request, client, stream)
    finally:
        stream.close()


async def _forward_http(request: VisitorRequest, client: HttpConnection, stream: Stream) -> None:
    async def upload() -> None:
        sending = request.has_body
        async for part in client.body():
            if sending:
                with contextlib.suppress(ConnectionLost):
                    await stream.send(part)
                    continue
            sending = False  # the origin has responded without reading the rest
        if sending:
            with contextlib.suppress(ConnectionLost):
                await stream.send(end=True)
        await client.wait_disconnected()

    async with _tasks(upload(), _download(request, client, stream)) as (uploading, downloading):
        await asyncio.wait({uploading, downloading}, return_when=asyncio.FIRST_COMPLETED)
        if not downloading.done():
            await uploading
            raise ClientDisconnected
        await downloading


async def _forward_websocket(request: VisitorRequest, client: HttpConnection, stream: Stream) -> None:
    async for _ in client.body():
        pass
    try:
        response = await stream.response()
    except ConnectionLost:
        await error_pages.send(error_pages.bad_gateway("the connector has disconnected"), request, client)
        return
    if not any(name.lower() == b"upgrade" for name, _ in response.headers):
        await _send_response(request, client, stream, response)
        return
    await client.switch_protocols([*response.headers, *error_pages.edge_headers(request)])

    async def to_origin() -> None:
        with contextlib.suppress(ConnectionLost, ClientDisconnected):
            while data := await client.read():
                await stream.send(data)
            await stream.send(end=True)

    async def to_visitor() -> None:
        with contextlib.suppress(ConnectionLost):
            async for part in stream.body():
                await client.write(part)

    async with _tasks(to_origin(), to_visitor()) as (_, downstream):
        await downstream
    raise ClientDisconnected


async def _download(request: VisitorRequest, client: HttpConnection, stream: Stream) -> None:
    try:
        response = await stream.response()
    except ConnectionLost:
        page = error_pages.bad_gateway("the connector disconnected before it responded")
        await error_pages.send(page, request, client)
        return
    await _send_response(request, client, stream, response)


async def _send_response(request: VisitorRequest, client: HttpConnection, stream: Stream, response: Response) -> None:
    if response.origin_unreachable:
        reason = "the connector cannot reach the service; logs/kubelet.log in the sandbox's directory says why"
        await error_pages.send(error_pages.bad_gateway(reason), request, client)
        return
    headers = [(name, value) for name, value in response.headers if name.lower() not in _DROPPED_HEADERS]
    await client.start_response(response.status, [*headers, *error_pages.edge_headers(request)])
    try:
        async for part in stream.body():
            await client.send_data(part)
    except ConnectionLost as error:
        raise ClientDisconnected from error
    await client.end_response(stream.trailers)


@contextlib.asynccontextmanager
async def _tasks(*work: Coroutine[None, None, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Runs the coroutines as tasks, all of which end with the block."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""HTTP/1.1 on the server's side of one connection: requests, responses and protocol switches."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from http.client import responses

import h11

from sandbox.edge.tunnel_connection import Headers

_MAX_HEADERS = 128 << 10
"""Bytes of a request's headers, Cloudflare's own limit:
https://developers.cloudflare.com/fundamentals/reference/connection-limits/"""
_LINGER = 5.0
"""Seconds for which a client may go on sending a request that has its response."""


class ClientDisconnected(Exception):
    """The client has disconnected, or does not speak HTTP/1.1; it cannot be sent anything more."""


class HttpConnection:
    """One client's connection. `next_request` and a response alternate until the former returns None."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peer: str = writer.get_extra_info("peername")[0]
        self.secure = writer.get_extra_info("ssl_object") is not None
        self.response_started = False
        """Whether the current request's response has begun."""
        self._reader, self._writer = reader, writer
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEADERS)
        self._is_head = False
        self._early_data: bytes | None = None

    async def next_request(self) -> h11.Request | None:
        """The next request's line and headers; None when the client has finished. Raises ClientDisconnected."""
        if self._h11.our_state is h11.DONE:
            await self._drain_request()
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
        if self._h11.our_state is not h11.IDLE:
            return None
        self.response_started = False
        event = await self._next_event()
        if not isinstance(event, h11.Request):
            return None
        self._is_head = event.method == b"HEAD"
        return event

    async def body(self) -> AsyncIterator[bytes]:
        """The request's body as it arrives. Raises ClientDisconnected."""
        while isinstance(event := await self._next_event(), h11.Data):
            yield bytes(event.data)
        if not isinstance(event, h11.EndOfMessage):
            raise ClientDisconnected

    async def wait_disconnected(self) -> None:
        """Returns when the client disconnects. Only for use once the body has been read."""
        if not self._h11.trailing_data[0]:
            data = await self._reader.read(1 << 16)
            self._h11.receive_data(data)
            if not data:
                return
        await asyncio.Event().wait()

    async def start_response(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.response_started = True
        reason = responses.get(status, "")
        await self._send(h11.Response(status_code=status, headers=list(headers), reason=reason.encode()))

    async def send_data(self, data: bytes) -> None:
        if data and not self._is_head:
            await self._send(h11.Data(data=data))

    async def end_response(self, trailers: Headers | None = None) -> None:
        await self._send(h11.EndOfMessage(headers=trailers or []))

    async def respond(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        """Sends a complete response."""
        await self.start_response(status, [*headers, (b"content-length", b"%d" % len(body))])
        await self.send_data(body)
        await self.end_response()

    async def switch_protocols(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Responds with 101 to the requested upgrade; from then on only `read` and `write` are used."""
        self.response_started = True
        await self._send(h11.InformationalResponse(status_code=101, headers=list(headers)))

    async def read(self) -> bytes:
        """Bytes of the protocol switched to; empty at the end."""
        if self._early_data is None:
            self._early_data = self._h11.trailing_data[0]
            if self._early_data:
                return self._early_data
        try:
            return await self._reader.read(1 << 16)
        except OSError as error:
            raise ClientDisconnected from error

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._flush()

    def close(self) -> None:
        self._writer.close()

    async def _drain_request(self) -> None:
        """Reads the rest of a request that has its response: a client that is cut off might never read the response."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                while self._h11.their_state is h11.SEND_BODY:
                    await self._next_event()

    async def _next_event(self) -> object:
        while True:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError as error:
                raise await self._reject(error) from error
            if event is not h11.NEED_DATA:
                return event
            if self._h11.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            try:
                self._h11.receive_data(await self._reader.read(1 << 16))
            except OSError as error:
                raise ClientDisconnected from error

    async def _reject(self, error: h11.RemoteProtocolError) -> ClientDisconnected:
        if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not self.response_started:
            await self.respond(error.error_status_hint, [(b"connection", b"close")], f"{error}\n".encode())
        return ClientDisconnected(str(error))

    async def _send(self, event: h11.Event) -> None:
        try:
            data = self._h11.send(event)
        except h11.LocalProtocolError as error:
            raise ClientDisconnected(str(error)) from error
        if data:
            self._writer.write(data)
            await self._flush()

    async def _flush(self) -> None:
        try:
            await self._writer.drain()
        except OSError as error:
            raise ClientDisconnected from error

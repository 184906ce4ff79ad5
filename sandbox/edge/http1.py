"""HTTP/1.1 as a server speaks it, on one connection: requests in, answers out, protocol switches in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from http.client import responses

import h11

from sandbox.edge.tunnel_connection import Headers

_HEAD = 128 << 10
"""Bytes that a request's head may take: Cloudflare's own limit, https://developers.cloudflare.com/fundamentals/reference/connection-limits/."""


_LINGER = 5.0
"""Seconds that a client may go on sending a request that has its answer."""


class Gone(Exception):
    """The client is gone, or does not speak HTTP/1.1; nothing more can be said to it."""


class Conversation:
    """One client's connection. `next_request` and `answer…` alternate until the first gives None."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peer: str = writer.get_extra_info("peername")[0]
        self.secure = writer.get_extra_info("ssl_object") is not None
        self.answered = False
        """Whether the current request's answer has begun."""
        self._reader, self._writer = reader, writer
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD)
        self._head = False
        self._early: bytes | None = None

    async def next_request(self) -> h11.Request | None:
        """The next request's head, None when the client has finished. Raises Gone."""
        if self._h11.our_state is h11.DONE:
            await self._drain_request()
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
        if self._h11.our_state is not h11.IDLE:
            return None
        self.answered = False
        event = await self._event()
        if not isinstance(event, h11.Request):
            return None
        self._head = event.method == b"HEAD"
        return event

    async def body(self) -> AsyncIterator[bytes]:
        """The request's body as it comes. Raises Gone."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)
        if not isinstance(event, h11.EndOfMessage):
            raise Gone

    async def gone(self) -> None:
        """Returns when the client leaves. To be waited for once the body has been read."""
        if not self._h11.trailing_data[0]:
            data = await self._reader.read(1 << 16)
            self._h11.receive_data(data)
            if not data:
                return
        await asyncio.Event().wait()

    async def begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.answered = True
        reason = responses.get(status, "")
        await self._send(h11.Response(status_code=status, headers=list(headers), reason=reason.encode()))

    async def more(self, data: bytes) -> None:
        if data and not self._head:
            await self._send(h11.Data(data=data))

    async def end(self, trailers: Headers | None = None) -> None:
        await self._send(h11.EndOfMessage(headers=trailers or []))

    async def answer(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        """A whole answer at once."""
        await self.begin(status, [*headers, (b"content-length", b"%d" % len(body))])
        await self.more(body)
        await self.end()

    async def switch(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Agrees (101) to the protocol that the client asked for; from here on there is `read` and `write`."""
        self.answered = True
        await self._send(h11.InformationalResponse(status_code=101, headers=list(headers)))

    async def read(self) -> bytes:
        """Bytes of the other protocol, none at the end."""
        if self._early is None:
            self._early = self._h11.trailing_data[0]
            if self._early:
                return self._early
        try:
            return await self._reader.read(1 << 16)
        except OSError as mistake:
            raise Gone from mistake

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._flush()

    def close(self) -> None:
        self._writer.close()

    async def _drain_request(self) -> None:
        """Takes in what the client still sends of a request that has its answer; cut off, it might never read that."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                while self._h11.their_state is h11.SEND_BODY:
                    await self._event()

    async def _event(self) -> object:
        while True:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError as mistake:
                raise await self._refusal(mistake) from mistake
            if event is not h11.NEED_DATA:
                return event
            if self._h11.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            try:
                self._h11.receive_data(await self._reader.read(1 << 16))
            except OSError as mistake:
                raise Gone from mistake

    async def _refusal(self, mistake: h11.RemoteProtocolError) -> Gone:
        if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE) and not self.answered:
            await self.answer(mistake.error_status_hint, [(b"connection", b"close")], f"{mistake}\n".encode())
        return Gone(str(mistake))

    async def _send(self, event: h11.Event) -> None:
        try:
            data = self._h11.send(event)
        except h11.LocalProtocolError as mistake:
            raise Gone(str(mistake)) from mistake
        if data:
            self._writer.write(data)
            await self._flush()

    async def _flush(self) -> None:
        try:
            await self._writer.drain()
        except OSError as mistake:
            raise Gone from mistake

"""A connection over QUIC, which connectors prefer: the edge opens a stream for each request, the connector the first one, for control.

As connection/quic_connection.go of cloudflare/cloudflared has it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import MAX_STREAM_DATA_FRAME_CAPACITY
from aioquic.quic.events import (
    ConnectionTerminated,
    HandshakeCompleted,
    QuicEvent,
    StopSendingReceived,
    StreamDataReceived,
    StreamReset,
)
from aioquic.quic.packet import QuicFrameType

from sandbox.edge import quic_heads, rpc, x25519mlkem768
from sandbox.edge.certificate_authority import Leaf
from sandbox.edge.tunnel_connection import Answer, Applied, Gone, Headers, Lost, Opened, Stream

_CONTROL = 0
"""The first stream that a client opens."""
_UNSENT = 1 << 20
_WINDOW = 1 << 20
_CUT = 1
"""INTERNAL_ERROR: https://www.rfc-editor.org/rfc/rfc9000#name-transport-error-codes."""
log = logging.getLogger(__name__)


class QuicStream:
    """One request and its answer: see `link.Stream`."""

    def __init__(self, link: "QuicLink", number: int, *, sent: bool) -> None:
        self.number = number
        self.trailers: Headers = []
        """None come over QUIC."""
        self._link = link
        self._parts: asyncio.Queue[bytes | Lost | None] = asyncio.Queue()
        self._begun = bytearray()
        self._over = False
        self._sent = sent
        self.unread = 0
        """Bytes that nobody has asked for yet."""

    async def answer(self) -> Answer:
        if await self._exactly(len(quic_heads.DATA)) != quic_heads.DATA:
            raise Lost("the answer begins with something else")
        size = 0
        while size != (size := quic_heads.length(self._begun)):
            await self._gather(size)
        return quic_heads.answer(await self._exactly(size))

    async def body(self) -> AsyncIterator[bytes]:
        if self._begun:
            yield bytes(self._begun)
            self._begun.clear()
        while (part := await self._parts.get()) is not None:
            if isinstance(part, Lost):
                raise part
            yield self._read(part)

    async def send(self, data: bytes = b"", *, end: bool = False) -> None:
        if self._sent:
            raise Lost("the stream is closed")
        self._sent = end
        await self._link.transmit_on(self.number, data, end)

    def close(self) -> None:
        self._link.finish(self.number, unread=not self._over, unsent=not self._sent)

    def take(self, part: bytes, end: bool) -> None:
        """From the link: more of the answer."""
        if part:
            self.unread += len(part)
            self._parts.put_nowait(part)
        if end:
            self._over = True
            self._parts.put_nowait(None)

    def lose(self, why: str) -> None:
        """From the link: no more will come."""
        self._over = True
        self._parts.put_nowait(Lost(why))

    async def _exactly(self, count: int) -> bytes:
        await self._gather(count)
        taken = bytes(self._begun[:count])
        del self._begun[:count]
        return taken

    async def _gather(self, count: int) -> None:
        while len(self._begun) < count:
            part = await self._parts.get()
            if not isinstance(part, bytes):
                raise Lost("no answer")
            self._begun += self._read(part)

    def _read(self, part: bytes) -> bytes:
        # Only now: a slow visitor slows the connector down, and nothing piles up in between.
        self.unread -= len(part)
        self._link.acknowledge_soon()
        return part


class QuicLink(QuicConnectionProtocol):
    """The connection itself: see `link.Link`. `opened` runs once the handshake is done, `lost` when it is gone."""

    def __init__(self, location: str, opened: Opened, lost: Gone, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.location = location
        self.peer = ""
        self._opened, self._lost = opened, lost
        self._streams = {_CONTROL: QuicStream(self, _CONTROL, sent=False)}
        self._acknowledged = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._gone = self._retiring = False
        self._quic._write_stream_limits = self._write_stream_limits

    async def control(self) -> Stream:
        return self._streams[_CONTROL]

    def request(
        self, method: bytes, host: bytes, path: bytes, headers: Sequence[tuple[bytes, bytes]], ends: bool, socket: bool
    ) -> Stream:
        head = quic_heads.request(method, host, path, headers, body=not ends and not socket, socket=socket)
        return self._open(head, ends)

    async def configure(self, version: int, config: bytes) -> Applied:
        stream = self._open(quic_heads.CALLS, ends=False)
        try:
            async with rpc.over(stream) as (wire, _):
                manager = rpc.library.TwoPartyClient(wire).bootstrap().cast_as(rpc.SCHEMA.Configurations)
                said = (await manager.update(version, config)).result
                await stream.send(end=True)
                if said.refusal:
                    log.warning("%s says of rules version %d: %s", self.peer, version, said.refusal)
                return Applied(said.version, bool(said.refusal))
        except rpc.library.KjException as mistake:
            raise Lost(str(mistake)) from mistake
        finally:
            stream.close()

    def retire(self, but: Stream | None = None) -> None:
        self._retiring, self._kept = True, but
        self._leave_if_done()

    def close(self, error_code: int = 0, reason_phrase: str = "") -> None:
        super().close(error_code, reason_phrase)
        self._end("the connection is closed")

    def abort(self) -> None:
        self.close(_CUT)

    def _open(self, head: bytes, ends: bool) -> QuicStream:
        if self._gone:
            raise Lost("the connection is closed")
        number = self._quic.get_next_available_stream_id()
        stream = self._streams[number] = QuicStream(self, number, sent=ends)
        self._quic.send_stream_data(number, head, ends)
        self._transmit_soon()
        return stream

    # What streams ask for.

    async def transmit_on(self, number: int, data: bytes, end: bool) -> None:
        try:
            self._quic.send_stream_data(number, data, end)
        except (RuntimeError, ValueError) as mistake:  # the connector wants no more, or is gone
            raise Lost(str(mistake)) from mistake
        self._transmit_soon()
        while self._unsent(number) > _UNSENT:
            self._acknowledged.clear()
            await self._acknowledged.wait()
        if self._gone:
            raise Lost("the connection is closed")

    def _unsent(self, number: int) -> int:
        # The library tells nobody how much it holds.
        stream = self._quic._streams.get(number)
        if self._gone or stream is None or stream.sender._reset_error_code is not None:
            return 0
        return len(stream.sender._buffer)

    def acknowledge_soon(self) -> None:
        """Lets the connector know what has been read."""
        self._transmit_soon()

    def _write_stream_limits(self, builder: Any, space: Any, stream: Any) -> None:
        """What the connector may send on a stream: a window more than has been read of it.

        In place of the library's own rule, by which the window grows with what arrives, read or not.
        """
        del space
        unread = self._streams[stream.stream_id].unread if stream.stream_id in self._streams else 0
        allowed = stream.receiver.starting_offset() - unread + _WINDOW
        if allowed - stream.max_stream_data_local >= _WINDOW // 2:
            stream.max_stream_data_local = allowed
        if stream.max_stream_data_local_sent == stream.max_stream_data_local or stream.receiver.is_finished:
            return
        said = self._quic._on_max_stream_data_delivery
        kind = QuicFrameType.MAX_STREAM_DATA
        frame = builder.start_frame(kind, MAX_STREAM_DATA_FRAME_CAPACITY, handler=said, handler_args=(stream,))
        frame.push_uint_var(stream.stream_id)
        frame.push_uint_var(stream.max_stream_data_local)
        stream.max_stream_data_local_sent = stream.max_stream_data_local

    def finish(self, number: int, *, unread: bool, unsent: bool) -> None:
        if self._streams.pop(number, None) and not self._gone:
            known = number in self._quic._streams
            if unread and known:
                self._quic.stop_stream(number, 0)
            if unsent and known:
                self._quic.reset_stream(number, 0)
            self._transmit_soon()
        self._leave_if_done()

    def _leave_if_done(self) -> None:
        if self._retiring and not self._gone and all(stream is self._kept for stream in self._streams.values()):
            self.close()

    # What the library tells.

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        self.peer = addr[0]
        super().datagram_received(data, addr)
        self._acknowledged.set()

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, HandshakeCompleted):
            self._work = asyncio.get_running_loop().create_task(self._opened(self))
        elif isinstance(event, StreamDataReceived):
            if stream := self._streams.get(event.stream_id):
                stream.take(event.data, event.end_stream)
        elif isinstance(event, StreamReset):
            if stream := self._streams.get(event.stream_id):
                stream.lose("the answer was cut short")
        elif isinstance(event, StopSendingReceived):
            self._acknowledged.set()
        elif isinstance(event, ConnectionTerminated):
            self._end("the connection is gone")

    def _end(self, why: str) -> None:
        if self._gone:
            return
        self._gone = True
        self._acknowledged.set()
        for stream in list(self._streams.values()):
            stream.lose(why)
        self._lost(self)


def server(leaf: Leaf, made: Callable[..., QuicLink]) -> QuicServer:
    """What answers datagrams; `made` is given the library's arguments, and gives the link for them."""
    x25519mlkem768.teach()
    configuration = QuicConfiguration(
        is_client=False,
        alpn_protocols=["argotunnel"],
        certificate=leaf.certificate,
        certificate_chain=leaf.chain,
        private_key=leaf.key,
        # Connectors insist on datagrams, for private networks; none come that have to be answered here.
        max_datagram_frame_size=1 << 16,
        max_data=1 << 24,
        max_stream_data=_WINDOW,
    )
    return QuicServer(configuration=configuration, create_protocol=made)

"""A tunnel connection over QUIC, the transport that connectors prefer.

The connector opens the first stream, for control; the edge opens one for each request and each configuration push
(connection/quic_connection.go of cloudflare/cloudflared).
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

from sandbox.edge import quic_headers, rpc, x25519mlkem768
from sandbox.edge.certificate_authority import ServerCertificate
from sandbox.edge.tunnel_connection import (
    ConfigurationResult,
    ConnectionLost,
    Headers,
    OnClosed,
    OnOpened,
    Response,
    Stream,
    TunnelConnection,
)

_CONTROL_STREAM = 0
"""The id of the first stream that a client opens."""
_MAX_UNSENT = 1 << 20
_WINDOW = 1 << 20
_INTERNAL_ERROR = 1
"""https://www.rfc-editor.org/rfc/rfc9000#name-transport-error-codes"""
log = logging.getLogger(__name__)


class QuicStream:
    """One request and its response: see `tunnel_connection.Stream`."""

    def __init__(self, connection: "QuicTunnelConnection", stream_id: int, *, request_ended: bool) -> None:
        self.stream_id = stream_id
        self.trailers: Headers = []
        """Always empty: cloudflared sends no trailers over QUIC."""
        self.unread = 0
        """Bytes received and not yet read."""
        self._connection = connection
        self._parts: asyncio.Queue[bytes | ConnectionLost | None] = asyncio.Queue()
        self._buffer = bytearray()
        self._request_ended = request_ended
        self._response_ended = False

    async def response(self) -> Response:
        if await self._read_exactly(len(quic_headers.DATA)) != quic_headers.DATA:
            raise ConnectionLost("the response does not begin with the data stream's signature")
        size = 0
        while size != (size := quic_headers.message_length(self._buffer)):
            await self._fill(size)
        return quic_headers.decode_response(await self._read_exactly(size))

    async def body(self) -> AsyncIterator[bytes]:
        if self._buffer:
            yield bytes(self._buffer)
            self._buffer.clear()
        while (part := await self._parts.get()) is not None:
            if isinstance(part, ConnectionLost):
                raise part
            yield self._mark_read(part)

    async def send(self, data: bytes = b"", *, end: bool = False) -> None:
        if self._request_ended:
            raise ConnectionLost("the stream is closed")
        self._request_ended = end
        await self._connection.send_data(self.stream_id, data, end)

    def close(self) -> None:
        self._connection.close_stream(
            self.stream_id, stop_sending=not self._response_ended, reset=not self._request_ended
        )

    def receive(self, part: bytes, end_stream: bool) -> None:
        """Takes more of the response from the connection."""
        if part:
            self.unread += len(part)
            self._parts.put_nowait(part)
        if end_stream:
            self._response_ended = True
            self._parts.put_nowait(None)

    def fail(self, reason: str) -> None:
        """Ends the response early: the stream was reset, or the connection closed."""
        self._response_ended = True
        self._parts.put_nowait(ConnectionLost(reason))

    async def _read_exactly(self, count: int) -> bytes:
        await self._fill(count)
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    async def _fill(self, count: int) -> None:
        while len(self._buffer) < count:
            part = await self._parts.get()
            if not isinstance(part, bytes):
                raise ConnectionLost("no response")
            self._buffer += self._mark_read(part)

    def _mark_read(self, part: bytes) -> bytes:
        # On reading, not on arrival: a slow visitor slows the connector down and nothing piles up.
        self.unread -= len(part)
        self._connection.update_windows()
        return part


class QuicTunnelConnection(QuicConnectionProtocol, TunnelConnection):
    """The connection: see `tunnel_connection.TunnelConnection`.

    `on_opened` runs once the handshake is complete, `on_closed` when the connection is closed.
    """

    def __init__(
        self, location: str, on_opened: OnOpened, on_closed: OnClosed, *arguments: Any, **keywords: Any
    ) -> None:
        super().__init__(*arguments, **keywords)
        self.location = location
        self.peer = ""
        self._on_opened, self._on_closed = on_opened, on_closed
        self._streams: dict[int, QuicStream] = {_CONTROL_STREAM: QuicStream(self, _CONTROL_STREAM, request_ended=False)}
        self._acknowledged = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False
        self._quic._write_stream_limits = self._write_stream_limits

    async def control_stream(self) -> Stream:
        return self._streams[_CONTROL_STREAM]

    def request(
        self,
        method: bytes,
        host: bytes,
        path: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        *,
        end_stream: bool,
        websocket: bool,
    ) -> Stream:
        has_body = not end_stream and not websocket
        encoded = quic_headers.encode_request(method, host, path, headers, has_body=has_body, websocket=websocket)
        return self._open(encoded, end_stream)

    async def push_configuration(self, version: int, config: bytes) -> ConfigurationResult:
        stream = self._open(quic_headers.RPC, end_stream=False)
        try:
            async with rpc.transport(stream) as (wire, _):
                manager = rpc.capnp.TwoPartyClient(wire).bootstrap().cast_as(rpc.SCHEMA.ConfigurationManager)
                result = (await manager.updateConfiguration(version, config)).result
                await stream.send(end=True)
                if result.err:
                    log.warning("%s rejects configuration version %d: %s", self.peer, version, result.err)
                return ConfigurationResult(result.latestAppliedVersion, bool(result.err))
        except rpc.capnp.KjException as error:
            raise ConnectionLost(str(error)) from error
        finally:
            stream.close()

    def close(self, error_code: int = 0, reason_phrase: str = "") -> None:
        if not self._is_closed:
            super().close(error_code, reason_phrase)
            self._handle_close("the connection is closed")

    def abort(self) -> None:
        self.close(_INTERNAL_ERROR)

    def _open(self, data: bytes, end_stream: bool) -> QuicStream:
        if self._is_closed:
            raise ConnectionLost("the connection is closed")
        stream_id = self._quic.get_next_available_stream_id()
        stream = self._streams[stream_id] = QuicStream(self, stream_id, request_ended=end_stream)
        self._quic.send_stream_data(stream_id, data, end_stream)
        self._transmit_soon()
        return stream

    # Called by streams.

    async def send_data(self, stream_id: int, data: bytes, end_stream: bool) -> None:
        try:
            self._quic.send_stream_data(stream_id, data, end_stream)
        except (RuntimeError, ValueError) as error:  # the connector stopped the stream, or closed the connection
            raise ConnectionLost(str(error)) from error
        self._transmit_soon()
        while self._unsent(stream_id) > _MAX_UNSENT:
            self._acknowledged.clear()
            await self._acknowledged.wait()
        if self._is_closed:
            raise ConnectionLost("the connection is closed")

    def _unsent(self, stream_id: int) -> int:
        # aioquic has no public interface for the amount of data that it buffers.
        stream = self._quic._streams.get(stream_id)
        if self._is_closed or stream is None or stream.sender._reset_error_code is not None:
            return 0
        return len(stream.sender._buffer)

    def update_windows(self) -> None:
        """Sends what `_write_stream_limits` has to send."""
        self._transmit_soon()

    def _write_stream_limits(self, builder: Any, space: Any, stream: Any) -> None:
        """Lets the connector send one window more on a stream than has been read from it.

        Replaces aioquic's own rule, by which the window grows with what arrives, read or not.
        """
        del space
        unread = self._streams[stream.stream_id].unread if stream.stream_id in self._streams else 0
        allowed = stream.receiver.starting_offset() - unread + _WINDOW
        if allowed - stream.max_stream_data_local >= _WINDOW // 2:
            stream.max_stream_data_local = allowed
        if stream.max_stream_data_local_sent == stream.max_stream_data_local or stream.receiver.is_finished:
            return
        frame = builder.start_frame(
            QuicFrameType.MAX_STREAM_DATA,
            MAX_STREAM_DATA_FRAME_CAPACITY,
            handler=self._quic._on_max_stream_data_delivery,
            handler_args=(stream,),
        )
        frame.push_uint_var(stream.stream_id)
        frame.push_uint_var(stream.max_stream_data_local)
        stream.max_stream_data_local_sent = stream.max_stream_data_local

    def close_stream(self, stream_id: int, *, stop_sending: bool, reset: bool) -> None:
        if self._streams.pop(stream_id, None) and not self._is_closed:
            known = stream_id in self._quic._streams
            if stop_sending and known:
                self._quic.stop_stream(stream_id, 0)
            if reset and known:
                self._quic.reset_stream(stream_id, 0)
            self._transmit_soon()
        self._close_if_drained()

    # Called by aioquic.

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        self.peer = addr[0]
        super().datagram_received(data, addr)
        self._acknowledged.set()

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, HandshakeCompleted):
            self._task = asyncio.get_running_loop().create_task(self._on_opened(self))
        elif isinstance(event, StreamDataReceived):
            if stream := self._streams.get(event.stream_id):
                stream.receive(event.data, event.end_stream)
        elif isinstance(event, StreamReset):
            if stream := self._streams.get(event.stream_id):
                stream.fail("the response was cut short")
        elif isinstance(event, StopSendingReceived):
            self._acknowledged.set()
        elif isinstance(event, ConnectionTerminated):
            self._handle_close("the connector closed the connection")

    def _handle_close(self, reason: str) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._acknowledged.set()
        for stream in list(self._streams.values()):
            stream.fail(reason)
        self._on_closed(self)


def server(certificate: ServerCertificate, create_connection: Callable[..., QuicTunnelConnection]) -> QuicServer:
    """The datagram protocol of an edge address; `create_connection` gets aioquic's arguments for a new connection."""
    x25519mlkem768.install()
    configuration = QuicConfiguration(
        is_client=False,
        alpn_protocols=["argotunnel"],
        certificate=certificate.certificate,
        certificate_chain=certificate.chain,
        private_key=certificate.key,
        # Connectors require datagrams, for private networks; the edge does not have to answer any.
        max_datagram_frame_size=1 << 16,
        max_data=1 << 24,
        max_stream_data=_WINDOW,
    )
    return QuicServer(configuration=configuration, create_protocol=create_connection)

"""A connection over TCP and TLS, as the connector dials, then HTTP/2 with the roles turned round.

The connector, having dialled, serves; the edge is the client and opens every stream (connection/http2.go of
cloudflare/cloudflared).
"""

import asyncio
import base64
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from typing import cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from sandbox.edge.tunnel_connection import Answer, Applied, Gone, Headers, Lost, Opened, Stream

UPGRADE = b"cf-cloudflared-proxy-connection-upgrade"
"""The header that tells special streams from plain requests."""
_HOST = b"h2.cftunnel.com"
_TOLD = (ResponseReceived, DataReceived, TrailersReceived, StreamEnded, StreamReset)
_STREAM_WINDOW = 1 << 20
_WINDOW = 1 << 24
_HEAD = 1 << 18
log = logging.getLogger(__name__)


class Http2Stream:
    """One request and its answer: see `link.Stream`."""

    def __init__(self, link: "Http2Link", number: int, *, sent: bool) -> None:
        self.number = number
        self.trailers: Headers = []
        self._link = link
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._window = asyncio.Event()
        self._over = False
        """The connector has said all that it will say on this stream."""
        self._sent = sent
        """And so has the edge."""

    async def answer(self) -> Answer:
        event = await self._events.get()
        if not isinstance(event, ResponseReceived):
            raise Lost("no answer")
        return _answer(dict(cast(Headers, event.headers)))

    async def body(self) -> AsyncIterator[bytes]:
        while not isinstance(event := await self._events.get(), StreamEnded):
            if isinstance(event, DataReceived):
                # Only now: a slow visitor slows the connector down, and nothing piles up in between.
                self._link.consumed(event)
                yield event.data or b""
            elif isinstance(event, TrailersReceived):
                self.trailers = cast(Headers, event.headers)
            else:
                raise Lost("the answer was cut short")

    async def send(self, data: bytes = b"", *, end: bool = False) -> None:
        rest = memoryview(data)
        while rest or end:
            if self._over:
                raise Lost("the stream is closed")
            room = min(self._link.room(self.number), len(rest))
            if rest and not room:
                self._window.clear()
                await self._window.wait()
                continue
            part, rest = rest[:room], rest[room:]
            self._sent = end and not rest
            self._link.transmit(self.number, part.tobytes(), self._sent)
            await self._link.writable.wait()
            if self._sent:
                return

    def close(self) -> None:
        self._link.finish(self, reset=not (self._over and self._sent))
        while not self._events.empty():
            event = self._events.get_nowait()
            if isinstance(event, DataReceived):
                self._link.consumed(event)

    def take(self, event: Event | None) -> None:
        """From the link: the next event of this stream, None when the link is gone."""
        if event is None or isinstance(event, StreamEnded | StreamReset):
            self._over = True
        if event is None or isinstance(event, _TOLD):
            self._events.put_nowait(event)
        self.wake()

    def wake(self) -> None:
        """From the link: there may be room to send again."""
        self._window.set()


class Http2Link(asyncio.Protocol):
    """The connection itself: see `link.Link`. `opened` runs once the connector has spoken HTTP/2, `lost` when it is gone."""

    def __init__(self, location: str, opened: Opened, lost: Gone) -> None:
        self.location = location
        self.writable = asyncio.Event()
        self.writable.set()
        self.peer = ""
        self._opened, self._lost = opened, lost
        self._streams: dict[int, Http2Stream] = {}
        self._work: asyncio.Task[None] | None = None
        self._retiring = False
        config = H2Configuration(
            client_side=True, header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self._h2 = H2Connection(config)
        # As initial values, before the first frame: h2 changes windows only when a later frame is acknowledged, and a
        # connector that had begun to send by then would stop for good at 64 KiB.
        self._h2.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: _STREAM_WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: _HEAD,
            },
        )
        self._h2.decoder.max_header_list_size = _HEAD

    async def control(self) -> Stream:
        stream = self._special(b"GET", b"control-stream", [])
        try:
            await stream.answer()
        except BaseException:
            stream.close()
            raise
        return stream

    def request(
        self, method: bytes, host: bytes, path: bytes, headers: Sequence[tuple[bytes, bytes]], ends: bool, socket: bool
    ) -> Http2Stream:
        if self._transport.is_closing():
            raise Lost("the connection is closed")
        number = self._h2.get_next_available_stream_id()
        stream = self._streams[number] = Http2Stream(self, number, sent=ends)
        head = [(b":method", method), (b":scheme", b"https"), (b":authority", host), (b":path", path), *headers]
        if socket:
            head.append((UPGRADE, b"websocket"))
        self._h2.send_headers(number, head, end_stream=ends)
        self._flush()
        return stream

    async def configure(self, version: int, config: bytes) -> Applied:
        body = b'{"version":%d,"config":%s}' % (version, config)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        stream = self._special(b"POST", b"update-configuration", headers)
        try:
            await stream.send(body, end=True)
            await stream.answer()
            said = json.loads(b"".join([part async for part in stream.body()]))
        finally:
            stream.close()
        # Why it refused is lost here: what connectors send of it is `{}`.
        return Applied(said["lastAppliedVersion"], said["err"] is not None)

    def _special(self, method: bytes, kind: bytes, headers: Headers) -> Http2Stream:
        return self.request(method, _HOST, b"/", [(UPGRADE, kind), *headers], False, False)

    def retire(self, but: Stream | None = None) -> None:
        self._retiring, self._kept = True, but
        self._leave_if_done()

    def close(self) -> None:
        with contextlib.suppress(ProtocolError):
            self._h2.close_connection()
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    # What streams ask for.

    def room(self, number: int) -> int:
        """Bytes of body that this stream may send in one frame now."""
        if number not in self._streams:
            raise Lost("the stream is closed")
        return max(0, min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size))

    def transmit(self, number: int, data: bytes, end: bool) -> None:
        try:
            self._h2.send_data(number, data, end_stream=end)
        except ProtocolError as mistake:
            raise Lost(str(mistake)) from mistake
        self._flush()

    def consumed(self, event: DataReceived) -> None:
        """Gives the connector its window back: for the connection always, for the stream while it is open."""
        if event.flow_controlled_length:
            with contextlib.suppress(ProtocolError, KeyError):
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id or 0)
            self._flush()

    def finish(self, stream: Http2Stream, *, reset: bool) -> None:
        if self._streams.pop(stream.number, None) and reset:
            with contextlib.suppress(ProtocolError):
                self._h2.reset_stream(stream.number, ErrorCodes.CANCEL)
            self._flush()
        self._leave_if_done()

    def _leave_if_done(self) -> None:
        if self._retiring and all(stream is self._kept for stream in self._streams.values()):
            self.close()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.peer = transport.get_extra_info("peername")[0]
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_WINDOW - 65_535)
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except ProtocolError as mistake:
            log.warning("%s does not speak HTTP/2: %s", self.peer, mistake)
            self._flush()
            self._transport.close()
            return
        for event in events:
            self._dispatch(event)
        self._flush()

    def _dispatch(self, event: Event) -> None:
        number = getattr(event, "stream_id", None)
        if isinstance(event, RemoteSettingsChanged):
            if self._work is None:
                self._work = asyncio.get_running_loop().create_task(self._opened(self))
            self._wake()
        elif isinstance(event, WindowUpdated) and not number:
            self._wake()
        elif isinstance(event, ConnectionTerminated):
            log.info("%s takes no more requests (%s)", self.peer, event.error_code)
            self._lost(self)
        elif number in self._streams:
            self._streams[number].take(event)
        elif isinstance(event, DataReceived):
            self.consumed(event)

    def _wake(self) -> None:
        for stream in self._streams.values():
            stream.wake()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.writable.set()
        for stream in list(self._streams.values()):
            stream.take(None)
        self._lost(self)


def _answer(head: dict[bytes, bytes]) -> Answer:
    """Connectors pack the origin's headers into one: `name:value;…`, both in base64 without padding."""
    packed = head.get(b"cf-cloudflared-response-headers", b"")
    pairs = (pair.split(b":", 1) for pair in packed.split(b";") if pair)
    headers = [(_decoded(name), _decoded(value)) for name, value in pairs]
    if b"content-length" in head and not any(name.lower() == b"content-length" for name, _ in headers):
        headers.append((b"content-length", head[b"content-length"]))
    said = json.loads(head.get(b"cf-cloudflared-response-meta", b"{}"))
    status = int(head[b":status"])
    return Answer(status, headers, unreachable=status == 502 and said.get("src") == "cloudflared")


def _decoded(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4))

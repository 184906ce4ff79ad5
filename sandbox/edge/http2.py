"""A tunnel connection over HTTP/2: the connector dials TCP and TLS, then acts as the HTTP/2 server.

The edge is the HTTP/2 client and opens every stream (connection/http2.go of cloudflare/cloudflared).
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

UPGRADE = b"cf-cloudflared-proxy-connection-upgrade"
"""The request header that marks control, configuration and WebSocket streams; plain requests do not have it."""
_HOST = b"h2.cftunnel.com"
_STREAM_EVENTS = (ResponseReceived, DataReceived, TrailersReceived, StreamEnded, StreamReset)
_STREAM_WINDOW = 1 << 20
_CONNECTION_WINDOW = 1 << 24
_MAX_HEADERS = 1 << 18
log = logging.getLogger(__name__)


class Http2Stream:
    """One request and its response: see `tunnel_connection.Stream`."""

    def __init__(self, connection: "Http2TunnelConnection", stream_id: int, *, request_ended: bool) -> None:
        self.stream_id = stream_id
        self.trailers: Headers = []
        self._connection = connection
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._window = asyncio.Event()
        self._request_ended = request_ended
        self._response_ended = False

    async def response(self) -> Response:
        event = await self._events.get()
        if not isinstance(event, ResponseReceived):
            raise ConnectionLost("no response")
        return _response(dict(cast(Headers, event.headers)))

    async def body(self) -> AsyncIterator[bytes]:
        while not isinstance(event := await self._events.get(), StreamEnded):
            if isinstance(event, DataReceived):
                # Acknowledged on reading, not on arrival: a slow visitor slows the connector down and nothing piles up.
                self._connection.acknowledge(event)
                yield event.data or b""
            elif isinstance(event, TrailersReceived):
                self.trailers = cast(Headers, event.headers)
            else:
                raise ConnectionLost("the response was cut short")

    async def send(self, data: bytes = b"", *, end: bool = False) -> None:
        rest = memoryview(data)
        while rest or end:
            if self._response_ended:
                raise ConnectionLost("the stream is closed")
            size = min(self._connection.send_window(self.stream_id), len(rest))
            if rest and not size:
                self._window.clear()
                await self._window.wait()
                continue
            part, rest = rest[:size], rest[size:]
            self._request_ended = end and not rest
            self._connection.send_data(self.stream_id, part.tobytes(), self._request_ended)
            await self._connection.writable.wait()
            if self._request_ended:
                return

    def close(self) -> None:
        self._connection.close_stream(self, reset=not (self._request_ended and self._response_ended))
        while not self._events.empty():
            event = self._events.get_nowait()
            if isinstance(event, DataReceived):
                self._connection.acknowledge(event)

    def handle(self, event: Event | None) -> None:
        """Takes the next event of this stream from the connection; None once the connection is closed."""
        if event is None or isinstance(event, StreamEnded | StreamReset):
            self._response_ended = True
        if event is None or isinstance(event, _STREAM_EVENTS):
            self._events.put_nowait(event)
        self.window_updated()

    def window_updated(self) -> None:
        self._window.set()


class Http2TunnelConnection(asyncio.Protocol, TunnelConnection):
    """The connection: see `tunnel_connection.TunnelConnection`.

    `on_opened` runs once the connector has sent its SETTINGS frame, `on_closed` when the connection is closed.
    """

    def __init__(self, location: str, on_opened: OnOpened, on_closed: OnClosed) -> None:
        self.location = location
        self.writable = asyncio.Event()
        self.writable.set()
        self.peer = ""
        self._on_opened, self._on_closed = on_opened, on_closed
        self._streams: dict[int, Http2Stream] = {}
        self._task: asyncio.Task[None] | None = None
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
                SettingCodes.MAX_HEADER_LIST_SIZE: _MAX_HEADERS,
            },
        )
        self._h2.decoder.max_header_list_size = _MAX_HEADERS

    async def control_stream(self) -> Stream:
        stream = self._special_stream(b"GET", b"control-stream", [])
        try:
            await stream.response()
        except BaseException:
            stream.close()
            raise
        return stream

    def request(
        self,
        method: bytes,
        host: bytes,
        path: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        *,
        end_stream: bool,
        websocket: bool,
    ) -> Http2Stream:
        if self._transport.is_closing():
            raise ConnectionLost("the connection is closed")
        stream_id = self._h2.get_next_available_stream_id()
        stream = self._streams[stream_id] = Http2Stream(self, stream_id, request_ended=end_stream)
        pseudo_headers = [(b":method", method), (b":scheme", b"https"), (b":authority", host), (b":path", path)]
        upgrade = [(UPGRADE, b"websocket")] if websocket else []
        self._h2.send_headers(stream_id, [*pseudo_headers, *headers, *upgrade], end_stream=end_stream)
        self._flush()
        return stream

    async def push_configuration(self, version: int, config: bytes) -> ConfigurationResult:
        body = b'{"version":%d,"config":%s}' % (version, config)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        stream = self._special_stream(b"POST", b"update-configuration", headers)
        try:
            await stream.send(body, end=True)
            await stream.response()
            result = json.loads(b"".join([part async for part in stream.body()]))
        finally:
            stream.close()
        # The reason of a rejection does not come over HTTP/2: the connector sends `{}` in its place.
        return ConfigurationResult(result["lastAppliedVersion"], result["err"] is not None)

    def _special_stream(self, method: bytes, kind: bytes, headers: Headers) -> Http2Stream:
        return self.request(method, _HOST, b"/", [(UPGRADE, kind), *headers], end_stream=False, websocket=False)

    def close(self) -> None:
        with contextlib.suppress(ProtocolError):
            self._h2.close_connection()
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    # Called by streams.

    def send_window(self, stream_id: int) -> int:
        """Bytes of body that this stream may send in one frame now."""
        if stream_id not in self._streams:
            raise ConnectionLost("the stream is closed")
        return max(0, min(self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size))

    def send_data(self, stream_id: int, data: bytes, end_stream: bool) -> None:
        try:
            self._h2.send_data(stream_id, data, end_stream=end_stream)
        except ProtocolError as error:
            raise ConnectionLost(str(error)) from error
        self._flush()

    def acknowledge(self, event: DataReceived) -> None:
        """Returns the window of this data: for the connection always, for the stream while it is open."""
        if event.flow_controlled_length:
            with contextlib.suppress(ProtocolError, KeyError):
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id or 0)
            self._flush()

    def close_stream(self, stream: Http2Stream, *, reset: bool) -> None:
        if self._streams.pop(stream.stream_id, None) and reset:
            with contextlib.suppress(ProtocolError):
                self._h2.reset_stream(stream.stream_id, ErrorCodes.CANCEL)
            self._flush()
        self._close_if_drained()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)

    # Called by the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.peer = transport.get_extra_info("peername")[0]
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_CONNECTION_WINDOW - 65_535)
        self._flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self._h2.receive_data(data)
        except ProtocolError as error:
            log.warning("%s does not speak HTTP/2: %s", self.peer, error)
            self._flush()
            self._transport.close()
            return
        for event in events:
            self._handle(event)
        self._flush()

    def _handle(self, event: Event) -> None:
        stream_id = getattr(event, "stream_id", None)
        if isinstance(event, RemoteSettingsChanged):
            if self._task is None:
                self._task = asyncio.get_running_loop().create_task(self._on_opened(self))
            self._window_updated()
        elif isinstance(event, WindowUpdated) and not stream_id:
            self._window_updated()
        elif isinstance(event, ConnectionTerminated):
            log.info("%s sent GOAWAY (%s)", self.peer, event.error_code)
            self._on_closed(self)
        elif stream_id in self._streams:
            self._streams[stream_id].handle(event)
        elif isinstance(event, DataReceived):
            self.acknowledge(event)

    def _window_updated(self) -> None:
        for stream in self._streams.values():
            stream.window_updated()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.writable.set()
        for stream in list(self._streams.values()):
            stream.handle(None)
        self._on_closed(self)


def _response(headers: dict[bytes, bytes]) -> Response:
    """Unpacks the origin's headers, which the connector sends in one: `name:value;…`, in base64 without padding."""
    packed = headers.get(b"cf-cloudflared-response-headers", b"")
    pairs = (pair.split(b":", 1) for pair in packed.split(b";") if pair)
    origin_headers = [(_decode(name), _decode(value)) for name, value in pairs]
    if b"content-length" in headers and not any(name.lower() == b"content-length" for name, _ in origin_headers):
        origin_headers.append((b"content-length", headers[b"content-length"]))
    meta = json.loads(headers.get(b"cf-cloudflared-response-meta", b"{}"))
    status = int(headers[b":status"])
    unreachable = status == 502 and meta.get("src") == "cloudflared"
    return Response(status, origin_headers, origin_unreachable=unreachable)


def _decode(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4))

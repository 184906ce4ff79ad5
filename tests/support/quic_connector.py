"""The connector for tests over QUIC."""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StopSendingReceived, StreamDataReceived, StreamReset

from sandbox.edge import quic_headers, rpc
from sandbox.edge.http2 import UPGRADE
from sandbox.edge.rpc import SCHEMA
from tests.support.edge_connector import Connector, IncomingStream

_MAX_UNSENT = 1 << 20


class QuicConnector(Connector):
    """One connection, with the methods of its base class; requests have the pseudo-headers of HTTP/2."""

    async def dial(self, port: int, authority: Path, name: str = "quic.cftunnel.com") -> "QuicConnector":
        configuration = QuicConfiguration(
            alpn_protocols=["argotunnel"], cafile=str(authority), server_name=name, max_datagram_frame_size=1 << 16
        )
        self._buffers: dict[int, bytearray] = {}
        self._transport, self._client = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Client(self, QuicConnection(configuration=configuration)), local_addr=("127.0.0.1", 0)
        )
        self._client.connect(("127.0.0.1", port))
        await self._client.wait_connected()
        stream_id = self._client._quic.get_next_available_stream_id()
        self._streams[stream_id] = IncomingStream({})
        self._spawn(self._run_control(stream_id, self._streams[stream_id]))
        return self

    async def send_headers(self, stream: int, status: int, headers: dict[str, str], source: str = "origin") -> None:
        status = 101 if "Upgrade" in headers else status
        message = SCHEMA.ConnectResponse.new_message(error=b"" if source == "origin" else b"rejected\0")
        metadata = [("HttpStatus", str(status)), *((f"HttpHeader:{name}", value) for name, value in headers.items())]
        fields = message.init("metadata", len(metadata))
        for item, (key, value) in zip(fields, metadata, strict=True):
            item.key, item.val = key.encode() + b"\0", value.encode("latin-1") + b"\0"
        await self.send(stream, quic_headers.DATA + message.to_bytes(), end=False)

    async def send(self, stream: int, body: bytes, *, end: bool = True) -> None:
        self._client._quic.send_stream_data(stream, body, end)
        self._client.transmit()
        while (sending := self._client._quic._streams.get(stream)) and len(sending.sender._buffer) > _MAX_UNSENT:
            self._room.clear()
            await self._room.wait()

    def abort(self) -> None:
        self._client.close()

    async def close(self) -> None:
        await super().close()
        self._transport.close()

    def handle(self, event: QuicEvent) -> None:
        if isinstance(event, ConnectionTerminated):
            self._connection_closed()
        elif isinstance(event, StreamDataReceived) and event.stream_id in self._streams:
            self._receive(self._streams[event.stream_id], event.data, event.end_stream)
        elif isinstance(event, StreamDataReceived):
            buffer = self._buffers.setdefault(event.stream_id, bytearray())
            buffer += event.data
            self._open(event.stream_id, bytes(buffer), event.end_stream)
        elif isinstance(event, StreamReset | StopSendingReceived) and event.stream_id in self._streams:
            self._streams[event.stream_id].reset.set()

    def acknowledged(self) -> None:
        self._room.set()

    def _open(self, stream: int, data: bytes, ended: bool) -> None:
        """Serves a new stream, once its headers are complete."""
        if data.startswith(quic_headers.RPC):
            incoming = self._streams[stream] = IncomingStream({})
            self._spawn(self._serve_rpc(stream, incoming))
            self._receive(incoming, data[len(quic_headers.RPC) :], ended)
        elif data.startswith(quic_headers.DATA):
            message = data[len(quic_headers.DATA) :]
            size = quic_headers.message_length(message)
            if len(message) >= size == quic_headers.message_length(message[:size]):
                incoming = self._streams[stream] = IncomingStream(_headers(message[:size]))
                self._spawn(self._serve_request(stream, incoming))
                self._receive(incoming, message[size:], ended)

    def _receive(self, incoming: IncomingStream, data: bytes, ended: bool) -> None:
        if data:
            incoming.body.put_nowait(data)
        if ended:
            incoming.body.put_nowait(None)

    async def _run_control(self, stream: int, incoming: IncomingStream) -> None:
        async with rpc.transport(_RpcStream(self, stream, incoming)) as (wire, ended):  # pyright: ignore[reportArgumentType]
            self._control.set_result(rpc.capnp.TwoPartyClient(wire).bootstrap().cast_as(SCHEMA.RegistrationServer))
            await ended
            await asyncio.Event().wait()  # until `close`: the client still reads the last reply

    async def _serve_rpc(self, stream: int, incoming: IncomingStream) -> None:
        async with rpc.transport(_RpcStream(self, stream, incoming)) as (wire, ended):  # pyright: ignore[reportArgumentType]
            server = rpc.capnp.TwoPartyServer(wire, bootstrap=_ConfigurationManager(self))
            await ended
            del server


class _RpcStream:
    """The part of `tunnel_connection.Stream` that `rpc.transport` uses."""

    def __init__(self, connector: QuicConnector, stream: int, incoming: IncomingStream) -> None:
        self.body = incoming.parts
        self.send = partial(connector.send, stream, end=False)


class _Client(QuicConnectionProtocol):
    def __init__(self, connector: QuicConnector, connection: QuicConnection) -> None:
        super().__init__(connection)
        self._connector = connector

    def quic_event_received(self, event: QuicEvent) -> None:
        self._connector.handle(event)

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        super().datagram_received(data, addr)
        self._connector.acknowledged()


class _ConfigurationManager(SCHEMA.ConfigurationManager.Server):
    def __init__(self, connector: QuicConnector) -> None:
        self._connector = connector

    async def updateConfiguration(self, version: int, config: bytes, _context: Any, **_: Any) -> None:
        connector = self._connector
        if not connector.reject_configurations:
            connector.configurations.append({"version": version, "config": json.loads(bytes(config))})
        result = _context.results.init("result")
        result.latestAppliedVersion = connector.configurations[-1]["version"] if connector.configurations else -1
        result.err = "a rule is wrong" if connector.reject_configurations else ""


def _headers(message: bytes) -> dict[bytes, list[bytes]]:
    headers: dict[bytes, list[bytes]] = {}
    with SCHEMA.ConnectRequest.from_bytes(message) as request:
        metadata = [(bytes(field.key)[:-1].decode(), bytes(field.val)[:-1]) for field in request.metadata]
        destination = bytes(request.dest)[:-1].removeprefix(b"https://")
        if str(request.type) == "websocket":
            headers[UPGRADE] = [b"websocket"]
    pseudo = {"HttpMethod": b":method", "HttpHost": b":authority"}
    for key, value in metadata:
        headers.setdefault(pseudo.get(key) or key.removeprefix("HttpHeader:").encode(), []).append(value)
    headers[b":path"] = [destination[destination.index(b"/") :]]
    return headers

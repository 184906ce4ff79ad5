"""The same played connector, over QUIC."""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StopSendingReceived, StreamDataReceived, StreamReset

from sandbox.edge import quic_heads, rpc
from sandbox.edge.http2 import UPGRADE
from sandbox.edge.rpc import SCHEMA
from tests.support.edge_connector import OPENED, Connector, Incoming

_UNSENT = 1 << 20


class QuicConnector(Connector):
    """One connection, with the same methods; requests have the same pseudo-headers."""

    async def dial(self, port: int, authority: Path, name: str = "quic.cftunnel.com") -> "QuicConnector":
        configuration = QuicConfiguration(
            alpn_protocols=["argotunnel"], cafile=str(authority), server_name=name, max_datagram_frame_size=1 << 16
        )
        self._begun: dict[int, bytearray] = {}
        self._transport, self._client = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Client(self, QuicConnection(configuration=configuration)), local_addr=("127.0.0.1", 0)
        )
        self._client.connect(("127.0.0.1", port))
        await self._client.wait_connected()
        number = self._client._quic.get_next_available_stream_id()
        self._streams[number] = Incoming({})
        self._spawn(self._run_control(number, self._streams[number]))
        return self

    async def head(self, stream: int, status: int, headers: dict[str, str], source: str = "origin") -> None:
        status = 101 if "Upgrade" in headers else status
        message = SCHEMA.AnswerHead.new_message(mistake=b"" if source == "origin" else b"refused\0")
        fields = [("HttpStatus", str(status)), *((f"HttpHeader:{name}", value) for name, value in headers.items())]
        listed = message.init("fields", len(fields))
        for place, (key, value) in zip(listed, fields, strict=True):
            place.key, place.value = key.encode() + b"\0", value.encode("latin-1") + b"\0"
        await self.send(stream, quic_heads.DATA + message.to_bytes(), end=False)

    async def send(self, stream: int, body: bytes, *, end: bool = True) -> None:
        self._client._quic.send_stream_data(stream, body, end)
        self._client.transmit()
        while (sending := self._client._quic._streams.get(stream)) and len(sending.sender._buffer) > _UNSENT:
            self._room.clear()
            await self._room.wait()

    def abort(self) -> None:
        self._client.close()

    async def close(self) -> None:
        await super().close()
        self._transport.close()

    def told(self, event: QuicEvent) -> None:
        if isinstance(event, ConnectionTerminated):
            self.closed.set()
        elif isinstance(event, StreamDataReceived) and event.stream_id in self._streams:
            self._pass_on(self._streams[event.stream_id], event.data, event.end_stream)
        elif isinstance(event, StreamDataReceived):
            begun = self._begun.setdefault(event.stream_id, bytearray())
            begun += event.data
            self._begin(event.stream_id, bytes(begun), event.end_stream)
        elif isinstance(event, StreamReset | StopSendingReceived) and event.stream_id in self._streams:
            self._streams[event.stream_id].reset.set()

    def acknowledged(self) -> None:
        self._room.set()

    def _begin(self, stream: int, begun: bytes, ended: bool) -> None:
        """Takes a stream in, once all of its head is there."""
        if begun.startswith(quic_heads.CALLS):
            incoming = self._streams[stream] = Incoming({})
            self._spawn(self._serve_calls(stream, incoming))
            self._pass_on(incoming, begun[len(quic_heads.CALLS) :], ended)
        elif begun.startswith(quic_heads.DATA):
            message = begun[len(quic_heads.DATA) :]
            size = quic_heads.length(message)
            if len(message) >= size == quic_heads.length(message[:size]):
                incoming = self._streams[stream] = Incoming(_headers(message[:size]))
                self._spawn(self._serve(stream, incoming))
                self._pass_on(incoming, message[size:], ended)

    def _pass_on(self, incoming: Incoming, data: bytes, ended: bool) -> None:
        if data:
            incoming.body.put_nowait(data)
        if ended:
            incoming.body.put_nowait(None)

    async def _serve(self, stream: int, incoming: Incoming) -> None:
        if incoming.header(":path") == OPENED:
            await self.reply(stream, 204, {}, b"")
        else:
            self.requests.append(incoming)
            await self.origin(self, stream, incoming)

    async def _run_control(self, stream: int, incoming: Incoming) -> None:
        async with rpc.over(_Pipe(self, stream, incoming)) as (wire, said):  # pyright: ignore[reportArgumentType] as much of a stream as is asked for
            self._control.set_result(rpc.library.TwoPartyClient(wire).bootstrap().cast_as(SCHEMA.Registration))
            await said

    async def _serve_calls(self, stream: int, incoming: Incoming) -> None:
        async with rpc.over(_Pipe(self, stream, incoming)) as (wire, said):  # pyright: ignore[reportArgumentType]
            server = rpc.library.TwoPartyServer(wire, bootstrap=_Configurations(self))
            await said
            del server


class _Pipe:
    def __init__(self, connector: QuicConnector, stream: int, incoming: Incoming) -> None:
        self.body = incoming.parts
        self.send = partial(connector.send, stream, end=False)


class _Client(QuicConnectionProtocol):
    def __init__(self, connector: QuicConnector, connection: QuicConnection) -> None:
        super().__init__(connection)
        self._connector = connector

    def quic_event_received(self, event: QuicEvent) -> None:
        self._connector.told(event)

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        super().datagram_received(data, addr)
        self._connector.acknowledged()


class _Configurations(SCHEMA.Configurations.Server):
    def __init__(self, connector: QuicConnector) -> None:
        self._connector = connector

    async def update(self, version: int, config: bytes, _context: Any, **_: Any) -> None:
        connector = self._connector
        if not connector.refuse_configurations:
            connector.configurations.append({"version": version, "config": json.loads(bytes(config))})
        said = _context.results.init("result")
        said.version = connector.configurations[-1]["version"] if connector.configurations else -1
        said.refusal = "a rule is wrong" if connector.refuse_configurations else ""


def _headers(message: bytes) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    with SCHEMA.RequestHead.from_bytes(message) as head:
        fields = [(bytes(field.key)[:-1].decode(), bytes(field.value)[:-1]) for field in head.fields]
        destination = bytes(head.destination)[:-1].removeprefix(b"https://")
        if str(head.kind) == "websocket":
            found[UPGRADE] = [b"websocket"]
    pseudo = {"HttpMethod": b":method", "HttpHost": b":authority"}
    for key, value in fields:
        found.setdefault(pseudo.get(key) or key.removeprefix("HttpHeader:").encode(), []).append(value)
    found[b":path"] = [destination[destination.index(b"/") :]]
    return found

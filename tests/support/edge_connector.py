"""A connector for tests: one HTTP/2 tunnel connection like cloudflared's, with optional faults."""

import asyncio
import base64
import contextlib
import json
import socket
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset, WindowUpdated

from sandbox.edge.http2 import UPGRADE
from sandbox.edge.rpc import SCHEMA, capnp


@dataclass
class IncomingStream:
    """One stream that the edge opened."""

    headers: dict[bytes, list[bytes]]
    body: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    reset: asyncio.Event = field(default_factory=asyncio.Event)

    def header(self, name: str) -> str | None:
        values = self.headers.get(name.encode())
        return values[0].decode("latin-1") if values else None

    async def read(self) -> bytes:
        """The whole body."""
        return b"".join([part async for part in self.parts()])

    async def parts(self) -> AsyncIterator[bytes]:
        while (part := await self.body.get()) is not None:
            yield part


READY_PATH = "/-/ready"
"""A path that the connector answers itself, with 204: requests reach it."""
Origin = Callable[["Connector", int, IncomingStream], Awaitable[None]]


async def hello(connector: "Connector", stream: int, _incoming: IncomingStream) -> None:
    await connector.reply(stream, 200, {"content-type": "text/plain"}, b"hello")


class Connector:
    """One connection. `origin` answers its requests; `configurations` are those pushed to it, in order."""

    def __init__(self, origin: Origin = hello, connector_id: str | None = None) -> None:
        self.id = connector_id or str(uuid.uuid4())
        self.origin = origin
        self.configurations: list[dict[str, Any]] = []
        self.reject_configurations = False
        self.closed = asyncio.Event()
        """Set once the edge, or a test, has closed the connection."""
        self.requests: list[IncomingStream] = []
        self._streams: dict[int, IncomingStream] = {}
        self._room = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self._control: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def dial(self, port: int, authority: Path, name: str = "h2.cftunnel.com") -> "Connector":
        context = ssl.create_default_context(cafile=authority)
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        self._h2.initiate_connection()
        self._flush()
        self._spawn(self._listen())
        return self

    async def register(self, token: str, index: int = 0) -> Any:
        """Registers with the token's credentials; the result, a union of `error` and `connectionDetails`."""
        claims = json.loads(base64.b64decode(token))
        self._server = await self._control
        options = SCHEMA.ConnectionOptions.new_message()
        options.client.clientId = uuid.UUID(self.id).bytes
        options.client.version, options.client.arch = "2026.1.0", "linux_test"
        options.client.features = ["allow_remote_config"]
        auth = {"accountTag": claims["a"], "tunnelSecret": base64.b64decode(claims["s"])}
        response = await self._server.registerConnection(auth, uuid.UUID(claims["t"]).bytes, index, options)
        return response.result.result

    async def unregister(self) -> None:
        await self._server.unregisterConnection()

    async def configured(self, version: int | None = None) -> dict[str, Any]:
        """The configuration of this version, or of any, once it has been pushed."""
        while True:
            for pushed in self.configurations:
                if version in (None, pushed["version"]):
                    return pushed["config"]
            await asyncio.sleep(0.01)

    async def reply(self, stream: int, status: int, headers: dict[str, str], body: bytes, *, end: bool = True) -> None:
        await self.send_headers(stream, status, headers)
        await self.send(stream, body, end=end)

    async def send_headers(self, stream: int, status: int, headers: dict[str, str], source: str = "origin") -> None:
        packed = ";".join(f"{_encode(name)}:{_encode(value)}" for name, value in headers.items())
        self._h2.send_headers(
            stream,
            [
                (b":status", str(status).encode()),
                (b"cf-cloudflared-response-headers", packed.encode()),
                (b"cf-cloudflared-response-meta", json.dumps({"src": source}).encode()),
            ],
        )
        self._flush()

    async def send(self, stream: int, body: bytes, *, end: bool = True) -> None:
        while body:
            room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size, len(body))
            if room:
                self._h2.send_data(stream, body[:room])
                body = body[room:]
                self._flush()
            else:
                self._room.clear()
                await self._room.wait()
        if end:
            self._h2.end_stream(stream)
            self._flush()

    def abort(self) -> None:
        self._writer.transport.abort()

    async def close(self) -> None:
        self.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while data := await self._reader.read(1 << 16):
                for event in self._h2.receive_data(data):
                    self._handle(event)
                self._flush()
        self._connection_closed()

    def _connection_closed(self) -> None:
        self.closed.set()
        for incoming in self._streams.values():
            incoming.body.put_nowait(None)  # so that an RPC call in flight fails

    def _handle(self, event: Any) -> None:
        if isinstance(event, RequestReceived) and event.stream_id and event.headers:
            headers: dict[bytes, list[bytes]] = {}
            for name, value in event.headers:
                headers.setdefault(bytes(name), []).append(bytes(value))
            incoming = self._streams[event.stream_id] = IncomingStream(headers)
            self._spawn(self._serve(event.stream_id, incoming))
        elif isinstance(event, DataReceived) and event.stream_id:
            self._streams[event.stream_id].body.put_nowait(event.data or b"")
            self._h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
        elif isinstance(event, StreamEnded) and event.stream_id:
            self._streams[event.stream_id].body.put_nowait(None)
        elif isinstance(event, StreamReset) and event.stream_id:
            self._streams[event.stream_id].reset.set()
        elif isinstance(event, WindowUpdated):
            self._room.set()

    async def _serve(self, stream: int, incoming: IncomingStream) -> None:
        kind = incoming.header(UPGRADE.decode())
        if kind == "control-stream":
            await self._run_control(stream, incoming)
        elif kind == "update-configuration":
            pushed = json.loads(await incoming.read())
            rejected = self.reject_configurations
            if not rejected:
                self.configurations.append(pushed)
            applied = self.configurations[-1]["version"] if self.configurations else -1
            answer = {"lastAppliedVersion": applied, "err": {} if rejected else None}
            await self.reply(stream, 200, {}, json.dumps(answer).encode())
        else:
            await self._serve_request(stream, incoming)

    async def _serve_request(self, stream: int, incoming: IncomingStream) -> None:
        if incoming.header(":path") == READY_PATH:
            await self.reply(stream, 204, {}, b"")
        else:
            self.requests.append(incoming)
            await self.origin(self, stream, incoming)

    async def _run_control(self, stream: int, incoming: IncomingStream) -> None:
        await self.send_headers(stream, 200, {})
        ours, theirs = socket.socketpair()
        wire = await capnp.AsyncIoStream.create_connection(sock=theirs)
        client = capnp.TwoPartyClient(wire)
        self._control.set_result(client.bootstrap().cast_as(SCHEMA.RegistrationServer))
        reader, writer = await asyncio.open_connection(sock=ours)

        async def outgoing() -> None:
            while data := await reader.read(1 << 16):
                await self.send(stream, data, end=False)

        self._spawn(outgoing())
        try:
            async for part in incoming.parts():
                writer.write(part)
            writer.close()
            await asyncio.Event().wait()  # until `close`: the client still reads the last reply
        finally:
            writer.close()
            wire.close()

    def _flush(self) -> None:
        self._writer.write(self._h2.data_to_send())

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)


def _encode(text: str) -> str:
    return base64.b64encode(text.encode("latin-1")).decode().rstrip("=")

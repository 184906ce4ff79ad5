"""The control stream: connectors register a connection on it, and unregister it before they leave.

It carries Cap'n Proto RPC with the connector as the client (connection/control.go of cloudflare/cloudflared).
"""

import asyncio
import contextlib
import logging
import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.edge import rpc
from sandbox.edge.tunnel_connection import ConnectionLost, Stream, TunnelConnection

_REPLY_TURNS = 50
"""Turns of the event loop from the end of a method to its reply on the wire; five are enough.

pycapnp does not report when it has sent a reply. A delay in seconds may pass on a busy machine before the first turn.
"""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RegistrationRequest:
    """What a connector presents to register a connection. `secret` is the tunnel's, decoded; ids are UUIDs as text."""

    account_id: str
    tunnel_id: str
    secret: bytes
    index: int
    connector_id: str
    version: str
    arch: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class ConnectionDetails:
    """A successful registration. `remotely_managed`: the configuration comes from the API, not from the connector."""

    connection_id: str
    location: str
    remotely_managed: bool


class RegistrationDenied(Exception):
    """The registration is denied, for a reason that the connector gets as text and partly acts on.

    `EDUPCONN` makes it dial another address, and it retries where the text contains `Unauthorized`; any other text ends
    it (supervisor/supervisor.go).
    """


class Registrar(Protocol):
    """Decides on registrations."""

    def register(self, connection: TunnelConnection, request: RegistrationRequest) -> ConnectionDetails:
        """Raises RegistrationDenied."""
        ...

    async def activate(self, connection: TunnelConnection) -> None: ...
    def unregister(self, connection: TunnelConnection) -> None: ...


async def serve_control_stream(connection: TunnelConnection, registrar: Registrar) -> None:
    """Serves the control stream of one connection until it ends."""
    with contextlib.suppress(ConnectionLost):
        stream = await connection.control_stream()
        try:
            async with rpc.transport(stream) as (wire, incoming):
                server = rpc.capnp.TwoPartyServer(wire, bootstrap=_RegistrationServer(connection, registrar, stream))
                await incoming
                del server
        finally:
            stream.close()


class _RegistrationServer(rpc.SCHEMA.RegistrationServer.Server):
    """The methods and parameters, under the schema's names."""

    def __init__(self, connection: TunnelConnection, registrar: Registrar, stream: Stream) -> None:
        self._connection, self._registrar, self._stream = connection, registrar, stream
        self._tasks: set[asyncio.Task[None]] = set()

    async def registerConnection(
        self, auth: Any, tunnelId: Any, connIndex: int, options: Any, _context: Any, **_: Any
    ) -> None:
        client = options.client
        request = RegistrationRequest(
            account_id=auth.accountTag,
            tunnel_id=str(uuid.UUID(bytes=bytes(tunnelId))),
            secret=bytes(auth.tunnelSecret),
            index=connIndex,
            connector_id=str(uuid.UUID(bytes=bytes(client.clientId))),
            version=client.version,
            arch=client.arch,
            features=tuple(client.features),
        )
        result = _context.results.init("result").result
        try:
            details = self._registrar.register(self._connection, request)
        except RegistrationDenied as denial:
            error = result.init("error")
            error.cause, error.shouldRetry, error.retryAfter = str(denial), False, 0
            # The connector acts on a denial only once the connection is closed.
            self._after_reply(self._close())
            return
        granted = result.init("connectionDetails")
        granted.uuid = uuid.UUID(details.connection_id).bytes
        granted.locationName = details.location
        granted.tunnelIsRemotelyManaged = details.remotely_managed
        self._after_reply(self._registrar.activate(self._connection))

    async def unregisterConnection(self, _context: Any, **_: Any) -> None:
        self._registrar.unregister(self._connection)
        self._after_reply(self._drain())

    async def updateLocalConfiguration(self, config: Any, _context: Any, **_: Any) -> None:
        log.info("%s runs a local configuration (%d bytes)", self._connection.peer, len(bytes(config)))

    def _after_reply(self, work: Any) -> None:
        """Runs `work` in a task of its own, so that the method's reply is sent meanwhile."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close(self) -> None:
        await _reply_sent()
        self._connection.close()

    async def _drain(self) -> None:
        await _reply_sent()
        self._connection.drain(keep=self._stream)


async def _reply_sent() -> None:
    for _ in range(_REPLY_TURNS):
        await asyncio.sleep(0)

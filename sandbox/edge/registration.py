"""The control stream: how a connector registers a connection, and how it takes its leave.

Its bytes are Cap'n Proto RPC with the connector as the client (connection/control.go of cloudflare/cloudflared).
"""

import asyncio
import contextlib
import logging
import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.edge import rpc
from sandbox.edge.tunnel_connection import Link, Lost

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Application:
    """What a connector presents to have a connection registered; `secret` as it is, in bytes."""

    account: str
    tunnel: str
    secret: bytes
    index: int
    connector: str
    version: str
    arch: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class Registered:
    """A registration's outcome: the connection's UUID, where it is held, and whether the API holds the rules."""

    connection: str
    location: str
    remotely_managed: bool


class Refused(Exception):
    """The application is turned down. Of its text, connectors know `EDUPCONN` (take another address) and retry what
    contains `Unauthorized`; anything else ends them (supervisor/supervisor.go)."""


class Desk(Protocol):
    """Who decides."""

    def register(self, link: Link, application: Application) -> Registered: ...
    async def serve(self, link: Link) -> None: ...
    def unregister(self, link: Link) -> None: ...


async def attend(link: Link, desk: Desk) -> None:
    """Runs the control stream of one connection until it ends."""
    with contextlib.suppress(Lost):
        stream = await link.control()
        try:
            async with rpc.over(stream) as (wire, said):
                server = rpc.library.TwoPartyServer(wire, bootstrap=_Registration(link, desk, stream))
                await said
                del server
        finally:
            stream.close()


class _Registration(rpc.SCHEMA.Registration.Server):
    """The methods, under the names that the schema gives them."""

    def __init__(self, link: Link, desk: Desk, control: Any) -> None:
        self._link, self._desk, self._control = link, desk, control
        self._tasks: set[asyncio.Task[None]] = set()

    async def register(self, auth: Any, tunnel: Any, index: int, options: Any, _context: Any, **_: Any) -> None:
        client = options.client
        application = Application(
            account=auth.account,
            tunnel=str(uuid.UUID(bytes=bytes(tunnel))),
            secret=bytes(auth.secret),
            index=index,
            connector=str(uuid.UUID(bytes=bytes(client.id))),
            version=client.version,
            arch=client.arch,
            features=tuple(client.features),
        )
        outcome = _context.results.init("result").result
        try:
            registered = self._desk.register(self._link, application)
        except Refused as refusal:
            said = outcome.init("refusal")
            said.cause, said.shouldRetry, said.retryAfter = str(refusal), False, 0
            # The connector acts on a refusal only when the connection goes.
            self._soon(self._close())
            return
        details = outcome.init("details")
        details.connection = uuid.UUID(registered.connection).bytes
        details.location = registered.location
        details.remotelyManaged = registered.remotely_managed
        self._soon(self._desk.serve(self._link))

    async def unregister(self, _context: Any, **_: Any) -> None:
        self._desk.unregister(self._link)
        self._soon(self._retire())

    async def localConfiguration(self, config: Any, _context: Any, **_: Any) -> None:
        log.info("%s runs rules of its own (%d bytes)", self._link.peer, len(bytes(config)))

    def _soon(self, work: Any) -> None:
        """Runs `work` once the answer to the call is on its way."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close(self) -> None:
        await asyncio.sleep(_ANSWERED)
        self._link.close()

    async def _retire(self) -> None:
        await asyncio.sleep(_ANSWERED)
        self._link.retire(but=self._control)


_ANSWERED = 0.05
"""Seconds that an answer takes, amply, from the RPC library to the wire; it tells nobody when it has sent one."""

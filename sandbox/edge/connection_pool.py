"""The pool of registered tunnel connections: it accepts registrations and picks a connection for each request."""

import asyncio
import base64
import contextlib
import hmac
import itertools
import json
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloudflare import connections
from sandbox.cloudflare.resources import configurations, tunnels
from sandbox.cloudflare.store import Store
from sandbox.edge.delays import EdgeDelays
from sandbox.edge.registration import ConnectionDetails, RegistrationDenied, RegistrationRequest
from sandbox.edge.tunnel_connection import ConnectionLost, TunnelConnection

EMPTY_CONFIGURATION = {"version": 0, "config": {"warp-routing": {"enabled": False}}}
"""Sent for a tunnel without a configuration: it has no ingress rules, so connectors answer every request with 503."""
log = logging.getLogger(__name__)


@dataclass(eq=False)
class PooledConnection:
    """One registered connection."""

    connection: TunnelConnection
    tunnel_id: str
    connection_id: str
    connector_id: str
    index: int
    location: str
    remotely_managed: bool
    ready: bool = False
    """Takes requests: the edge uses it, and it has not unregistered."""
    takes_pushes: bool = False
    """Its registration is complete, and its configuration comes from the API."""
    scheduled_version: int = -1
    """Version of the configuration that is pushed last; a rejected one is not pushed again."""
    push_lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class ConnectionPool:
    """Registers tunnel connections and picks one per request (round robin), in step with the emulated API.

    The edge follows changes after these delays.
    """

    def __init__(self, store: Store, locations: Iterable[str], delays: EdgeDelays) -> None:
        self._store = store
        self._delays = delays
        self._pooled: dict[TunnelConnection, PooledConnection] = {}
        self._remembered: dict[str, float] = {}
        """By tunnel: until when the edge remembers a connection that is gone, in monotonic time."""
        self._pushes: set[asyncio.Task[None]] = set()
        self._counter = itertools.count()
        for location in locations:
            # An edge that was killed leaves its connections in the store.
            for row in store.all("SELECT tunnel, id FROM connections WHERE colo = ?", location):
                connections.close(store, row["tunnel"], connection=row["id"])

    def connections(self) -> list[PooledConnection]:
        return list(self._pooled.values())

    def pick(self, tunnel_id: str) -> PooledConnection | None:
        """The next ready connection of this tunnel; None where there is none."""
        ready = [pooled for pooled in self._pooled.values() if pooled.tunnel_id == tunnel_id and pooled.ready]
        return ready[next(self._counter) % len(ready)] if ready else None

    def remembers(self, tunnel_id: str) -> bool:
        """Whether the edge still knows a connection of this tunnel that is gone.

        Requests are not sent to it while there is another: "If a connection fails, we will retry others"
        (https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/configure-tunnels/tunnel-availability/).
        """
        return time.monotonic() < self._remembered.get(tunnel_id, 0.0)

    def register(self, connection: TunnelConnection, request: RegistrationRequest) -> ConnectionDetails:
        tunnel = tunnels.find(self._store, request.tunnel_id)
        if tunnel is None or tunnel["deleted"] or tunnel["account"] != request.account_id:
            raise self._denied(request, "Unauthorized: Tunnel not found")
        if not hmac.compare_digest(base64.b64decode(tunnel["secret"]), request.secret):
            raise self._denied(request, "Unauthorized: Invalid tunnel secret")
        for pooled in self.connections():
            if (pooled.connector_id, pooled.index) == (request.connector_id, request.index):
                # The connector replaces a connection whose loss has not been noticed here.
                self.remove(pooled.connection)
                pooled.connection.abort()
        location = connection.location
        connector = connections.Connector(
            request.connector_id, request.version, request.arch, request.features, connection.peer
        )
        connection_id = connections.open_connection(self._store, tunnel["id"], connector, location)
        remotely_managed = tunnel["config_src"] == "cloudflare"
        self._pooled[connection] = PooledConnection(
            connection, tunnel["id"], connection_id, request.connector_id, request.index, location, remotely_managed
        )
        log.info(
            "registered: connection %d of tunnel %s, connector %s, at %s",
            request.index,
            tunnel["name"],
            request.connector_id,
            location,
        )
        return ConnectionDetails(connection_id, location, remotely_managed)

    def _denied(self, request: RegistrationRequest, reason: str) -> RegistrationDenied:
        log.warning("denied: tunnel %s, connector %s: %s", request.tunnel_id, request.connector_id, reason)
        return RegistrationDenied(reason)

    async def activate(self, connection: TunnelConnection) -> None:
        """Pushes the newest configuration to a registered connection, and has it take requests."""
        pooled = self._pooled.get(connection)
        if pooled is None:
            return
        pooled.takes_pushes = pooled.remotely_managed
        pushed = self._schedule_push(pooled) if pooled.takes_pushes else None
        await asyncio.sleep(self._delays.use)
        if pushed and self._delays.rules <= self._delays.use:
            await pushed  # so that no request gets ahead of the rules by chance
        pooled.ready = connection in self._pooled

    def unregister(self, connection: TunnelConnection) -> None:
        pooled = self._pooled.get(connection)
        if pooled:
            log.info("unregistered: connection %d of connector %s", pooled.index, pooled.connector_id)
        self.remove(connection)

    def remove(self, connection: TunnelConnection) -> None:
        """Takes the connection out of the pool and out of the API's list."""
        if pooled := self._take_out(connection):
            connections.close(self._store, pooled.tunnel_id, connection=pooled.connection_id)

    def _take_out(self, connection: TunnelConnection) -> PooledConnection | None:
        pooled = self._pooled.pop(connection, None)
        if pooled and pooled.ready:
            pooled.ready = False
            self._remembered[pooled.tunnel_id] = time.monotonic() + self._delays.forget
        return pooled

    async def follow_store(self, interval: float = 0.1) -> None:
        """Applies the API's changes, until cancelled: pushes new configurations, closes deleted connections."""
        generation = ""
        while True:
            await asyncio.sleep(interval)
            if not self._pooled or generation == (generation := self._store.generation()):
                continue
            listed = {row["id"] for row in self._store.all("SELECT id FROM connections")}
            versions = {
                row["tunnel"]: row["version"] for row in self._store.all("SELECT tunnel, version FROM configurations")
            }
            for pooled in self.connections():
                if pooled.connection_id not in listed:
                    log.info("deleted by the API: connection %d of connector %s", pooled.index, pooled.connector_id)
                    self._take_out(pooled.connection)
                    pooled.connection.close()
                elif pooled.takes_pushes and versions.get(pooled.tunnel_id, 0) > pooled.scheduled_version:
                    self._schedule_push(pooled)

    def _schedule_push(self, pooled: PooledConnection) -> asyncio.Task[None]:
        """Pushes today's configuration after the delay of rules."""
        current = configurations.current(self._store, pooled.tunnel_id) or EMPTY_CONFIGURATION
        pooled.scheduled_version = current["version"]
        task = asyncio.create_task(self._push(pooled, current))
        self._pushes.add(task)
        task.add_done_callback(self._pushes.discard)
        return task

    async def _push(self, pooled: PooledConnection, current: dict[str, Any]) -> None:
        await asyncio.sleep(self._delays.rules)
        with contextlib.suppress(ConnectionLost):
            async with pooled.push_lock:
                config = json.dumps(current["config"]).encode()
                result = await pooled.connection.push_configuration(current["version"], config)
            connections.set_config_version(self._store, pooled.connection_id, result.version)
            if result.rejected:
                log.warning("connector %s rejects configuration version %d", pooled.connector_id, current["version"])

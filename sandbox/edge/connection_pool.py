"""The pool of registered tunnel connections: it accepts registrations and picks a connection for each request."""

import asyncio
import base64
import contextlib
import hmac
import itertools
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.cloudflare import connections
from sandbox.cloudflare.resources import configurations, tunnels
from sandbox.cloudflare.store import Store
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
    """Takes requests: its configuration has been pushed, and it has not unregistered."""
    applied_version: int = -1
    """Version of the configuration that the connector reports to run."""
    pushed_version: int = -1
    """Version that was pushed last; a rejected one is not pushed again."""
    push_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def takes_pushes(self) -> bool:
        return self.ready and self.remotely_managed


class ConnectionPool:
    """Registers tunnel connections and picks one per request (round robin), in step with the emulated API."""

    def __init__(self, store: Store, locations: Iterable[str]) -> None:
        self._store = store
        self._pooled: dict[TunnelConnection, PooledConnection] = {}
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
        """Pushes the newest configuration to a registered connection, which from then on takes requests."""
        pooled = self._pooled.get(connection)
        if pooled is None:
            return
        with contextlib.suppress(ConnectionLost):
            if pooled.remotely_managed:
                await self._push(pooled)
            pooled.ready = connection in self._pooled

    def unregister(self, connection: TunnelConnection) -> None:
        pooled = self._pooled.get(connection)
        if pooled:
            log.info("unregistered: connection %d of connector %s", pooled.index, pooled.connector_id)
        self.remove(connection)

    def remove(self, connection: TunnelConnection) -> None:
        """Takes the connection out of the pool and out of the API's list."""
        pooled = self._pooled.pop(connection, None)
        if pooled:
            pooled.ready = False
            connections.close(self._store, pooled.tunnel_id, connection=pooled.connection_id)

    async def follow_store(self, interval: float = 0.1) -> None:
        """Applies the API's changes, until cancelled: pushes new configurations, closes deleted connections."""
        generation = ""
        pushes: set[asyncio.Task[None]] = set()
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
                    self._pooled.pop(pooled.connection, None)
                    pooled.connection.close()
                elif pooled.takes_pushes and versions.get(pooled.tunnel_id, 0) > pooled.pushed_version:
                    task = asyncio.create_task(self.activate(pooled.connection))
                    pushes.add(task)
                    task.add_done_callback(pushes.discard)

    async def _push(self, pooled: PooledConnection) -> None:
        async with pooled.push_lock:
            current = configurations.current(self._store, pooled.tunnel_id) or EMPTY_CONFIGURATION
            if current["version"] <= pooled.pushed_version:
                return
            pooled.pushed_version = current["version"]
            config = json.dumps(current["config"]).encode()
            result = await pooled.connection.push_configuration(current["version"], config)
            pooled.applied_version = result.version
            connections.set_config_version(self._store, pooled.connection_id, pooled.applied_version)
            if result.rejected:
                log.warning("connector %s rejects configuration version %d", pooled.connector_id, pooled.pushed_version)

"""Which connections serve which tunnel, and with which rules: the edge's live side, kept in step with the emulated API."""

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
from sandbox.cloudflare.store import Row, Store
from sandbox.edge.registration import Application, Refused, Registered
from sandbox.edge.tunnel_connection import Link, Lost

UNCONFIGURED = {"version": 0, "config": {"warp-routing": {"enabled": False}}}
"""What a tunnel without a configuration is told: no rules, which connectors answer with 503."""
log = logging.getLogger(__name__)


@dataclass(eq=False)
class Line:
    """One registered connection."""

    link: Link
    tunnel: str
    connection: str
    connector: str
    index: int
    location: str
    remotely_managed: bool
    ready: bool = False
    """Takes requests: its rules have been pushed, and it has not said goodbye."""
    applied: int = -1
    """Version of the rules that the connector says it runs."""
    offered: int = -1
    """Version that was pushed last; one that the connector refused is not pushed again."""
    pushing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Switchboard:
    """The desk at which connections register, and the list from which requests choose theirs."""

    def __init__(self, store: Store, locations: Iterable[str]) -> None:
        self._store = store
        self._lines: dict[Link, Line] = {}
        self._turn = itertools.count()
        for location in locations:
            # What an edge left that was killed.
            for row in store.all("SELECT tunnel, id FROM connections WHERE colo = ?", location):
                connections.close(store, row["tunnel"], connection=row["id"])

    def lines(self) -> list[Line]:
        return list(self._lines.values())

    def choose(self, tunnel: str) -> Line | None:
        """A connection that serves this tunnel, each in its turn; None where there is none."""
        able = [line for line in self._lines.values() if line.tunnel == tunnel and line.ready]
        return able[next(self._turn) % len(able)] if able else None

    def register(self, link: Link, application: Application) -> Registered:
        row = tunnels.find(self._store, application.tunnel)
        if row is None or row["deleted"] or row["account"] != application.account:
            raise self._refused(application, "Unauthorized: Tunnel not found")
        if not hmac.compare_digest(base64.b64decode(row["secret"]), application.secret):
            raise self._refused(application, "Unauthorized: Invalid tunnel secret")
        for line in self.lines():
            if (line.connector, line.index) == (application.connector, application.index):
                # Its connector gave this one up without our noticing.
                self.lost(line.link)
                line.link.abort()
        location = link.location
        connector = connections.Connector(
            application.connector, application.version, application.arch, application.features, link.peer
        )
        connection = connections.open_connection(self._store, row["id"], connector, location)
        managed = row["config_src"] == "cloudflare"
        line = Line(link, row["id"], connection, application.connector, application.index, location, managed)
        self._lines[link] = line
        log.info("registered: %s of connector %s at %s", _named(line, row), line.connector, location)
        return Registered(connection, location, managed)

    def _refused(self, application: Application, why: str) -> Refused:
        log.warning("refused: tunnel %s, connector %s: %s", application.tunnel, application.connector, why)
        return Refused(why)

    async def serve(self, link: Link) -> None:
        """Opens a registered connection to requests, once it has its rules."""
        line = self._lines.get(link)
        if line is None:
            return
        with contextlib.suppress(Lost):
            if line.remotely_managed:
                await self._push(line)
            line.ready = link in self._lines

    def unregister(self, link: Link) -> None:
        line = self._lines.get(link)
        if line:
            log.info("unregistered: connection %d of connector %s", line.index, line.connector)
        self.lost(link)

    def lost(self, link: Link) -> None:
        """No more requests for this connection; the API does not list it any longer."""
        line = self._lines.pop(link, None)
        if line:
            line.ready = False
            connections.close(self._store, line.tunnel, connection=line.connection)

    async def follow(self, pause: float = 0.1) -> None:
        """Carries what changes in the API to the connectors, until cancelled: new rules, dropped connections."""
        seen = ""
        pushes: set[asyncio.Task[None]] = set()
        while True:
            await asyncio.sleep(pause)
            if not self._lines or seen == (seen := self._store.generation()):
                continue
            listed = {row["id"] for row in self._store.all("SELECT id FROM connections")}
            versions = {
                row["tunnel"]: row["version"] for row in self._store.all("SELECT tunnel, version FROM configurations")
            }
            for line in self.lines():
                if line.connection not in listed:
                    log.info("dropped by the API: connection %d of connector %s", line.index, line.connector)
                    self._lines.pop(line.link, None)
                    line.link.close()
                elif line.ready and line.remotely_managed and versions.get(line.tunnel, 0) > line.offered:
                    task = asyncio.create_task(self.serve(line.link))
                    pushes.add(task)
                    task.add_done_callback(pushes.discard)

    async def _push(self, line: Line) -> None:
        """Sends the newest rules, and waits for what the connector makes of them."""
        async with line.pushing:
            current = configurations.current(self._store, line.tunnel) or UNCONFIGURED
            if current["version"] <= line.offered:
                return
            line.offered = current["version"]
            said = await line.link.configure(current["version"], json.dumps(current["config"]).encode())
            line.applied = said.version
            connections.set_config_version(self._store, line.connection, line.applied)
            if said.refused:
                log.warning("connector %s refuses rules version %d", line.connector, line.offered)


def _named(line: Line, row: Row) -> str:
    return f"connection {line.index} of tunnel {row['name']}"

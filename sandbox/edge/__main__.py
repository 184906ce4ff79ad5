"""Serves the edge until it is stopped (SIGTERM or SIGINT)."""

import argparse
import asyncio
import contextlib
import json
import logging
import random
import signal
import socket
from pathlib import Path

from sandbox.cloudflare.store import Store
from sandbox.home import Home

from . import control
from .authority import Authority
from .doors import listen
from .front import Front
from .link import Link
from .switchboard import Switchboard
from .tickets import Tickets

ADDRESSES = 6
"""Edge addresses. A connector holds four connections, each to an address of its own, and goes to another when one fails."""
NAMES = ("h2.cftunnel.com", "quic.cftunnel.com", "probe.cftunnel.com")
"""What connectors expect to be presented with, by transport and for their check before the first connection."""


async def serve(home: Home, port_file: Path, address: str) -> None:
    """Serves until SIGTERM or SIGINT. The port file is `{"front": port, "edge": [port, …]}`.

    Visitors come in at 127.0.0.1, connectors at `address`. Ports are kept from one run to the next where they are free: connectors hold the edge's addresses for life.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = Store(home.path / "cloudflare.sqlite3")
    authority = Authority(home)
    kept = home.path / "edge" / "ports.json"
    wanted = json.loads(kept.read_text()) if kept.exists() else [0] * (1 + ADDRESSES)
    front, *edges = [_listen(wanted[0], "127.0.0.1"), *(_listen(port, address) for port in wanted[1:])]
    locations = [f"lo{number:02d}" for number in range(1, ADDRESSES + 1)]
    switchboard = Switchboard(store, locations)
    loop = asyncio.get_running_loop()
    for listener, location in zip(edges, locations, strict=True):

        def link(location: str = location) -> Link:
            return Link(location, lambda link: control.attend(link, switchboard), switchboard.lost)

        await loop.create_server(link, sock=listener, ssl=authority.context(*NAMES))
    work = [
        asyncio.create_task(Front(store, switchboard, authority, Tickets(home)).serve(front)),
        asyncio.create_task(switchboard.follow()),
    ]
    ports = [listener.getsockname()[1] for listener in (front, *edges)]
    kept.write_text(json.dumps(ports))
    _write(port_file, {"front": ports[0], "edge": ports[1:]})
    await asyncio.wait([*work, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    for line in switchboard.lines():
        switchboard.lost(line.link)
        line.link.close()
    for task in work:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task  # one that ended by itself says why


def _listen(port: int, address: str) -> socket.socket:
    """A listening socket on this port, or on a free one where it is taken or 0.

    Free ones are drawn from below the ports that systems give to outgoing connections: one of these could take ours
    while nobody listens, and a connector that dials it could end up connected to itself. Raises OSError where `address`
    is none of this machine's.
    """
    for candidate in (port, *random.sample(range(16384, 32768), 20)):
        with contextlib.suppress(OSError):
            if candidate:
                return listen(candidate, address)
    return listen(0, address)


def _write(path: Path, content: dict[str, object]) -> None:
    """All of it or nothing, for whoever waits for the file."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(json.dumps(content))
    unfinished.replace(path)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m sandbox.edge", description=__doc__)
    arguments.add_argument(
        "--home", type=Path, required=True, help="the sandbox's folder, with the emulated API's database"
    )
    arguments.add_argument("--port-file", type=Path, required=True, help="where the ports are written once it serves")
    arguments.add_argument("--address", default="127.0.0.1", help="the address at which connectors come in")
    wanted = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(control.rpc.run(serve(Home(wanted.home), wanted.port_file, wanted.address)))


if __name__ == "__main__":
    main()

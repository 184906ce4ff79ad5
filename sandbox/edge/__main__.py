"""Serves the edge until it is stopped (SIGTERM or SIGINT)."""

import argparse
import asyncio
import contextlib
import json
import logging
import signal
from pathlib import Path

from sandbox.cloudflare.edge_locations import LOCATIONS
from sandbox.cloudflare.store import Store
from sandbox.directory import SandboxDirectory
from sandbox.edge.access_jwt import Tickets
from sandbox.edge.addresses import Address, follow, somewhere
from sandbox.edge.certificate_authority import Authority
from sandbox.edge.connection_pool import Switchboard
from sandbox.edge.http_frontend import Front
from sandbox.edge.listener import listen, listen_twice
from sandbox.edge.rpc import library
from sandbox.port_file import write as write_port_file

NAMES = ("h2.cftunnel.com", "quic.cftunnel.com", "probe.cftunnel.com")
"""What connectors expect to be presented with, by transport and for their check before the first connection."""


async def serve(home: SandboxDirectory, port_file: Path, address: str) -> None:
    """Serves until SIGTERM or SIGINT. The port file is `{"front": port, "edge": [port, …]}`.

    Visitors come in at 127.0.0.1, connectors at `address`. Ports are kept from one run to the next where they are free: connectors hold the edge's addresses for life.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = Store(home.path / "cloudflare.sqlite3")
    authority = Authority(home)
    kept = home.path / "edge" / "ports.json"
    wanted = json.loads(kept.read_text()) if kept.exists() else [0] * (1 + len(LOCATIONS))
    front = somewhere(wanted[0], listen)
    sockets = [somewhere(port, lambda port: listen_twice(port, address)) for port in wanted[1:]]
    switchboard, tls, leaf = Switchboard(store, LOCATIONS), authority.context(*NAMES), authority.leaf(*NAMES)
    # A connector holds four connections, each to an address of its own, and goes to another when one fails.
    addresses = [
        Address(location, pair, tls, leaf, switchboard) for location, pair in zip(LOCATIONS, sockets, strict=True)
    ]
    for each in addresses:
        await each.open()
    work = [
        asyncio.create_task(Front(store, switchboard, authority, Tickets(home)).serve(front)),
        asyncio.create_task(switchboard.follow()),
        asyncio.create_task(follow(addresses, store)),
    ]
    ports = [front.getsockname()[1], *(each.port for each in addresses)]
    kept.write_text(json.dumps(ports))
    write_port_file(port_file, {"front": ports[0], "edge": ports[1:]})
    await asyncio.wait([*work, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    for line in switchboard.lines():
        switchboard.lost(line.link)
        line.link.close()
    for task in work:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task  # one that ended by itself says why


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m sandbox.edge", description=__doc__)
    arguments.add_argument(
        "--home", type=Path, required=True, help="the sandbox's folder, with the emulated API's database"
    )
    arguments.add_argument("--port-file", type=Path, required=True, help="where the ports are written once it serves")
    arguments.add_argument("--address", default="127.0.0.1", help="the address at which connectors come in")
    wanted = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("quic").setLevel(logging.WARNING)  # it tells of every packet that comes twice
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(library.run(serve(SandboxDirectory(wanted.home), wanted.port_file, wanted.address)))


if __name__ == "__main__":
    main()

"""Serves the edge until SIGTERM or SIGINT."""

import argparse
import asyncio
import contextlib
import json
import logging
import signal
from dataclasses import asdict
from pathlib import Path

from sandbox.cloudflare import frontend as frontend_port
from sandbox.cloudflare.edge_locations import LOCATIONS
from sandbox.cloudflare.store import Store
from sandbox.directory import SandboxDirectory, write_private
from sandbox.edge.access_jwt import AccessJwtIssuer
from sandbox.edge.addresses import EdgeAddress, follow_faults, listen_preferring
from sandbox.edge.certificate_authority import CertificateAuthority
from sandbox.edge.connection_pool import ConnectionPool
from sandbox.edge.delays import NAMES, EdgeDelays, parse
from sandbox.edge.http_frontend import HttpFrontend
from sandbox.edge.listener import listen, listen_tcp_and_udp
from sandbox.edge.rpc import capnp
from sandbox.errors import SandboxError
from sandbox.port_file import write as write_port_file

SERVER_NAMES = ("h2.cftunnel.com", "quic.cftunnel.com", "probe.cftunnel.com")
"""The TLS names that connectors expect: one per transport, and one for their check before the first connection."""


async def serve(home: SandboxDirectory, port_file: Path, address: str, delays: EdgeDelays) -> None:
    """Serves until SIGTERM or SIGINT. The port file is `{"frontend": port, "edge": [port, …], "delays": {…}}`.

    The front end listens on 127.0.0.1, the edge addresses on `address`. Ports are reused from run to run where they are
    free, because a connector keeps the edge addresses that it was started with.
    """
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    store = Store(home.path / "cloudflare.sqlite3")
    authority = CertificateAuthority(home)
    saved = home.path / "edge" / "ports.json"
    preferred = json.loads(saved.read_text()) if saved.exists() else [0] * (1 + len(LOCATIONS))
    frontend = listen_preferring(preferred[0], listen)
    sockets = [listen_preferring(port, lambda port: listen_tcp_and_udp(port, address)) for port in preferred[1:]]
    pool = ConnectionPool(store, LOCATIONS, delays)
    tls, certificate = authority.server_context(*SERVER_NAMES), authority.server_certificate(*SERVER_NAMES)
    # A connector holds four connections, each to an address of its own, and moves to another address when one fails.
    addresses = [
        EdgeAddress(location, pair, tls, certificate, pool) for location, pair in zip(LOCATIONS, sockets, strict=True)
    ]
    for edge_address in addresses:
        await edge_address.open()
    tasks = [
        asyncio.create_task(HttpFrontend(store, pool, authority, AccessJwtIssuer(home)).serve(frontend)),
        asyncio.create_task(pool.follow_store()),
        asyncio.create_task(follow_faults(addresses, store)),
    ]
    ports = [frontend.getsockname()[1], *(edge_address.port for edge_address in addresses)]
    write_private(saved, json.dumps(ports))
    frontend_port.set_port(store, ports[0])
    write_port_file(port_file, {"frontend": ports[0], "edge": ports[1:], "delays": asdict(delays)})
    await asyncio.wait([*tasks, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    frontend_port.set_port(store, None)
    for pooled in pool.connections():
        pool.remove(pooled.connection)
        pooled.connection.close()
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task  # raises the error of a task that ended by itself


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.edge", description=__doc__)
    parser.add_argument(
        "--home", type=Path, required=True, help="the sandbox's directory, which holds the emulated API's database"
    )
    parser.add_argument("--port-file", type=Path, required=True, help="file that receives the ports once it serves")
    parser.add_argument("--address", default="127.0.0.1", help="the IPv4 address that connectors dial")
    for name in NAMES:
        parser.add_argument(f"--{name}-delay", default="", help="seconds; sandbox/edge/delays.py says of what")
    options = parser.parse_args()
    try:
        delays = EdgeDelays(**{name: parse(getattr(options, f"{name}_delay"), f"--{name}-delay") for name in NAMES})
    except SandboxError as error:
        parser.error(error.message)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("quic").setLevel(logging.WARNING)  # at INFO it logs each duplicate packet
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(capnp.run(serve(SandboxDirectory(options.home), options.port_file, options.address, delays)))


if __name__ == "__main__":
    main()

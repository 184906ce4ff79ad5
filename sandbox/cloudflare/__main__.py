"""Serves the emulator on loopback until it is stopped (SIGTERM or SIGINT).

The owner's secret is read from the environment, `CULVERT_SANDBOX_ADMIN`: arguments are seen by everyone on the machine.
"""

import argparse
import json
import os
import socket
from pathlib import Path

import uvicorn

from .app import build
from .server import DroppingProtocol


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m sandbox.cloudflare", description=__doc__)
    arguments.add_argument("--database", type=Path, required=True, help="the SQLite file; made where it is missing")
    arguments.add_argument("--port-file", type=Path, required=True, help='where {"port": N} is written once it serves')
    arguments.add_argument("--port", type=int, default=0, help="0 for any free one")
    wanted = arguments.parse_args()
    app = build(wanted.database, os.environ.get("CULVERT_SANDBOX_ADMIN", ""))
    # With the protocol named, asyncio turns Nagle's algorithm off; without, every reply waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", wanted.port))
    # Listening begins before the port is told: whoever reads the file is never refused a connection.
    listener.listen(2048)
    _write(wanted.port_file, {"port": listener.getsockname()[1]})
    config = uvicorn.Config(
        app,
        http=DroppingProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        # Longer than clients keep idle connections: one closed under a request would look like a fault.
        timeout_keep_alive=90,
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _write(path: Path, content: dict[str, int]) -> None:
    """All of it or nothing, for whoever waits for the file."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(content), encoding="utf-8")
    unfinished.replace(path)


if __name__ == "__main__":
    main()

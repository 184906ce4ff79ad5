"""Serves the emulator on loopback until SIGTERM or SIGINT.

The admin secret is read from `CULVERT_SANDBOX_ADMIN`, since arguments are visible to all users of the machine.
"""

import argparse
import os
from pathlib import Path

from sandbox import port_file
from sandbox.cloudflare.app import build
from sandbox.cloudflare.server import listen, server


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m sandbox.cloudflare", description=__doc__)
    arguments.add_argument("--database", type=Path, required=True, help="the SQLite file; created if it does not exist")
    arguments.add_argument(
        "--port-file", type=Path, required=True, help='file that receives {"port": N} once it serves'
    )
    arguments.add_argument("--port", type=int, default=0, help="0 for any free port")
    wanted = arguments.parse_args()
    app = build(wanted.database, os.environ.get("CULVERT_SANDBOX_ADMIN", ""))
    listener = listen(wanted.port)
    port_file.write(wanted.port_file, {"port": listener.getsockname()[1]})
    server(app).run(sockets=[listener])


if __name__ == "__main__":
    main()

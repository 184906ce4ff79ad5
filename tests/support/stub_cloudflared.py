#!/usr/bin/env python3
"""A stub of cloudflared: the files in `SWITCHES` control its answers to probes.

It logs two lines, and writes its arguments, environment and pid to `started.json` in `HOME`. The files `unready` and
`dead` make its probes fail; with `stubborn` it ignores SIGTERM.
"""

import http.server
import json
import os
import pathlib
import signal
import sys

home = pathlib.Path(os.environ["HOME"])
switches = pathlib.Path(os.environ["SWITCHES"])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        failing = (switches / {"/ready": "unready", "/healthcheck": "dead"}[self.path]).exists()
        self.send_response(503 if failing else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Logs no requests."""


def terminate(*_: object) -> None:
    if not (switches / "stubborn").exists():
        sys.exit(0)


signal.signal(signal.SIGTERM, terminate)
print("a stub of cloudflared\nis started", flush=True)
note = home / "started.part"
note.write_text(json.dumps({"arguments": sys.argv, "environment": dict(os.environ), "pid": os.getpid()}))
note.replace(home / "started.json")
address, _, port = os.environ["TUNNEL_METRICS"].rpartition(":")
http.server.ThreadingHTTPServer((address, int(port)), Handler).serve_forever()

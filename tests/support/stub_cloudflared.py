#!/usr/bin/env python3
"""In cloudflared's place: answers probes as the files beside it say, and leaves a note of how it was started.

In its folder (`HOME`): `started.json`; `unready`, `dead` and `stubborn` where a test puts them.
"""

import http.server
import json
import os
import pathlib
import signal
import sys

home = pathlib.Path(os.environ["HOME"])
switches = pathlib.Path(os.environ["SWITCHES"])


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        bad = (switches / {"/ready": "unready", "/healthcheck": "dead"}[self.path]).exists()
        self.send_response(503 if bad else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def leave(*_: object) -> None:
    if not (switches / "stubborn").exists():
        sys.exit(0)


signal.signal(signal.SIGTERM, leave)
note = home / "started.part"
note.write_text(json.dumps({"arguments": sys.argv, "environment": dict(os.environ), "pid": os.getpid()}))
note.replace(home / "started.json")
address, _, port = os.environ["TUNNEL_METRICS"].rpartition(":")
http.server.ThreadingHTTPServer((address, int(port)), Answers).serve_forever()

"""Plays the keepers until it is stopped (SIGTERM or SIGINT)."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from sandbox import port_file
from sandbox.cloudflare.store import Store
from sandbox.cluster.access import connect
from sandbox.secret_operators.existing_secret import fill
from sandbox.secret_operators.external_secrets import reconcile

_PAUSE = 0.5
"""Seconds between two looks."""


def serve(home: Path, kubeconfig: Path, ready: Path) -> None:
    """Serves until asked to end. `ready` is written when all was looked at once."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    store = Store(home / "cloudflare.sqlite3")
    while not over.wait(_PAUSE):
        try:
            # Anew for each look: the API server may have moved, and a stack file may have made another kind its own.
            with connect(kubeconfig) as api:
                reconcile(api)
                fill(api, store)
        except (ApiException, HTTPError, OSError) as trouble:
            logging.warning("again in a moment: %s", " ".join(str(trouble).split())[:200])
            continue
        if not ready.exists():
            port_file.write(ready, {})


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m sandbox.secret_operators", description=__doc__)
    arguments.add_argument("--home", type=Path, required=True, help="the sandbox's folder")
    arguments.add_argument("--kubeconfig", type=Path, required=True, help="the embedded cluster's")
    arguments.add_argument("--port-file", type=Path, required=True, help="written when all was looked at once")
    wanted = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    serve(wanted.home, wanted.kubeconfig, wanted.port_file)


if __name__ == "__main__":
    main()

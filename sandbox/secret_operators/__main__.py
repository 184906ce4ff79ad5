"""Serves the emulated secret operators until SIGTERM or SIGINT."""

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

_INTERVAL = 0.5
"""Seconds between two reconciliations."""


def serve(home: Path, kubeconfig: Path, ready: Path) -> None:
    """Reconciles until a signal arrives. `ready` is written after the first reconciliation."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    store = Store(home / "cloudflare.sqlite3")
    while not stopped.wait(_INTERVAL):
        try:
            # A new client each time: the API server may have moved to another port.
            with connect(kubeconfig) as api:
                reconcile(api)
                fill(api, store)
        except (ApiException, HTTPError, OSError) as error:
            logging.warning("retrying after an error: %s", " ".join(str(error).split())[:200])
            continue
        if not ready.exists():
            port_file.write(ready, {})


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m sandbox.secret_operators", description=__doc__)
    arguments.add_argument("--home", type=Path, required=True, help="the sandbox's directory")
    arguments.add_argument("--kubeconfig", type=Path, required=True, help="the kubeconfig of the embedded cluster")
    arguments.add_argument(
        "--port-file", type=Path, required=True, help="file that is written after the first reconciliation"
    )
    options = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    serve(options.home, options.kubeconfig, options.port_file)


if __name__ == "__main__":
    main()

"""Serves the stand-ins: `python -m sandbox.providers --port-file PATH [--only cloudflare,kubernetes,random]`.

One process, one port a provider, on loopback. When all are ready the port file holds
`{"cloudflare": p1, "kubernetes": p2, "random": p3}`.
Credentials come from where the official plugins read them: CLOUDFLARE_API_TOKEN, CLOUDFLARE_BASE_URL, KUBECONFIG.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent import futures
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox import port_file
from sandbox.providers.interface import Provider
from sandbox.providers.servicer import Servicer

MESSAGE_LIMIT = 400 * 1024 * 1024
"""Bytes; the engine's own limit of one message."""

WORKERS = 128
"""Concurrent calls: several engines with 16 per core each, and every wait for a rollout blocks one. Threads start on
demand."""


def cloudflare() -> Provider:
    from sandbox.providers.cloudflare.provider import Cloudflare

    return Cloudflare()


def kubernetes() -> Provider:
    from sandbox.providers.kubernetes.provider import Kubernetes

    return Kubernetes()


def random() -> Provider:
    from sandbox.providers.random import Random

    return Random()


PROVIDERS: Mapping[str, Callable[[], Provider]] = {"cloudflare": cloudflare, "kubernetes": kubernetes, "random": random}


def serve(names: Iterable[str]) -> tuple[list[grpc.Server], dict[str, int]]:
    """Starts one server per name and returns the servers and their ports."""
    servers, ports = [], {}
    for name in names:
        server = grpc.server(
            futures.ThreadPoolExecutor(WORKERS, thread_name_prefix=name),
            options=[
                ("grpc.max_receive_message_length", MESSAGE_LIMIT),
                ("grpc.max_send_message_length", MESSAGE_LIMIT),
            ],
        )
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(PROVIDERS[name]()), server)
        ports[name] = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
    return servers, ports


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.providers", description="Stand-in Pulumi plugins.")
    parser.add_argument("--port-file", type=Path, required=True, help="file that receives the ports once they serve")
    parser.add_argument(
        "--only", default=",".join(PROVIDERS), help="names of the providers to serve, separated by commas"
    )
    options = parser.parse_args()
    names = options.only.split(",")
    if unknown := [name for name in names if name not in PROVIDERS]:
        parser.error(f"no such provider: {', '.join(unknown)}; must be one of {', '.join(PROVIDERS)}")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    servers, ports = serve(names)
    port_file.write(options.port_file, ports)
    stopped.wait()
    for server in servers:
        server.stop(grace=None)
    # Threads that wait for a rollout or a reply would delay the exit for minutes.
    os._exit(0)


if __name__ == "__main__":
    main()

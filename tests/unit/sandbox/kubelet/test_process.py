"""Which of the connectors' processes has a socket."""

import asyncio
import os
import socket
import sys

import psutil
import pytest

from sandbox.kubelet.kubelet import Kubelet
from sandbox.kubelet.network_policy import Client
from sandbox.kubelet.process import owner_of_socket


@pytest.mark.skipif(sys.platform != "linux", reason="origins without a proxy are reached on Linux only")
def test_a_connection_belongs_to_the_process_that_opened_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        address: tuple[str, int] = client.getsockname()
        gone = max(psutil.pids()) + 10_000
        assert owner_of_socket([gone, os.getppid(), os.getpid()], address) == os.getpid()
        assert owner_of_socket([gone, os.getppid()], address) is None


def test_a_connection_of_no_connector_has_no_pod() -> None:
    async def owner() -> Client | None:
        kubelet = Kubelet(None, None, None)  # pyright: ignore[reportArgumentType] - runs no pod
        return await kubelet.owner_of(("127.0.0.1", 9))

    assert asyncio.run(owner()) is None

"""Runs programs of this project (`python -m NAME …`) in processes forked from one that has imported them.

Such a process has a folder, an environment, arguments, output and an exit status of its own, like any other. It only
does not import anew what each of them needs, which takes a third of a second of processor time.
"""

import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import IO

from tests.support.paths import PROJECT

_IMPORTED = (
    *("sandbox.cli", "sandbox.services.services", "sandbox.services.dry_run", "sandbox.engine.engine"),
    *("sandbox.commands.resource_tree", "sandbox.providers.kubernetes.api"),
    *("ops.cli", "ops.recover.command", "ops.verify.runner", "components.exposure"),
    *("grpc.experimental", "httpcore", "pulumi_kubernetes.meta.v1"),
    *("pulumi_cloudflare.dns_record", "pulumi_cloudflare.zero_trust_tunnel_cloudflared_config"),
)


class CommandServer:
    """The process that forks: it starts with the first command, and ends with the process that started it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, module: str, *arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Runs `python -m MODULE ARGUMENTS` in the project's folder, one at a time."""
        with self._lock, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            connection = self._connection or self._start(env)
            request = json.dumps([arguments, module, dict(env)]).encode()
            socket.send_fds(connection, [len(request).to_bytes(4, "big")], [out.fileno(), err.fileno()])
            connection.sendall(request)
            status = int.from_bytes(_receive(connection, 4), "big", signed=True)
            return subprocess.CompletedProcess([module, *arguments], status, _text(out), _text(err))

    def _start(self, env: Mapping[str, str]) -> socket.socket:
        self._connection, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", __name__, str(theirs.fileno())]
            self._process = subprocess.Popen(command, cwd=PROJECT, env=env, pass_fds=[theirs.fileno()])
        return self._connection


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _receive(connection: socket.socket, size: int) -> bytes:
    received = connection.recv(size, socket.MSG_WAITALL)
    if len(received) < size:
        raise EOFError("the other process has ended")
    return received


def _serve(connection: socket.socket) -> None:
    """Forks for each request. A forked process returns from here, as the program that was asked for."""
    while True:
        size, descriptors, _, _ = socket.recv_fds(connection, 4, 2)
        if not size:
            sys.exit()
        arguments, module, env = json.loads(_receive(connection, int.from_bytes(size, "big")))
        forked = os.fork()
        if not forked:
            connection.close()
        for standard, descriptor in enumerate(descriptors, 1):
            if not forked:
                os.dup2(descriptor, standard)
            os.close(descriptor)
        if not forked:
            os.environ.clear()
            os.environ.update(env)
            sys.argv[1:] = arguments
            runpy.run_module(module, run_name="__main__", alter_sys=True)
            return
        _, status = os.waitpid(forked, 0)
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))


def _main() -> None:
    from clients import lazy_sdk

    lazy_sdk.install()
    for module in _IMPORTED:
        importlib.import_module(module)
    _serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    _main()

"""The embedded control plane: started piece by piece, repaired where a piece is missing, stopped as a whole."""

import contextlib
import random
import re
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from sandbox.cluster.access import admin_token, connect, kubeconfig, write_private
from sandbox.cluster.control_plane import API_SERVER, ETCD, PROGRAMS, Folder, arguments
from sandbox.cluster.nodes import nodes
from sandbox.errors import SandboxError
from sandbox.processes import Supervisor
from sandbox.tools import Tool


def start(home: Path, tools: Mapping[str, Tool], supervisor: Supervisor, say: Callable[[str], None]) -> Path:
    """Bring the cluster of this sandbox up, whatever state it is in, and return its kubeconfig (mode 0600).

    `tools` has every program of `PROGRAMS`. What runs and answers is left alone; what does not is started again on the
    data it had. The API server keeps its port where that is free. Returns when the API answers, nodes are ready and
    pods can be made in the namespace `default`; `SandboxError` says which program failed, with the end of its log.
    """
    folder = Folder(home)
    if all(supervisor.running(program) for program in PROGRAMS) and _answers(folder):
        return folder.kubeconfig
    say("starting the cluster")
    folder.prepare()
    _start_etcd(folder, tools, supervisor)
    _start_api_server(folder, tools, supervisor)
    for program in PROGRAMS[2:]:
        if not supervisor.running(program):
            _launch(program, 0, folder, tools, supervisor)
    _await_usable(folder, supervisor, tools[API_SERVER].version)
    return folder.kubeconfig


def stop(supervisor: Supervisor) -> None:
    """Stop the cluster; what it holds stays in the sandbox's folder for the next start."""
    for program in reversed(PROGRAMS):
        supervisor.stop(program)


def _start_etcd(folder: Folder, tools: Mapping[str, Tool], supervisor: Supervisor) -> None:
    if supervisor.running(ETCD):
        return
    folder.socket.unlink(missing_ok=True)
    _launch(ETCD, 0, folder, tools, supervisor, ready=folder.socket.exists, timeout=30)


def _start_api_server(folder: Folder, tools: Mapping[str, Tool], supervisor: Supervisor) -> None:
    if supervisor.running(API_SERVER) and _answers(folder):
        return
    token = admin_token(folder.tokens)
    before = _port(folder)
    for port in (before or _free_port(), *(_free_port() for _ in range(4))):
        try:
            ready = partial(_comes_up, folder, supervisor, port, token)
            _launch(API_SERVER, port, folder, tools, supervisor, ready=ready, timeout=90)
        except SandboxError:
            if "address already in use" not in supervisor.log_end(API_SERVER):
                raise
            continue
        break
    else:
        raise SandboxError("kube-apiserver found no free port on 127.0.0.1 in five attempts.")
    if _port(folder) != before:
        for program in PROGRAMS[2:]:  # they hold the address they started with
            supervisor.stop(program)


def _comes_up(folder: Folder, supervisor: Supervisor, port: int, token: str) -> bool:
    if not supervisor.running(ETCD):
        raise SandboxError(f"etcd ended. The end of its log:\n{supervisor.log_end(ETCD)}")
    if not folder.authority.exists():
        return False
    wanted = kubeconfig(port, folder.authority.read_bytes(), token)
    if not folder.kubeconfig.exists() or folder.kubeconfig.read_text() != wanted:
        write_private(folder.kubeconfig, wanted)
    return _answers(folder)


def _launch(
    program: str,
    port: int,
    folder: Folder,
    tools: Mapping[str, Tool],
    supervisor: Supervisor,
    ready: Callable[[], bool] | None = None,
    timeout: float = 30,
) -> None:
    command = [tools[program].path, *arguments(program, port)]
    supervisor.start(program, command, ready=ready, timeout=timeout, cwd=folder.path)


def _await_usable(folder: Folder, supervisor: Supervisor, version: str) -> None:
    with connect(folder.kubeconfig) as api:
        core = client.CoreV1Api(api)
        for node in nodes(version):
            body: Any = node
            name = node["metadata"]["name"]
            with contextlib.suppress(ApiException):  # 409: there since an earlier start
                core.create_node(body)
            # New nodes are tainted until the controller that is off here has seen them.
            core.patch_node(name, {"spec": {"taints": None}})
        deadline = time.monotonic() + 60
        while True:
            for program in PROGRAMS:
                if not supervisor.running(program):
                    raise SandboxError(f"{program} ended. The end of its log:\n{supervisor.log_end(program)}")
            with contextlib.suppress(ApiException):
                core.read_namespaced_service_account("default", "default")
                return
            if time.monotonic() > deadline:
                raise SandboxError("the cluster's controllers did not get to work within a minute")
            time.sleep(0.05)


def _answers(folder: Folder) -> bool:
    if not folder.kubeconfig.exists():
        return False
    try:
        with connect(folder.kubeconfig) as api:
            request = api.param_serialize("GET", "/readyz", auth_settings=["BearerToken"])
            return api.call_api(*request, _request_timeout=2).status == 200
    except (HTTPError, OSError):
        return False


def _port(folder: Folder) -> int | None:
    """The port that the API server had the last time, if there was one."""
    with contextlib.suppress(OSError):
        found = re.search(r"server: https://127\.0\.0\.1:(\d+)", folder.kubeconfig.read_text())
        return int(found[1]) if found else None
    return None


def _free_port() -> int:
    """A port that nobody listens on, below those that systems give to outgoing connections: one of these could take the
    API server's while it is down, and a client that tries to reach it could end up connected to itself."""
    while True:
        port = random.randint(16384, 32767)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port

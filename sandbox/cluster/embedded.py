"""The embedded control plane: started program by program, restarted where a program died, stopped as a whole."""

import contextlib
import random
import re
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.cluster.access import admin_token, connect, is_ready
from sandbox.cluster.access import kubeconfig as kubeconfig_content
from sandbox.cluster.control_plane import API_SERVER, CLIENTS, ETCD, KWOK, PROGRAMS, ControlPlaneFolder, arguments
from sandbox.cluster.kwok_stages import stages
from sandbox.cluster.nodes import nodes
from sandbox.directory import write_private
from sandbox.errors import SandboxError
from sandbox.tools import Tool
from sandbox.tools.processes import Supervisor
from sandbox.tools.tool import Progress

if TYPE_CHECKING:
    from kubernetes import client


def start(
    directory: Path,
    tools: Mapping[str, Tool],
    supervisor: Supervisor,
    progress: Progress,
    stages: str = stages(),
    definitions: Callable[[], list[Any]] = list,
    meanwhile: Callable[[], object] = lambda: None,
) -> Path:
    """Starts the cluster of a sandbox, from any state, and returns its kubeconfig (mode 0600).

    `tools` holds every program of `PROGRAMS`. A program that runs and answers is left alone; any other is restarted
    with its data. The API server keeps its port if that is free. Returns when the API answers, nodes are ready and
    pods can be created in the namespace `default`. `SandboxError` names the program that failed, with the end of its
    log. `stages` are KWOK's; `definitions` returns the CustomResourceDefinitions to install besides those of `crds/`.
    `meanwhile` is called once while an API server starts, which takes most of the time, and not where one runs.
    """
    folder = ControlPlaneFolder(directory)
    if folder.write_stages(stages):
        supervisor.stop(KWOK)
    return _Cluster(folder, tools, supervisor, meanwhile).start(progress, definitions)


def kubeconfig(directory: Path) -> Path:
    """The kubeconfig of a sandbox's cluster, which exists once the cluster has started."""
    return ControlPlaneFolder(directory).kubeconfig


def stop(supervisor: Supervisor) -> None:
    """Stops the cluster; its data stays in the sandbox's directory for the next start."""
    for program in reversed(PROGRAMS):
        supervisor.stop(program)


class _Cluster:
    def __init__(
        self,
        folder: ControlPlaneFolder,
        tools: Mapping[str, Tool],
        supervisor: Supervisor,
        meanwhile: Callable[[], object],
    ) -> None:
        self._folder = folder
        self._tools = tools
        self._supervisor = supervisor
        self._meanwhile: Callable[[], object] | None = meanwhile
        self._running = supervisor.running

    def start(self, progress: Progress, definitions: Callable[[], list[Any]]) -> Path:
        if all(map(self._running, PROGRAMS)) and self._answers():
            return self._folder.kubeconfig
        from sandbox.cluster import custom_resources

        progress("starting the cluster")
        self._folder.prepare()
        try:
            self._start_etcd()
            self._start_api_server()
        except SandboxError as error:
            if self._running(ETCD):
                raise
            raise SandboxError(self._etcd_failed()) from error
        # Before the controllers start: the garbage collector discovers a later kind only after half a minute.
        with connect(self._folder.kubeconfig) as api:
            custom_resources.install(api, definitions())
        for program in CLIENTS:
            if not self._running(program):
                self._launch(program)
        self._await_usable()
        return self._folder.kubeconfig

    def _start_etcd(self) -> None:
        if not self._running(ETCD):
            self._folder.socket.unlink(missing_ok=True)
            self._launch(ETCD, ready=self._folder.socket.exists)

    def _start_api_server(self) -> None:
        # It may have to reconnect to an etcd that has just been restarted.
        if self._running(API_SERVER) and self._answers(timeout=5):
            return
        token = admin_token(self._folder.tokens)
        for port in (self._last_port() or _free_port(), *(_free_port() for _ in range(4))):
            try:
                self._launch(API_SERVER, port, ready=partial(self._api_server_is_ready, port, token), timeout=90)
                return
            except SandboxError:
                if "address already in use" not in self._supervisor.log_end(API_SERVER):
                    raise
        raise SandboxError("kube-apiserver found no free port on 127.0.0.1 in five attempts.")

    def _api_server_is_ready(self, port: int, token: str) -> bool:
        if meanwhile := self._meanwhile:
            self._meanwhile = None
            meanwhile()
        if not self._running(ETCD):
            raise SandboxError("etcd ended")
        if not self._folder.authority.exists():
            return False
        config = kubeconfig_content(port, self._folder.authority.read_bytes(), token)
        if not self._folder.kubeconfig.exists() or self._folder.kubeconfig.read_text() != config:
            for program in CLIENTS:  # they read it only when they start
                self._supervisor.stop(program)
            write_private(self._folder.kubeconfig, config)
        return self._answers()

    def _await_usable(self) -> None:
        from kubernetes import client
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        deadline = time.monotonic() + 60
        with connect(self._folder.kubeconfig) as api:
            core = client.CoreV1Api(api)
            while True:
                for program in PROGRAMS:
                    if not self._running(program):
                        raise SandboxError(f"{program} ended. The end of its log:\n{self._supervisor.log_end(program)}")
                try:
                    for node in nodes(self._tools[API_SERVER].version):
                        _register(core, node)
                    core.read_namespaced_service_account("default", "default")
                    return
                except (ApiException, HTTPError) as error:
                    if time.monotonic() > deadline:
                        raise SandboxError(f"The cluster was not usable within a minute: {error}") from error
                    time.sleep(0.05)

    def _launch(
        self, program: str, port: int = 0, *, ready: Callable[[], bool] | None = None, timeout: float = 30
    ) -> None:
        command = [self._tools[program].path, *arguments(program, port)]
        self._supervisor.start(program, command, ready=ready, timeout=timeout, cwd=self._folder.path)

    def _answers(self, timeout: float = 0) -> bool:
        deadline = time.monotonic() + timeout
        while self._folder.kubeconfig.exists():
            if is_ready(self._folder.kubeconfig):
                return True
            if time.monotonic() >= deadline:
                break
            time.sleep(0.05)
        return False

    def _last_port(self) -> int | None:
        with contextlib.suppress(OSError):
            found = re.search(r"server: https://127\.0\.0\.1:(\d+)", self._folder.kubeconfig.read_text())
            return int(found[1]) if found else None
        return None

    def _etcd_failed(self) -> str:
        log = self._supervisor.log_end(ETCD, 60).splitlines()
        errors = [line for line in log if line.startswith(("{", "panic:"))][-5:]
        return (
            "etcd, which stores the cluster's data, ended. If a power cut has damaged the data, start over with: "
            "python -m sandbox down --delete. The end of its log:\n" + "\n".join(errors)
        )


def _register(core: "client.CoreV1Api", node: Any) -> None:
    from kubernetes.client.exceptions import ConflictException

    with contextlib.suppress(ConflictException):  # it exists since an earlier start
        core.create_node(node)


def _free_port() -> int:
    """A free port below the range of outgoing connections. An outgoing connection could take a port of that range while
    the API server is down; a client that tries to reach the server could even connect to itself."""
    while True:
        port = random.randint(16384, 32767)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port

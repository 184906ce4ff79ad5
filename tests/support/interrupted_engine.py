"""Processes of a run that are killed after the k-th write to an API, before they receive the response.

The stand-in providers run in this process, so that every write passes through it, to the emulated API and to the
cluster. Writes are serialized, and those of the program's hooks are counted too.
"""

import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import grpc
import httpx
import psutil
import pytest
from pulumi.automation import _server

from ops.recover.object_kinds import OBJECT_KINDS
from sandbox import tools
from sandbox.directory import SandboxDirectory
from sandbox.engine.diagnostics import RunFailed
from sandbox.engine.engine import Engine
from sandbox.engine.engine_processes import find_engines
from sandbox.providers import servicer
from sandbox.providers.__main__ import serve
from sandbox.providers.cloudflare.client import Client
from sandbox.providers.interface import ProviderError
from sandbox.providers.kubernetes.api import CREATOR, Api
from sandbox.services.services import SandboxServices
from scripts.kill_matrix.plan import ALL, COMMAND, ENGINE, PROVIDERS
from settings import Settings, base_name
from tests.e2e.conftest import ACCOUNT, Sandbox
from tests.support import command_process
from tests.support.command_process import Operation
from tests.support.processes import alive

Run = Callable[[], object]
KINDS = (
    ("v1", "Secret"),
    ("v1", "Service"),
    ("apps/v1", "Deployment"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("policy/v1", "PodDisruptionBudget"),
)
"""The kinds that the program creates in its namespace."""


class EngineKiller:
    """Counts writes and kills processes of the run after a given number of them: the engine, unless others are
    named."""

    def __init__(self, backend: str) -> None:
        self.backend = backend
        self.writes: list[str] = []
        self.command: int | None = None
        """Id of the process that runs the command, where it is not this one."""
        self.servers: list[grpc.Server] = []
        """The providers."""
        self._target = ENGINE
        self._after = 0
        self._run = 0
        self._killed = False
        self._lock = threading.Lock()

    def kill_after(self, writes: int, run: Run, target: str = ENGINE) -> bool:
        """Runs until the given number of writes, then kills the target; returns whether it was killed."""
        self._begin(writes, target)
        try:
            try:
                run()
            except RunFailed as error:
                # The SDK's process-wide state may still name the engine killed before; the program then fails at once.
                if self._killed or self.writes or "Connection refused" not in str(error):
                    raise
                run()
        except RunFailed:
            if not self._killed:
                raise
        psutil.wait_procs(find_engines(self.backend), timeout=60)
        _await_threads()
        with self._lock:
            killed, self._killed, self._after = self._killed, False, 0
            self._run += 1
        return killed

    def _begin(self, after: int, target: str) -> None:
        with self._lock:
            self.writes, self._after, self._killed, self._target = [], after, False, target
            self._run += 1

    def write(self, description: str, perform: Callable[[], Any]) -> Any:
        run = self._run
        with self._lock:
            # What dies with the providers, or after the run, is not written. An engine that lost its command finishes
            # its current steps, and providers finish the calls of an engine that they lost.
            if run != self._run or (self._killed and self._target in (PROVIDERS, ALL)):
                raise ProviderError("the providers were killed")
            response = perform()
            self.writes.append(description)
            if len(self.writes) == self._after:
                self._killed = True
                self._kill()
            if self._killed and self._target != COMMAND:
                raise ProviderError("the response was lost")
            return response

    def _kill(self) -> None:
        victims = find_engines(self.backend) if self._target in (ENGINE, ALL) else []
        if self._target in (COMMAND, ALL):
            assert self.command is not None
            victims.append(psutil.Process(self.command))
        for victim in victims:
            victim.send_signal(signal.SIGSTOP)
        for victim in victims:
            victim.kill()
            while alive(victim.pid):
                time.sleep(0.005)
        if self._target in (PROVIDERS, ALL):
            for server in self.servers:
                server.stop(grace=None)

    def count(self, description: str) -> None:
        """Counts a write that a hook of the program has made."""
        with contextlib.suppress(ProviderError):
            self.write(description, lambda: None)


def _await_threads() -> None:
    """Waits until the program of a killed engine and the calls of stopped providers have ended in this process.

    The next run would share the SDK's process-wide state with that program, and a late call would write beside it.
    """
    deadline = time.monotonic() + 60
    while any(map(_is_serving, sys._current_frames().values())):
        assert time.monotonic() < deadline, "the program or a provider's call is still running without its engine"
        time.sleep(0.02)


def _is_serving(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename in (_server.__file__, servicer.__file__):
            return True
        frame = frame.f_back
    return False


class EngineHarness:
    """A running sandbox whose engines and providers run in this process."""

    def __init__(self, box: Sandbox, patch: pytest.MonkeyPatch) -> None:
        self.box = box
        self.messages: list[str] = []
        patch.setenv("CULVERT_SANDBOX_HOME", str(box.home))
        self.services = SandboxServices(SandboxDirectory(), self.messages.append)
        self.services.start()
        self._tool = tools.ensure(["pulumi"], self.messages.append)["pulumi"]
        self.env = self.services.environment()
        for key in ("CLOUDFLARE_BASE_URL", "CLOUDFLARE_API_TOKEN", "KUBECONFIG"):
            patch.setenv(key, self.env[key])
        self.killer = EngineKiller(self.env["PULUMI_BACKEND_URL"])
        _count_cloudflare(self.killer, patch)
        _count_kubernetes(self.killer, patch)
        self._cluster = Api(self.env["KUBECONFIG"])
        self.start_providers()

    def start_providers(self) -> None:
        """Starts the providers anew, which a run may have lost."""
        self.stop()
        self.killer.servers, ports = serve(["cloudflare", "kubernetes", "random"])
        self.env["PULUMI_DEBUG_PROVIDERS"] = ",".join(f"{name}:{port}" for name, port in ports.items())

    def stop(self) -> None:
        for server in self.killer.servers:
            server.stop(grace=None)

    def api_state(self) -> dict[str, Any]:
        """Every object of the emulated API."""
        headers = {"Authorization": f"Bearer {self.services.directory.secret('admin')}"}
        return httpx.get(f"{self.services.dashboard()}sandbox/state", headers=headers).raise_for_status().json()

    def token(self, tunnel: str) -> str:
        """The connector token of a tunnel, from the API."""
        headers = {"Authorization": f"Bearer {self.env['CLOUDFLARE_API_TOKEN']}"}
        path = f"{self.env['CLOUDFLARE_BASE_URL']}/accounts/{ACCOUNT}/cfd_tunnel/{tunnel}/token"
        return httpx.get(path, headers=headers).raise_for_status().json()["result"]

    def namespaced_objects(self, namespace: str) -> dict[str, list[dict[str, Any]]]:
        """The objects of a namespace of the kinds that the program creates, by kind."""
        objects = {}
        for version, kind in KINDS:
            path = self._cluster.endpoint(version, kind).path(namespace)
            objects[kind] = self._cluster.call("GET", path)["items"]
        return objects

    def namespaces(self) -> list[str]:
        return [namespace["metadata"]["name"] for namespace in self._cluster.call("GET", "/api/v1/namespaces")["items"]]

    def checkpoint(self, stack: str) -> dict[str, Any]:
        """The state of a stack, from its file."""
        file = self.services.directory.path / "state/.pulumi/stacks/culvert" / f"{stack}.json"
        return json.loads(file.read_text())["checkpoint"]["latest"] or {}

    def objects_of_engines(self) -> set[str]:
        """Every object that an engine created and that is not being deleted, as `KIND NAMESPACE/NAME`.

        Of the kinds that the program creates, in all namespaces: a test compares the table with the program.
        """
        names = set[str]()
        for kind in OBJECT_KINDS:
            for item in self._cluster.call("GET", kind.path())["items"]:
                metadata = item["metadata"]
                managers = [field.get("manager", "") for field in metadata.get("managedFields") or ()]
                if any(manager.startswith(CREATOR) for manager in managers) and not metadata.get("deletionTimestamp"):
                    namespace = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
                    names.add(f"{kind.kind} {namespace}{metadata['name']}")
        return names

    def seed(self, stack: str, file: Path) -> None:
        """Creates what the stack file assumes to exist, as each command does."""
        settings = Settings.from_stack_file(file)
        self.services.seed(settings, settings.namespace_name(base_name("culvert", stack)))

    def engine(self, stack: str, config: dict[str, Any]) -> Engine:
        return self.engine_of(stack, self.box.stack_file(stack, config))

    def engine_of(self, stack: str, file: Path) -> Engine:
        """The engine of a stack file, in this process."""
        self.seed(stack, file)
        return Engine(self.services.directory, stack, file, self._tool, self.env, self.messages.append)

    def run(self, name: str, stack: str, config: Path, **options: Any) -> None:
        """Runs an operation of the engine by a command in a process of its own. Raises `RunFailed`."""
        self.seed(stack, config)
        home = self.services.directory.path
        operation = Operation(name, stack, config, home, self._tool, dict(self.env), options)
        failed = command_process.run(operation, lambda pid: setattr(self.killer, "command", pid), self.killer.count)
        self.killer.command = None
        if failed:
            raise RunFailed([{"message": failed}])


@contextlib.contextmanager
def engine_harness(box: Sandbox) -> Iterator[EngineHarness]:
    with pytest.MonkeyPatch.context() as patch:
        harness = EngineHarness(box, patch)
        try:
            yield harness
        finally:
            harness.stop()


def quiet(_line: str) -> None:
    return None


def _count_cloudflare(killer: EngineKiller, patch: pytest.MonkeyPatch) -> None:
    send = Client._send

    def counted(self: Client, method: str, url: str, body: Any, query: Any) -> Any:
        def perform() -> Any:
            return send(self, method, url, body, query)

        return perform() if method == "GET" else killer.write(f"{method} {url.rsplit('/v4', 1)[-1]}", perform)

    patch.setattr(Client, "_send", counted)


def _count_kubernetes(killer: EngineKiller, patch: pytest.MonkeyPatch) -> None:
    call = Api.call

    def counted(
        self: Api, method: str, path: str, body: Any = None, query: Any = None, *more: Any, **named: Any
    ) -> Any:
        def perform() -> Any:
            return call(self, method, path, body, query, *more, **named)

        return perform() if method == "GET" or "dryRun" in (query or {}) else killer.write(f"{method} {path}", perform)

    patch.setattr(Api, "call", counted)

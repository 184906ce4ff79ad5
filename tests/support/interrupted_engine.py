"""An engine that is killed after the k-th write to an API, before it receives the response.

The stand-in providers run in this process, so that every write passes through it, to the emulated API and to the
cluster. Writes are serialized: a write that runs beside the fatal one fails, as if the providers had died with the
engine.
"""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import httpx
import pytest
from pulumi.automation import _server

from sandbox import tools
from sandbox.directory import SandboxDirectory
from sandbox.engine.diagnostics import RunFailed
from sandbox.engine.engine import Engine
from sandbox.engine.engine_processes import find_engines
from sandbox.providers.__main__ import serve
from sandbox.providers.cloudflare.client import Client
from sandbox.providers.interface import ProviderError
from sandbox.providers.kubernetes.api import Api
from sandbox.services.services import SandboxServices
from settings import Settings
from tests.e2e.conftest import ACCOUNT, Sandbox
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
    """Counts writes and kills the engine after a given number of them."""

    def __init__(self, backend: str) -> None:
        self.backend = backend
        self.writes: list[str] = []
        self._after = 0
        self._run = 0
        self._killed = False
        self._lock = threading.Lock()

    def kill_after(self, writes: int, run: Run) -> bool:
        """Runs until the given number of writes, then kills the engine; returns whether it was killed."""
        self._begin(writes)
        try:
            try:
                run()
            except RunFailed as error:
                # The SDK's process-wide state may still name the engine killed before; the program then fails at once.
                if self._killed or self.writes or "Connection refused" not in str(error):
                    raise
                run()
        except RunFailed:
            # Otherwise the run failed for another reason.
            assert self._killed
        _await_programs()
        with self._lock:
            killed, self._killed, self._after = self._killed, False, 0
            self._run += 1
        return killed

    def _begin(self, after: int) -> None:
        with self._lock:
            self.writes, self._after, self._killed = [], after, False
            self._run += 1

    def write(self, description: str, perform: Callable[[], Any]) -> Any:
        run = self._run
        with self._lock:
            if self._killed or run != self._run:
                raise ProviderError("the engine was killed")
            response = perform()
            self.writes.append(description)
            if len(self.writes) == self._after:
                self._killed = True
                for engine in find_engines(self.backend):
                    engine.kill()
                    while alive(engine.pid):
                        time.sleep(0.005)
                raise ProviderError("the engine was killed")
            return response


def _await_programs() -> None:
    """Waits until the program of a killed engine has ended: the next run would share the SDK's process-wide state."""
    deadline = time.monotonic() + 60
    while any(map(_is_serving, sys._current_frames().values())):
        assert time.monotonic() < deadline, "the program is still running without its engine"
        time.sleep(0.02)


def _is_serving(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename == _server.__file__:
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
        self._servers, ports = serve(["cloudflare", "kubernetes", "random"])
        self.env["PULUMI_DEBUG_PROVIDERS"] = ",".join(f"{name}:{port}" for name, port in ports.items())

    def stop(self) -> None:
        for server in self._servers:
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
        return json.loads(file.read_text())["checkpoint"]["latest"]

    def engine(self, stack: str, config: dict[str, Any]) -> Engine:
        file = self.box.stack_file(stack, config)
        self.services.seed(Settings.from_stack_file(file))
        return Engine(self.services.directory, stack, file, self._tool, self.env, self.messages.append)


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

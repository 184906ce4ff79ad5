"""An engine that is killed after the k-th write to an API, before it hears of the answer.

The stand-in providers run in this process, so that every write passes through here, to the emulated API and to the cluster
alike. Writes go one at a time: what was under way beside the fatal one is as if the providers had died with the engine.
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
"""What the program makes in its namespace."""


class EngineKiller:
    """Counts writes, and ends the engine after the one that it is told."""

    def __init__(self, backend: str) -> None:
        self.backend = backend
        self.writes: list[str] = []
        self._after = 0
        self._run = 0
        self._over = False
        self._lock = threading.Lock()

    def kill_after(self, writes: int, run: Run) -> bool:
        """Runs until so many writes were made, and no further; false where there were not so many."""
        self._begin(writes)
        try:
            run()
        except RunFailed:
            # Otherwise it failed by itself.
            assert self._over
        _await_programs()
        with self._lock:
            cut, self._over, self._after = self._over, False, 0
            self._run += 1
        return cut

    def _begin(self, after: int) -> None:
        with self._lock:
            self.writes, self._after, self._over = [], after, False
            self._run += 1

    def write(self, what: str, make: Callable[[], Any]) -> Any:
        run = self._run
        with self._lock:
            if self._over or run != self._run:
                raise ProviderError("the engine is gone")
            answer = make()
            self.writes.append(what)
            if len(self.writes) == self._after:
                self._over = True
                for engine in find_engines(self.backend):
                    engine.kill()
                    while alive(engine.pid):
                        time.sleep(0.005)
                raise ProviderError("the engine is gone")
            return answer


def _await_programs() -> None:
    """Waits until a program whose engine is gone has noticed: the SDK keeps what is the process's, and the next one would get it."""
    deadline = time.monotonic() + 60
    while any(map(_serves, sys._current_frames().values())):
        assert time.monotonic() < deadline, "the program goes on without its engine"
        time.sleep(0.02)


def _serves(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename == _server.__file__:
            return True
        frame = frame.f_back
    return False


class EngineHarness:
    """A running sandbox, with engines driven from here."""

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
        """Everything that the emulated API holds."""
        headers = {"Authorization": f"Bearer {self.services.directory.secret('admin')}"}
        return httpx.get(f"{self.services.dashboard()}sandbox/state", headers=headers).raise_for_status().json()

    def token(self, tunnel: str) -> str:
        """What a connector of this tunnel registers with, as the API has it."""
        headers = {"Authorization": f"Bearer {self.env['CLOUDFLARE_API_TOKEN']}"}
        path = f"{self.env['CLOUDFLARE_BASE_URL']}/accounts/{ACCOUNT}/cfd_tunnel/{tunnel}/token"
        return httpx.get(path, headers=headers).raise_for_status().json()["result"]

    def namespaced_objects(self, namespace: str) -> dict[str, list[dict[str, Any]]]:
        """The objects of a namespace that the program may have made, by kind."""
        found = {}
        for version, kind in KINDS:
            path = self._cluster.endpoint(version, kind).path(namespace)
            found[kind] = self._cluster.call("GET", path)["items"]
        return found

    def namespaces(self) -> list[str]:
        return [each["metadata"]["name"] for each in self._cluster.call("GET", "/api/v1/namespaces")["items"]]

    def checkpoint(self, stack: str) -> dict[str, Any]:
        """The state of a stack, as it lies in its file."""
        file = self.services.directory.path / "state/.pulumi/stacks/culvert" / f"{stack}.json"
        return json.loads(file.read_text())["checkpoint"]["latest"]

    def engine(self, stack: str, config: dict[str, Any]) -> Engine:
        file = self.box.stack_file(stack, config)
        self.services.seed(Settings.from_stack_file(file))
        return Engine(self.services.directory, stack, file, self._tool, self.env, self.messages.append)


@contextlib.contextmanager
def engine_harness(box: Sandbox) -> Iterator[EngineHarness]:
    with pytest.MonkeyPatch.context() as patch:
        made = EngineHarness(box, patch)
        try:
            yield made
        finally:
            made.stop()


def quiet(_line: str) -> None:
    return None


def _count_cloudflare(killer: EngineKiller, patch: pytest.MonkeyPatch) -> None:
    send = Client._send

    def counted(self: Client, method: str, url: str, body: Any, query: Any) -> Any:
        def make() -> Any:
            return send(self, method, url, body, query)

        return make() if method == "GET" else killer.write(f"{method} {url.rsplit('/v4', 1)[-1]}", make)

    patch.setattr(Client, "_send", counted)


def _count_kubernetes(killer: EngineKiller, patch: pytest.MonkeyPatch) -> None:
    call = Api.call

    def counted(
        self: Api, method: str, path: str, body: Any = None, query: Any = None, *more: Any, **named: Any
    ) -> Any:
        def make() -> Any:
            return call(self, method, path, body, query, *more, **named)

        return make() if method == "GET" or "dryRun" in (query or {}) else killer.write(f"{method} {path}", make)

    patch.setattr(Api, "call", counted)

"""The stack of a run, and what the run does to it: the steps of the sandbox's end-to-end tests."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from clients.kubernetes import KubernetesApi
from ops.emulator import is_loopback
from ops.expected_stack import ExpectedStack
from ops.verify.result import Status
from ops.verify.runner import Runner
from sandbox import tools
from sandbox.directory import SandboxDirectory
from sandbox.engine.engine import Engine
from sandbox.engine.update_result import UpdateResult
from sandbox.services.providers import choose_providers
from sandbox.services.servers import Servers
from sandbox.tools.tool import Progress
from scripts.live.stack_settings import CHANGED, FIRST, ROTATED, StackSettings
from scripts.live.target import LiveError, Target
from settings import Settings


class StackSteps:
    """One stack, in a directory of its own: its state, and its secrets, stay there until everything is deleted."""

    def __init__(self, target: Target, zone_id: str, team: str, email: str, offline: bool, progress: Progress) -> None:
        self._target, self._offline, self._progress = target, offline, progress
        self._settings = StackSettings(target, zone_id, team, email)
        self.directory = SandboxDirectory(Path(f".live/{target.run}"))
        self._servers = Servers(self.directory, progress)
        self._started = False

    @property
    def namespace(self) -> str:
        return self._settings.namespace

    def prepare(self) -> str:
        """The address of the cluster. Raises LiveError where the stack's settings are invalid, or the cluster has the
        run's namespace; CheckUnavailable where the cluster does not answer."""
        self._settings.require_valid()
        cluster = KubernetesApi(str(self._target.kubeconfig))
        if cluster.find(f"/api/v1/namespaces/{self.namespace}"):
            raise LiveError(f"the cluster has a namespace {self.namespace}: delete it, or choose another run id")
        return cluster.server

    def steps(self) -> dict[str, Callable[[str], str]]:
        """Each step by its name; it takes the recorder's address and returns its result in words."""
        return {
            "up": lambda url: self._run(url, FIRST, "up"),
            "up again": lambda url: self._run(url, FIRST, "up"),
            "verify": self._verify,
            "refresh": lambda url: self._run(url, FIRST, "refresh"),
            "change a route and rename a hostname": lambda url: self._run(url, CHANGED, "up"),
            "rotate the token": lambda url: self._run(url, ROTATED, "up"),
        }

    def clean(self, url: str) -> str:
        """Destroys the stack, where there is one, and then the namespace."""
        if not self._started:
            return "there was nothing to destroy"
        try:
            return self._run(url, ROTATED, "destroy")
        finally:
            try:
                KubernetesApi(str(self._target.kubeconfig)).delete(f"/api/v1/namespaces/{self.namespace}")
            finally:
                self._servers.stop_all()

    def _run(self, url: str, version: int, operation: str) -> str:
        self.directory.create()
        self._started = True
        self._start_stand_ins(self._environment(url))
        env = self._environment(url)
        tool = tools.ensure(["pulumi"], self._progress)["pulumi"]
        engine = Engine(self.directory, self._target.stack, self._write(version), tool, env, self._progress)
        result: UpdateResult = getattr(engine, operation)(self._progress)
        counts = ", ".join(f"{count} {op}" for op, count in result.summary.items() if count)
        return counts or "no resources"

    def _verify(self, url: str) -> str:
        settings = Settings.from_stack_file(self._write(FIRST))
        expected = ExpectedStack(self._target.stack, self.namespace, settings)
        # `url` is the recorder's, on this machine, whatever is behind it.
        emulated = is_loopback(self._target.base_url)
        with _environ(self._environment(url)):
            results = Runner(expected, offline=self._offline, emulated=emulated).run()
        failed = [each.check for each in results if each.status in (Status.FAILED, Status.UNKNOWN)]
        passed = sum(each.status == Status.PASSED for each in results)
        return f"{passed} checks passed" + (f"; not passed: {', '.join(sorted(set(failed)))}" if failed else "")

    def _environment(self, url: str) -> dict[str, str]:
        return {
            "CLOUDFLARE_BASE_URL": url,
            "CLOUDFLARE_API_TOKEN": self._target.token,
            "KUBECONFIG": str(self._target.kubeconfig),
            "PULUMI_BACKEND_URL": self.directory.backend_url,
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase()),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **self._stand_ins,
        }

    def _passphrase(self) -> Path:
        self.directory.secret("passphrase")
        return self.directory.path / "passphrase"

    def _start_stand_ins(self, env: Mapping[str, str]) -> None:
        """Only on demand (`CULVERT_SANDBOX_PROVIDERS=standin`), as the project's tests have it: official providers are
        downloaded by the engine."""
        if os.environ.get("CULVERT_SANDBOX_PROVIDERS") == "standin" and not self._servers.running("providers"):
            self._servers.start_providers(choose_providers(), env)

    @property
    def _stand_ins(self) -> dict[str, str]:
        if not self._servers.running("providers"):
            return {}
        ports = sorted(self._servers.ports("providers").items())
        attached = ",".join(f"{name}:{port}" for name, port in ports)
        return {"PULUMI_DEBUG_PROVIDERS": attached, "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}

    def _write(self, version: int) -> Path:
        path = self.directory.path / f"Pulumi.{self._target.stack}.yaml"
        config = {f"culvert:{key}": value for key, value in self._settings.of(version).items()}
        path.write_text(yaml.safe_dump({"config": config}, sort_keys=False))
        return path


@contextmanager
def _environ(values: Mapping[str, str]) -> Iterator[None]:
    """These environment variables, and afterwards what was there before."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

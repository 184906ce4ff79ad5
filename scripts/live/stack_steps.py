"""The stack of a run, and what the run does to it: the steps of the sandbox's end-to-end tests."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from clients.kubernetes import KubernetesApi
from ops.expected_stack import ExpectedStack
from ops.project import project_name
from ops.verify.result import Status
from ops.verify.runner import Runner
from sandbox import tools
from sandbox.directory import SandboxDirectory
from sandbox.engine.engine import Engine
from sandbox.engine.update_result import UpdateResult
from sandbox.services.providers import choose_providers
from sandbox.services.servers import Servers
from sandbox.tools.tool import Progress
from scripts.live.target import LiveError, Target
from settings import Settings, base_name

_FIRST, _CHANGED, _ROTATED = range(3)


class StackSteps:
    """One stack, in a directory of its own: its state, and its secrets, stay there until everything is deleted."""

    def __init__(self, target: Target, zone_id: str, team: str, email: str, offline: bool, progress: Progress) -> None:
        self._target, self._zone_id = target, zone_id
        self._team, self._email, self._offline = team, email, offline
        self._progress = progress
        self.directory = SandboxDirectory(Path(f".live/{target.run}"))
        self._servers = Servers(self.directory, progress)
        self._started = False

    @property
    def namespace(self) -> str:
        return base_name(project_name(), self._target.stack)

    def prepare(self) -> str:
        """The address of the cluster. Raises LiveError where it has the run's namespace, CheckUnavailable where it
        does not answer."""
        cluster = KubernetesApi(str(self._target.kubeconfig))
        if cluster.find(f"/api/v1/namespaces/{self.namespace}"):
            raise LiveError(f"the cluster has a namespace {self.namespace}: delete it, or choose another run id")
        return cluster.server

    def steps(self) -> dict[str, Callable[[str], str]]:
        """Each step by its name; it takes the recorder's address and returns its result in words."""
        return {
            "up": lambda url: self._run(url, _FIRST, "up"),
            "up again": lambda url: self._run(url, _FIRST, "up"),
            "verify": self._verify,
            "refresh": lambda url: self._run(url, _FIRST, "refresh"),
            "change a route and rename a hostname": lambda url: self._run(url, _CHANGED, "up"),
            "rotate the token": lambda url: self._run(url, _ROTATED, "up"),
        }

    def clean(self, url: str) -> str:
        """Destroys the stack, where there is one, and then the namespace."""
        if not self._started:
            return "there was nothing to destroy"
        try:
            return self._run(url, _ROTATED, "destroy")
        finally:
            KubernetesApi(str(self._target.kubeconfig)).delete(f"/api/v1/namespaces/{self.namespace}")
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
        os.environ.update(self._environment(url))
        settings = Settings.from_stack_file(self._write(_FIRST))
        expected = ExpectedStack(self._target.stack, base_name(project_name(), self._target.stack), settings)
        results = Runner(expected, offline=self._offline).run()
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
        config = {f"culvert:{key}": value for key, value in self.settings(version).items()}
        path.write_text(yaml.safe_dump({"config": config}, sort_keys=False))
        return path

    def settings(self, version: int = _FIRST) -> dict[str, Any]:
        """The stack file's keys in this version of it, without their prefix."""
        target = self._target
        labels = {"app.kubernetes.io/name": "blog"}
        backend = {"service": "blog", "port": 80, "targetPort": 8080, "podSelector": labels}
        site: dict[str, Any] = {"hostname": target.hostname, "backend": backend}
        if version >= _CHANGED:
            site["origin"] = {"connectTimeout": 10}
        other = "renamed" if version >= _CHANGED else "status"
        routes = [site, {"hostname": f"{other}-{target.hostname}", "service": "http_status:204"}]
        more: dict[str, Any] = {}
        if self._team:
            routes[1] = {**routes[1], "access": {"serviceTokens": ["ci"]}}
            more["accessTeam"] = self._team
        if self._email:
            more["notify"] = {"email": [self._email], "when": ["down"]}
        return {
            "accountId": target.account,
            "zones": {target.zone: self._zone_id},
            "namespace": self.namespace,
            "sampleSite": True,
            "routes": routes,
            **({"token": {"epoch": 1}} if version >= _ROTATED else {}),
            **more,
        }

"""A stack that is deployed in a sandbox of its own, and a checkout with a shell in which its commands run."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from clients.kubernetes import KubernetesApi
from ops.expected_stack import ExpectedStack
from ops.verify.result import CheckResult
from ops.verify.runner import Runner
from settings import Settings
from tests.e2e.conftest import ZONE, Sandbox, settings
from tests.support import kubernetes_services as kinds
from tests.support.checkouts import checkout

STACK = "sure"
HOSTS = tuple(f"{name}.example.com" for name in (STACK, "second", "third"))
APPS = f"/apis/apps/v1/namespaces/{STACK}/deployments/culvert-{STACK}-cloudflared"
POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{STACK}/networkpolicies"
SERVICES = f"/api/v1/namespaces/{STACK}/services"
PODS = f"/api/v1/namespaces/{STACK}/pods"


@dataclass
class DeployedStack:
    """A stack deployed in a sandbox without cloudflared; the tests declare its connectors to the API."""

    box: Sandbox
    project: Path
    env: dict[str, str]
    """What `python -m sandbox env` prints, without what names the edge: no connector runs that could answer."""
    outputs: dict[str, Any]
    page: str

    @property
    def file(self) -> Path:
        return self.project / f"Pulumi.{STACK}.yaml"

    def shell(self, command: str) -> str:
        """Runs a command in the checkout, as a person does who answers yes; its output."""
        env = {**self.box.env, **self.env, "PULUMI_SKIP_CONFIRMATIONS": "true"}
        env["PATH"] = f"{self.project / '.venv' / 'bin'}{os.pathsep}{env['PATH']}"
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", command],
            cwd=self.project,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}"
        return done.stdout

    def update_outputs(self) -> None:
        """Reads the outputs again after an update."""
        self.outputs = json.loads(self.shell("pulumi stack output --json"))

    def verify(self) -> list[CheckResult]:
        expected = ExpectedStack(STACK, f"culvert-{STACK}", Settings.from_stack_file(self.file), self.outputs)
        return Runner(expected).run()

    def api(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self.env['CLOUDFLARE_API_TOKEN']}"}
        reply = httpx.request(method, self.env["CLOUDFLARE_BASE_URL"] + path, json=body, headers=headers)
        return reply.raise_for_status().json()["result"]

    def connect(self, *connections: int) -> None:
        admin = {"Authorization": f"Bearer {(self.box.home / 'admin').read_text().strip()}"}
        body = {"tunnel": self.outputs["tunnelId"], "connectors": list(connections)}
        httpx.put(f"{self.page}sandbox/connections", json=body, headers=admin).raise_for_status()

    def record(self, hostname: str = HOSTS[0]) -> dict[str, Any]:
        return next(one for one in self.api("GET", f"/zones/{ZONE}/dns_records") if one["name"] == hostname)

    def wait_for_pods(self) -> None:
        """Waits until there are exactly two pods, both ready."""
        cluster, deadline = KubernetesApi(self.env["KUBECONFIG"]), time.monotonic() + 60
        while True:
            deployment, pods = cluster.get(APPS), cluster.items(PODS)
            observed = deployment["status"].get("observedGeneration") == deployment["metadata"]["generation"]
            if observed and deployment["status"].get("readyReplicas") == len(pods) == 2:
                return
            assert time.monotonic() < deadline, "the pods have not recovered after a minute"
            time.sleep(0.1)


@contextmanager
def deployed_stack(folder: Path) -> Iterator[DeployedStack]:
    """Deploys the stack in a sandbox below `folder`, with a route for each of `HOSTS`."""
    box = Sandbox(folder / "home")
    box.env["CULVERT_CLOUDFLARED"] = str(box.home / "none")
    project = checkout(folder / "checkout")
    try:
        routes = [{"hostname": host, "service": "http://blog"} for host in HOSTS]
        file = box.stack_file(STACK, settings(STACK, routes=routes)).rename(project / f"Pulumi.{STACK}.yaml")
        box.run("up", "--config", str(file))
        printed = subprocess.run(
            [project / ".venv" / "bin" / "python", "-m", "sandbox", "env", "--stack", STACK, "--json"],
            cwd=project,
            env=box.env,
            capture_output=True,
            check=True,
        )
        # The Service is in the namespace that the stack creates: the next update reads it.
        env = {k: v for k, v in json.loads(printed.stdout).items() if not k.startswith("CULVERT_VERIFY_")}
        created = KubernetesApi(env["KUBECONFIG"])
        created.text("POST", SERVICES, {}, kinds.service("blog", STACK), {"Content-Type": "application/json"})
        outputs = box.run("up", "--config", str(file))["outputs"]
        deployed = DeployedStack(box, project, env, outputs, box.run("status")["dashboard"])
        deployed.connect(4, 4)
        yield deployed
    finally:
        box.raw("down", "--delete")

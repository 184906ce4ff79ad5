"""An embedded cluster with the connector's pods run by us: one cluster for all tests, `sandbox.kubelet` for each."""

import contextlib
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from sandbox.directory import SandboxDirectory
from tests.support.paths import PROJECT

PLAYED = Path(__file__).with_name("stub_cloudflared.py")
LABELS = {"app.kubernetes.io/name": "cloudflared"}


def eventually(question: Callable[[], Any]) -> Any:
    """Waits until a question is answered with something true, and gives that; a minute of anything else is a failure."""
    deadline = time.monotonic() + 60
    while not (answer := question()):
        assert time.monotonic() < deadline, "still not so after a minute"
        time.sleep(0.05)
    return answer


@dataclass
class Farm:
    """The cluster, and a namespace for one test."""

    home: SandboxDirectory
    kubeconfig: Path
    api: httpx.Client
    namespace: str
    switches: Path

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A call below the namespace's own path; `path` begins with the API group where that is not the core's."""
        group, _, rest = path.rpartition(":")
        address = f"/{f'apis/{group}' if group else 'api/v1'}/namespaces/{self.namespace}/{rest}"
        kind = "application/strategic-merge-patch+json" if method == "PATCH" else "application/json"
        reply = self.api.request(method, address, content=json.dumps(body), headers={"content-type": kind})
        assert reply.is_success, reply.text
        return reply.json()

    def create(self, path: str, name: str, labels: dict[str, str] | None = None, **body: Any) -> None:
        self.call("POST", path, {"metadata": {"name": name, "labels": labels or {}}, **body})

    def deploy(self, replicas: int = 1, grace: int = 20, **container: Any) -> None:
        """A connector's Deployment, with the probes that the component gives it but for their periods."""

        def probe(path: str, **more: Any) -> dict[str, Any]:
            return {"httpGet": {"path": path, "port": "metrics"}, "periodSeconds": 1, "failureThreshold": 1, **more}

        declared = {
            "name": "cloudflared",
            "image": "cloudflare/cloudflared:2026.7.3",
            "args": ["tunnel", "run"],
            "ports": [{"name": "metrics", "containerPort": 2000}],
            "startupProbe": probe("/ready", failureThreshold=60),
            "readinessProbe": probe("/ready"),
            "livenessProbe": probe("/healthcheck"),
            **container,
        }
        declared["env"] = [
            {"name": "TUNNEL_METRICS", "value": "0.0.0.0:2000"},
            {"name": "SWITCHES", "value": str(self.switches)},
            *container.get("env", []),
        ]
        volumes = declared.pop("volumes", [])
        template = {
            "metadata": {"labels": {**LABELS, "with.a/dot": "kept"}},
            "spec": {"containers": [declared], "volumes": volumes, "terminationGracePeriodSeconds": grace},
        }
        spec = {"replicas": replicas, "selector": {"matchLabels": LABELS}, "template": template}
        self.create("apps/v1:deployments", "connector", spec=spec)

    def scale(self, replicas: int) -> None:
        self.call("PATCH", "apps/v1:deployments/connector", {"spec": {"replicas": replicas}})

    def available(self) -> int:
        return self.call("GET", "apps/v1:deployments/connector")["status"].get("availableReplicas", 0)

    def pods(self) -> list[dict[str, Any]]:
        return self.call("GET", "pods")["items"]

    def container(self) -> dict[str, Any]:
        """The status of the one pod's container, as far as it has one."""
        statuses = [pod["status"].get("containerStatuses") for pod in self.pods()]
        return statuses[0][0] if statuses and statuses[0] else {"ready": False, "restartCount": -1, "state": {}}

    def started(self, pod: dict[str, Any] | None = None) -> dict[str, Any]:
        """How the pod's process was started; empty before that."""
        for one in [pod] if pod else self.pods():
            note = self.home.path / "connectors" / one["metadata"]["uid"] / "started.json"
            with contextlib.suppress(FileNotFoundError):
                return json.loads(note.read_text())
        return {}

    def switch(self, name: str, on: bool) -> None:
        if on:
            (self.switches / name).touch()
        else:
            (self.switches / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def running(
        self, cloudflared: Path = PLAYED, edge: dict[str, Any] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """`sandbox.kubelet` in a process of its own, stopped at the end."""
        ports, port_file = self.home.path / "edge.port", self.home.path / "connectors.port"
        ports.write_text(json.dumps(edge or {"front": 9, "edge": [9, 10]}))
        port_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox.kubelet", "--home", str(self.home.path)]
        command += ["--kubeconfig", str(self.kubeconfig), "--cloudflared", str(cloudflared)]
        command += ["--edge", str(ports), "--port-file", str(port_file)]
        with (self.home.path / "connectors.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, "OURS": "alone"}, stderr=log)
        try:
            eventually(lambda: port_file.exists() or process.poll() is not None)
            assert process.poll() is None, (self.home.path / "connectors.log").read_text()
            yield process
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise

    @property
    def proxy(self) -> int:
        return json.loads((self.home.path / "connectors.port").read_text())["proxy"]


@contextlib.contextmanager
def plot(home: SandboxDirectory, kubeconfig: Path, name: str, switches: Path) -> Iterator[Farm]:
    """A namespace of its own, gone at the end with all that is in it."""
    known = yaml.safe_load(kubeconfig.read_text())
    server, token = known["clusters"][0]["cluster"]["server"], known["users"][0]["user"]["token"]
    authority = home.path / "cluster" / "certificates" / "apiserver.crt"
    headers = {"authorization": f"Bearer {token}"}
    trust = ssl.create_default_context(cafile=authority)
    with httpx.Client(base_url=server, headers=headers, verify=trust, trust_env=False, timeout=30) as api:
        api.post("/api/v1/namespaces", json={"metadata": {"name": name}}).raise_for_status()
        farm = Farm(home, kubeconfig, api, name, switches)
        try:
            yield farm
        finally:
            api.delete(f"/apis/apps/v1/namespaces/{name}/deployments/connector")
            for pod in farm.pods():
                path = f"/api/v1/namespaces/{name}/pods/{pod['metadata']['name']}"
                api.request("DELETE", path, json={"gracePeriodSeconds": 0})
            api.delete(f"/api/v1/namespaces/{name}")

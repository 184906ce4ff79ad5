"""An embedded cluster whose connector pods `sandbox.kubelet` runs, with a stub of cloudflared by default."""

import contextlib
import json
import os
import socket
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

STUB = Path(__file__).with_name("stub_cloudflared.py")
LABELS = {"app.kubernetes.io/name": "cloudflared"}


def eventually(condition: Callable[[], Any]) -> Any:
    """Waits until a condition returns a true value, and returns that; fails after a minute."""
    deadline = time.monotonic() + 60
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not hold within a minute"
        time.sleep(0.05)
    return value


class KubeletProcess:
    """`sandbox.kubelet` in a process of its own. Tests share one; it runs the pods of all namespaces."""

    def __init__(self, home: SandboxDirectory, kubeconfig: Path) -> None:
        self.home, self.kubeconfig = home, kubeconfig
        self.log = home.path / "connectors.log"
        self.port_file = home.path / "connectors.port"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, cloudflared: Path = STUB, edge: dict[str, Any] | None = None) -> None:
        assert self._process is None
        edge_ports = self.home.path / "edge.port"
        edge_ports.write_text(json.dumps(edge or {"frontend": 9, "edge": [9, 10]}))
        self.port_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox.kubelet", "--home", str(self.home.path)]
        command += ["--kubeconfig", str(self.kubeconfig), "--cloudflared", str(cloudflared)]
        command += ["--edge", str(edge_ports), "--port-file", str(self.port_file)]
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, "OURS": "alone"}, stderr=log)
        self._process = process
        eventually(lambda: self.port_file.exists() or process.poll() is not None)
        assert process.poll() is None, self.log.read_text()

    def ensure_running(self) -> None:
        if self._process is None:
            self.start()

    def stop(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise

    def kill(self) -> None:
        """Ends the process before it can clean up."""
        assert self._process
        self._process.kill()
        self._process.wait(10)
        self._process = None


@dataclass
class KubeletCluster:
    """The cluster, and a namespace for one test."""

    kubelet: KubeletProcess
    api: httpx.Client
    namespace: str
    switches: Path

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A call below the namespace's path; `path` begins with the API group, except for the core group."""
        group, _, rest = path.rpartition(":")
        url = f"/{f'apis/{group}' if group else 'api/v1'}/namespaces/{self.namespace}/{rest}"
        kind = "application/strategic-merge-patch+json" if method == "PATCH" else "application/json"
        response = self.api.request(method, url, content=json.dumps(body), headers={"content-type": kind})
        assert response.is_success, response.text
        return response.json()

    def create(self, path: str, name: str, labels: dict[str, str] | None = None, **body: Any) -> None:
        self.call("POST", path, {"metadata": {"name": name, "labels": labels or {}}, **body})

    def deploy(self, replicas: int = 1, grace_period: int = 20, **container: Any) -> None:
        """A connector's Deployment, with the component's probes except for their periods."""

        def probe(path: str, **more: Any) -> dict[str, Any]:
            return {"httpGet": {"path": path, "port": "metrics"}, "periodSeconds": 1, "failureThreshold": 1, **more}

        declared = {
            "name": "cloudflared",
            "image": "cloudflare/cloudflared:2026.10.0",
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
            "spec": {"containers": [declared], "volumes": volumes, "terminationGracePeriodSeconds": grace_period},
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
        """The container status of the namespace's only pod; a placeholder before there is one."""
        statuses = [pod["status"].get("containerStatuses") for pod in self.pods()]
        return statuses[0][0] if statuses and statuses[0] else {"ready": False, "restartCount": -1, "state": {}}

    def started(self, pod: dict[str, Any] | None = None) -> dict[str, Any]:
        """The arguments, environment and pid that the pod's stub_cloudflared wrote; empty before its start."""
        for candidate in [pod] if pod else self.pods():
            note = self.pod_folder(candidate) / "started.json"
            with contextlib.suppress(FileNotFoundError):
                return json.loads(note.read_text())
        return {}

    def pod_folder(self, pod: dict[str, Any]) -> Path:
        return self.kubelet.home.path / "connectors" / pod["metadata"]["uid"]

    def dial(self, pod: dict[str, Any], host: str, port: int) -> tuple[int, str]:
        """A connection of a connector's pod to an origin: the code of the proxy's reply, and what the origin answers to
        a request; nothing where it was not reached."""
        proxy = json.loads(self.kubelet.port_file.read_text())["proxy"]
        user, password, name = self.namespace.encode(), pod["metadata"]["name"].encode(), host.encode()
        with socket.create_connection(("127.0.0.1", proxy), timeout=30) as client, client.makefile("rb") as replies:
            client.sendall(b"\x05\x01\x02")
            client.sendall(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
            client.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + port.to_bytes(2))
            code = replies.read(2 + 2 + 10)[5]
            if code == 0:
                client.sendall(b"GET / HTTP/1.1\r\nhost: a.example.com\r\nconnection: close\r\n\r\n")
            return code, replies.read().decode()

    def switch(self, name: str, on: bool) -> None:
        if on:
            (self.switches / name).touch()
        else:
            (self.switches / name).unlink(missing_ok=True)


@contextlib.contextmanager
def namespace(kubelet: KubeletProcess, name: str, switches: Path) -> Iterator[KubeletCluster]:
    """A namespace, deleted at the end with everything in it."""
    config = yaml.safe_load(kubelet.kubeconfig.read_text())
    server, token = config["clusters"][0]["cluster"]["server"], config["users"][0]["user"]["token"]
    authority = kubelet.home.path / "cluster" / "certificates" / "apiserver.crt"
    headers = {"authorization": f"Bearer {token}"}
    trust = ssl.create_default_context(cafile=authority)
    with httpx.Client(base_url=server, headers=headers, verify=trust, trust_env=False, timeout=30) as api:
        api.post("/api/v1/namespaces", json={"metadata": {"name": name}}).raise_for_status()
        cluster = KubeletCluster(kubelet, api, name, switches)
        try:
            yield cluster
        finally:
            api.delete(f"/apis/apps/v1/namespaces/{name}/deployments/connector")
            for pod in cluster.pods():
                path = f"/api/v1/namespaces/{name}/pods/{pod['metadata']['name']}"
                api.request("DELETE", path, json={"gracePeriodSeconds": 0})
            api.delete(f"/api/v1/namespaces/{name}")

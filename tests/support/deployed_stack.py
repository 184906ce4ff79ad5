"""A stack that is deployed in a sandbox of its own, and a checkout with a shell in which its commands run."""

import functools
import json
import os
import subprocess
import time
from collections import ChainMap
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import yaml

from clients.kubernetes import KubernetesApi
from ops.expected_stack import ExpectedStack
from ops.verify.result import CheckResult
from ops.verify.runner import Runner
from settings import Settings
from tests.e2e.conftest import ACCOUNT, ZONE, Sandbox, settings
from tests.support import kubernetes_services as kinds
from tests.support import tunnel_connectors
from tests.support.checkouts import checkout
from tests.support.simulated_logs import serve_logs

STACK, SHOP = "sure", "sure-shop"
HOSTS = tuple(f"{name}.example.com" for name in (STACK, "second", "third"))
"""Hostnames of one Service, in the stack's namespace, without pods."""
SERVED = ("changed", "closed", "declared", "labelled", "gone", "port", "empty")
"""Services of the namespace `SHOP`, each with a hostname. All but the last three have a pod that they lead to; `empty`
leads to an address outside."""
ADDRESS = "10.96.200.7"
"""An address that a route leads to. It is none of a Service's, but one may get it."""
APPS = f"/apis/apps/v1/namespaces/{STACK}/deployments/culvert-{STACK}-cloudflared"
POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{STACK}/networkpolicies"
SERVICES = f"/api/v1/namespaces/{STACK}/services"
PODS = f"/api/v1/namespaces/{STACK}/pods"
CONNECTORS = {"app.kubernetes.io/name": "cloudflared"}
"""The label of the connector's pods."""


@dataclass
class DeployedStack:
    """A stack deployed in a sandbox without cloudflared; the tests declare its connectors to the API."""

    box: Sandbox
    project: Path
    env: dict[str, str]
    """What `python -m sandbox env` prints, without `edge`: no connector runs that could answer."""
    edge: dict[str, str]
    """What names the edge, for the checks of public hostnames."""
    outputs: dict[str, Any]
    answers: bool = False
    """Whether connectors run that answer visitors."""

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

    def up(self) -> None:
        self.shell(f"pulumi up --stack {STACK}")
        self.update_outputs()

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

    def setting(self, key: str) -> Any:
        """A setting of the stack file (`connector.replicas`), None where it has none."""
        found = self._config()
        for part in f"culvert:{key}".split("."):
            found = (found or {}).get(part)
        return found

    def edit(self, key: str, value: Any) -> None:
        """Sets a setting in the stack file, or removes it with None."""
        config = self._config()
        *parents, last = f"culvert:{key}".split(".")
        parent = functools.reduce(lambda found, part: found.setdefault(part, {}), parents, config)
        parent.pop(last, None)
        parent |= {} if value is None else {last: value}
        self.file.write_text(yaml.safe_dump({"config": config}))

    def edit_route(self, name: str, **fields: Any) -> dict[str, Any]:
        """Sets fields of the route of NAME.example.com in the stack file, those of a backend one by one; the route as
        it was."""
        routes = self.setting("routes")
        (number,) = (number for number, one in enumerate(routes) if one["hostname"] == f"{name}.example.com")
        before = routes[number]
        merged = {key: {**before[key], **one} if isinstance(one, dict) else one for key, one in fields.items()}
        routes[number] = {**before, **merged}
        self.edit("routes", routes)
        return before

    def _config(self) -> dict[str, Any]:
        return yaml.safe_load(self.file.read_text())["config"]

    def connect(self, *connections: int, version: int | None = None) -> None:
        """Declares connectors with as many connections to the API; `version` is that of the rules that they run."""
        body = {"tunnel": self.outputs["tunnelId"], "connectors": list(connections), "config_version": version}
        self.box.admin("PUT", "/connections", body)

    def reconnect(self) -> None:
        """Has all connectors connected, as those of a replaced tunnel or pod register anew."""
        if not self.answers:
            self.connect(4, 4)

    @contextmanager
    def answering(self, statuses: dict[str, int]) -> Iterator[None]:
        """Runs two connectors that answer with a hostname's status, or as their rules do; `verify` checks what visitors
        get."""
        self.connect()
        ports = json.loads((self.box.home / "run" / "edge.port").read_text())["edge"]
        token = self.api("GET", f"/accounts/{ACCOUNT}/cfd_tunnel/{self.outputs['tunnelId']}/token")
        answers = ChainMap(statuses, {"fixed.example.com": 404})
        running = tunnel_connectors.running(ports, Path(self.edge["CULVERT_VERIFY_CA"]), token, answers)
        with running, self.visited():
            self.answers = True
            try:
                yield
            finally:
                self.answers = False
        self.reconnect()

    def visited(self) -> AbstractContextManager[Any]:
        """In the block, `verify` checks what visitors get from the edge."""
        return patch.dict(os.environ, self.edge)

    def record(self, hostname: str = HOSTS[0]) -> dict[str, Any]:
        return next(one for one in self.api("GET", f"/zones/{ZONE}/dns_records") if one["name"] == hostname)

    def wait_for_pods(self) -> None:
        """Waits until there are exactly two pods, both ready."""
        cluster, deadline = KubernetesApi(self.env["KUBECONFIG"]), time.monotonic() + 60
        while True:
            deployment, pods = cluster.get(APPS), cluster.items(PODS, CONNECTORS)
            observed = deployment["status"].get("observedGeneration") == deployment["metadata"]["generation"]
            if observed and deployment["status"].get("readyReplicas") == len(pods) == 2:
                return
            assert time.monotonic() < deadline, "the pods have not recovered after a minute"
            time.sleep(0.1)


@contextmanager
def deployed_stack(folder: Path) -> Iterator[DeployedStack]:
    """Deploys the stack in a sandbox below `folder`."""
    box = Sandbox(folder / "home")
    box.env["CULVERT_CLOUDFLARED"] = str(box.home / "none")
    project, manifests = checkout(folder / "checkout"), folder / "manifests"
    manifests.mkdir()
    (manifests / "services.yaml").write_text(yaml.safe_dump_all(_services()))
    given = settings(STACK, routes=_routes(), sampleSite={"name": "site"}, accessTeam="acme")
    try:
        file = box.stack_file(STACK, given).rename(project / f"Pulumi.{STACK}.yaml")
        box.run("up", "--config", str(file), "--manifests", str(manifests))
        printed = subprocess.run(
            [project / ".venv" / "bin" / "python", "-m", "sandbox", "env", "--stack", STACK, "--json"],
            cwd=project,
            env=box.env,
            capture_output=True,
            check=True,
        )
        edge = {k: v for k, v in json.loads(printed.stdout).items() if k.startswith("CULVERT_VERIFY_")}
        env = {k: v for k, v in json.loads(printed.stdout).items() if k not in edge}
        cluster = KubernetesApi(env["KUBECONFIG"])
        for pod in SERVED[:4]:
            create_pod(cluster, pod)
        # The Service is in the namespace that the stack creates: the next update reads it.
        cluster.create(SERVICES, kinds.service("blog", STACK))
        outputs = box.run("up", "--config", str(file))["outputs"]
        deployed = DeployedStack(box, project, env, edge, outputs)
        deployed.connect(4, 4)
        with serve_logs(box.home):
            yield deployed
    finally:
        box.raw("down", "--delete")


def create_pod(cluster: KubernetesApi, name: str) -> None:
    """A pod of the namespace `SHOP`, labelled `app: <name>`."""
    pod = {"metadata": {"name": name, "labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    cluster.create(f"/api/v1/namespaces/{SHOP}/pods", pod)


def _routes() -> list[dict[str, Any]]:
    backend = {"namespace": SHOP, "port": 80, "targetPort": 8080}
    declared = {name: {**backend, "service": name, "podSelector": {"app": name}} for name in ("declared", "labelled")}
    plain = {name: f"http://{name}.{SHOP}.svc" for name in SERVED if name not in declared}
    plain |= {"site": "http://site", "address": f"http://{ADDRESS}", "fixed": "http_status:404"}
    return [
        *({"hostname": host, "service": "http://blog"} for host in HOSTS),
        *({"hostname": f"{name}.example.com", "backend": one} for name, one in declared.items()),
        *({"hostname": f"{name}.example.com", "service": one} for name, one in plain.items()),
        {
            "hostname": "private.example.com",
            "service": "http://blog",
            "access": {"allow": {"emails": ["a@example.com"]}},
        },
    ]


def _services() -> list[dict[str, Any]]:
    return [
        *(kinds.service(name, SHOP) for name in SERVED[:-1]),
        kinds.service("empty", SHOP, selector=None),
        empty_slice(),
    ]


def empty_slice() -> dict[str, Any]:
    """The addresses of the Service `empty`."""
    metadata = {"name": "empty-1", "namespace": SHOP, "labels": {"kubernetes.io/service-name": "empty"}}
    slices = kinds.endpoint_slice("192.168.50.7", ports=[{"port": 8080}])
    return {**slices, "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata}

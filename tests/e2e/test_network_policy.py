"""A backend that the network policy does not open: 502 for the visitor, the fix by `verify`, and 200 after it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from clients.kubernetes import KubernetesApi
from tests.e2e.conftest import Sandbox, settings
from tests.support import kubernetes_services as kinds

pytestmark = pytest.mark.cloudflared
STACK, HOSTNAME, BACKEND = "guarded", "guarded.example.com", "guarded-backend"
SERVICE = f"/api/v1/namespaces/{BACKEND}/services/api"


class Shop:
    """A stack with one route, to a Service whose pod listens on port 9090."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox, self._file = sandbox, sandbox.home.parent / f"Pulumi.{STACK}.yaml"
        service = kinds.service("api", BACKEND, ports=[{"port": 80, "targetPort": 9090}])
        (folder / "services.yaml").write_text(yaml.safe_dump(service))
        self._manifests = ("--manifests", str(folder))
        self.up("kubernetes", targetPort=9090)
        self._env = sandbox.run("env", "--config", str(self._file), *self._manifests)
        self._frontend = sandbox.run("status")["frontend"]
        self.api = KubernetesApi(self._env["KUBECONFIG"])
        containers = [{"name": "c", "image": "i", "ports": [{"containerPort": 9090}, {"containerPort": 9091}]}]
        pod = {"metadata": {"name": "api-0", "labels": {"app": "api"}}, "spec": {"containers": containers}}
        path = f"/api/v1/namespaces/{BACKEND}/pods"
        self.api.text("POST", path, {}, pod, {"Content-Type": "application/json"})

    def up(self, engine: str, **backend: Any) -> None:
        """Updates the stack; `backend` is what its route declares of the pods."""
        options = {"service": "api", "namespace": BACKEND, "port": 80, **backend}
        given = settings(
            STACK,
            routes=[{"hostname": HOSTNAME, "backend": options}],
            networkPolicy={"engine": engine},
            connector={"minReadySeconds": 0},
        )
        file = self._sandbox.stack_file(STACK, given)
        self._sandbox.run("up", "--stack", STACK, "--config", str(file), *self._manifests)

    def answers(self, status: int) -> None:
        """Waits until visitors get this status: what the sandbox has read is at most two seconds old."""
        deadline = time.monotonic() + 60
        while (found := self._visit()) != status:
            assert time.monotonic() < deadline, f"visitors get {found} instead of {status}"
            time.sleep(0.2)

    def failures(self) -> dict[str, Any]:
        """The checks of `verify` that do not pass, by name."""
        options = ("--config", str(self._file), "--offline", "--json")
        done = self._sandbox.module("ops", "verify", *options, env=self._env)
        checks = json.loads(done.stdout)["checks"]
        return {check["check"]: check for check in checks if check["status"] in ("failed", "unknown")}

    def _visit(self) -> int:
        return httpx.get(self._frontend, headers={"host": HOSTNAME}, trust_env=False, timeout=60).status_code


@pytest.fixture(scope="module")
def shop(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield Shop(sandbox, tmp_path_factory.mktemp("manifests"))
    sandbox.destroy(STACK)


@pytest.mark.parametrize("engine", ["kubernetes", "calico", "cilium"])
def test_a_backend_with_another_target_port_than_the_policy_opens_is_502_until_it_is_what_verify_names(
    shop: Shop, engine: str
) -> None:
    selector = {"podSelector": {"app": "api"}}
    shop.up(engine, targetPort=8080, **selector)
    shop.answers(502)
    failures = shop.failures()
    assert failures.keys() == {"reachable"}
    assert failures["reachable"]["subject"] == f"{BACKEND}/api:80"
    assert failures["reachable"]["impact"] == f"502 for {HOSTNAME}"
    fix = "set it to 9090, or leave it out and the Service decides; then update"
    assert failures["reachable"]["remedy"] == fix
    shop.up(engine, targetPort=9090, **selector)
    shop.answers(200)
    assert shop.failures() == {}


def test_a_service_that_changes_after_an_update_is_502_until_the_next_one(shop: Shop) -> None:
    shop.up("kubernetes")
    shop.answers(200)
    shop.api.patch(SERVICE, {"spec": {"ports": [{"port": 80, "targetPort": 9091}]}})
    shop.answers(502)
    remedies = {check: failure["remedy"] for check, failure in shop.failures().items()}
    assert remedies == dict.fromkeys(("services", "reachable"), "update: the policy follows it")
    # The manifests have the Service as it was.
    shop.up("kubernetes")
    shop.answers(200)

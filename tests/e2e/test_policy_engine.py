"""The policy pack under the real engine: `--policy-pack policy --policy-pack-config policy/<stack>.json`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import ACCOUNT, Sandbox, settings
from tests.support.policy_stacks import PROJECT

Run = dict[str, Any]

LEAK = f"""
from components import Tunnel
from pulumi_kubernetes.core.v1 import ConfigMap
tunnel = Tunnel("other", {{"account_id": "{ACCOUNT}", "ingress_rules": [{{"service": "http_status:404"}}]}})
ConfigMap("leak", metadata={{"name": "leak", "namespace": exposure.namespace}}, data={{"config": tunnel.token}})
"""
WITHOUT_POLICY = """
from pulumi_kubernetes.apps.v1 import Deployment
from components.connector.connector import Connector
from settings import ConnectorOptions
Connector("other", {
    "namespace": "default", "token": "none", "replicas": 2, "image": ConnectorOptions().image.reference,
    "grace_period_seconds": 30, "resources": {},
})
"""


@pytest.fixture
def engine(sandbox: Sandbox) -> Callable[..., Run]:
    """Runs `preview` or `up` on a stack of this name, with the policy rules of an environment."""
    env = {**os.environ, **sandbox.run("env", "--stack", "dev")}

    def run(operation: str, stack: str, environment: str, more: str = "", **change: Any) -> Run:
        config = {"config": {f"culvert:{key}": value for key, value in settings(stack, **change).items()}}
        request = {"operation": operation, "stack": stack, "environment": environment, "config": config, "more": more}
        request["folder"] = str(sandbox.home.parent / stack)
        command = [sys.executable, "-m", "tests.support.policy_engine"]
        completed = subprocess.run(
            command, cwd=PROJECT, env=env, input=json.dumps(request), capture_output=True, text=True
        )
        assert completed.returncode == 0, completed.stderr[-3000:]
        return json.loads(completed.stdout)

    return run


def rules(run: Run) -> set[tuple[str, str]]:
    return {(violation["rule"], violation["level"]) for violation in run["violations"]}


def test_an_advisory_violation_is_reported_and_does_not_stop_the_update(engine: Callable[..., Run]) -> None:
    connector = {"replicas": 1, "image": {"tag": "2026.8.2", "digest": ""}}
    run = engine("up", "advised", "dev", connector=connector)
    assert not run["failed"], run["log"]
    assert rules(run) == {("images-by-digest", "advisory")}
    (violation,) = run["violations"]
    assert violation["resource"] == "culvert-advised-cloudflared"
    assert "What to do: Append @sha256:" in violation["message"]
    assert "DnsRecord" in json.dumps(run["log"])


def test_a_mandatory_violation_stops_an_update_before_anything_is_created(
    engine: Callable[..., Run], sandbox: Sandbox
) -> None:
    run = engine("up", "single", "prod", connector={"replicas": 1}, tunnel={"protect": True})
    assert run["failed"]
    assert ("connector-is-redundant", "mandatory") in rules(run)
    assert "culvert-single-cloudflared" not in run["created"]
    assert sandbox.objects("apps/v1", "Deployment", "single") == []


def test_an_exposed_token_is_found_before_it_is_sent(engine: Callable[..., Run], sandbox: Sandbox) -> None:
    run = engine("up", "leaking", "dev", LEAK)
    assert run["failed"]
    assert rules(run) == {("token-stays-secret", "mandatory")}
    assert {violation["resource"] for violation in run["violations"]} == {"leak"}
    config_maps = sandbox.objects("v1", "ConfigMap", "leaking")
    assert "leak" not in {config_map["metadata"]["name"] for config_map in config_maps}
    # A token has about 180 characters, a digest 64.
    assert not re.search(r"[A-Za-z0-9+/]{100}", json.dumps(run))


def test_a_preview_validates_the_whole_stack(engine: Callable[..., Run]) -> None:
    run = engine("preview", "unisolated", "dev", WITHOUT_POLICY)
    assert run["failed"]
    assert rules(run) == {("connector-has-network-policy", "mandatory")}
    assert {violation["resource"] for violation in run["violations"]} == {"other-cloudflared"}

"""The policy pack under the real engine: `--policy-pack policy --policy-pack-config policy/<stack>.json`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Sandbox, settings
from tests.support.policy_stacks import PROJECT

Ran = dict[str, Any]

LEAK = """
from components import Tunnel
from pulumi_kubernetes.core.v1 import ConfigMap
tunnel = Tunnel("other", {"account_id": settings.account_id, "ingress_rules": [{"service": "http_status:404"}]})
ConfigMap("leak", metadata={"name": "leak", "namespace": exposure.namespace}, data={"config": tunnel.token})
"""
UNFENCED = """
from pulumi_kubernetes.apps.v1 import Deployment
from components.connector.connector import Connector
Connector("other", {
    "namespace": "default", "token": "none", "replicas": 2, "image": settings.connector.image.reference,
    "grace_period_seconds": 30, "resources": {},
})
"""


@pytest.fixture
def engine(sandbox: Sandbox) -> Callable[..., Ran]:
    """Runs `preview` or `up` on a stack of this name, with the policy rules of an environment."""
    env = {**os.environ, **sandbox.run("env", "--stack", "dev")}

    def run(operation: str, stack: str, environment: str, more: str = "", **change: Any) -> Ran:
        config = {"config": {f"culvert:{key}": value for key, value in settings(stack, **change).items()}}
        wanted = {"operation": operation, "stack": stack, "environment": environment, "config": config, "more": more}
        wanted["folder"] = str(sandbox.home.parent / stack)
        command = [sys.executable, "-m", "tests.support.policy_engine"]
        done = subprocess.run(command, cwd=PROJECT, env=env, input=json.dumps(wanted), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    return run


def rules(ran: Ran) -> set[tuple[str, str]]:
    return {(violation["rule"], violation["level"]) for violation in ran["violations"]}


def test_an_advisory_violation_is_reported_and_stops_nothing(engine: Callable[..., Ran]) -> None:
    connector = {"replicas": 1, "image": {"tag": "2026.8.2", "digest": ""}}
    ran = engine("up", "advised", "dev", connector=connector)
    assert not ran["failed"], ran["log"]
    assert rules(ran) == {("images-by-digest", "advisory")}
    (violation,) = ran["violations"]
    assert violation["resource"] == "culvert-advised-cloudflared"
    assert "What to do: Append @sha256:" in violation["message"]
    assert "DnsRecord" in json.dumps(ran["log"])


def test_a_mandatory_violation_stops_an_update_before_anything_is_created(
    engine: Callable[..., Ran], sandbox: Sandbox
) -> None:
    ran = engine("up", "single", "prod", connector={"replicas": 1}, tunnel={"protect": True})
    assert ran["failed"]
    assert ("connector-is-redundant", "mandatory") in rules(ran)
    assert "culvert-single-cloudflared" not in ran["made"]
    assert sandbox.objects("apps/v1", "Deployment", "single") == []


def test_an_exposed_token_is_found_before_it_is_sent(engine: Callable[..., Ran], sandbox: Sandbox) -> None:
    ran = engine("up", "leaking", "dev", LEAK)
    assert ran["failed"]
    assert rules(ran) == {("token-stays-secret", "mandatory")}
    assert {violation["resource"] for violation in ran["violations"]} == {"leak"}
    made = sandbox.objects("v1", "ConfigMap", "leaking")
    assert "leak" not in {config_map["metadata"]["name"] for config_map in made}
    # A token is of some 180 characters, and a digest of 64.
    assert not re.search(r"[A-Za-z0-9+/]{100}", json.dumps(ran))


def test_a_preview_validates_the_whole_stack(engine: Callable[..., Ran]) -> None:
    ran = engine("preview", "unfenced", "dev", UNFENCED)
    assert ran["failed"]
    assert rules(ran) == {("connector-has-network-policy", "mandatory")}
    assert {violation["resource"] for violation in ran["violations"]} == {"other-cloudflared"}

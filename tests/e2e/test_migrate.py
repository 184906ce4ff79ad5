"""A migrated stack file can be deployed."""

import subprocess
import sys

from tests.e2e.conftest import ACCOUNT, ZONES, Sandbox
from tests.support.paths import PROJECT


def test_the_stack_file_of_a_local_cloudflared_can_be_deployed_and_is_stable(sandbox: Sandbox) -> None:
    # Another zone than the sample's, in which other tests have hostnames.
    sample = (
        (PROJECT / "tests/fixtures/migrate/samples/config.yml").read_text().replace("example.com", "homelab.example")
    )
    file = sandbox.home.parent / "Pulumi.homelab.yaml"
    options = ["--account-id", ACCOUNT, "--zone", f"homelab.example={ZONES['homelab.example']}", "--to", str(file)]
    command = [sys.executable, "-m", "ops", "migrate", "-", *options]
    subprocess.run(command, cwd=PROJECT, input=sample, text=True, check=True)
    assert sandbox.run("up", "--config", str(file))["outputs"]["publicHostname"] == "nas.homelab.example"
    (tunnel,) = [tunnel for tunnel in sandbox.state()["tunnels"] if tunnel["name"] == "culvert-homelab"]
    rules = {rule.get("hostname"): rule for rule in tunnel["configuration"]["config"]["ingress"]}
    assert rules["nas.homelab.example"]["originRequest"]["noTLSVerify"] is True
    assert sandbox.run("up", "--config", str(file))["changes"] == []
    sandbox.run("destroy", "--config", str(file))

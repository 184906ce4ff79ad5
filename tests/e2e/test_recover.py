"""`python -m ops recover` after a lost state or an interrupted run: the stack's own resources, and no others."""

import json
import os
import subprocess
from typing import Any

import httpx

from sandbox.engine.checkpoint import restore
from tests.e2e.conftest import ZONE, Sandbox, settings
from tests.support.interrupted_engine import engine_harness, quiet

KINDS = {"tunnel", "record", "Namespace", "Secret", "Deployment", "PodDisruptionBudget", "Service", "NetworkPolicy"}

AT_CLOUDFLARE = {
    *("private route", "virtual network", "load balancer", "load-balancer pool", "load-balancer monitor"),
    *("notification policy", "Access application", "Access policy", "service token", "ruleset"),
}
EVERYTHING: dict[str, Any] = {
    "accessTeam": "acme",
    "routes": [
        {"hostname": "mislaid.example.com", "service": "http://blog"},
        {"hostname": "mislaid-both.example.com", "service": "http://blog"},
        {
            "hostname": "mislaid-staff.example.com",
            "service": "http://blog",
            "access": {"allow": {"emails": ["ann@example.net"]}, "serviceTokens": ["ci"]},
        },
    ],
    "loadBalancer": {"hostname": "mislaid-both.example.com", "pools": [{"name": "here", "tunnels": ["own"]}]},
    "notify": {"email": ["ops@example.com"]},
    "privateNetworks": {
        "virtualNetwork": {"name": "mislaid"},
        "routes": [{"network": "10.43.0.0/16", "comment": "services"}],
    },
    "waf": {"owns": ["example.com"], "rules": [{"name": "sanctions", "countries": ["KP"]}]},
}
"""Settings that create every kind of resource at Cloudflare."""


def recover(sandbox: Sandbox, stack: str, *options: str, status: int) -> dict[str, Any]:
    file = sandbox.home.parent / f"Pulumi.{stack}.yaml"
    env = sandbox.run("env", "--config", str(file))
    completed = sandbox.module("ops", "recover", "--config", str(file), "--json", *options, env=env)
    output = f"{completed.stdout}\n{completed.stderr[-4000:]}"
    assert completed.returncode == status, f"exit {completed.returncode}\n{output}"
    return json.loads(completed.stdout)


def lose_state(sandbox: Sandbox, stack: str) -> None:
    """Deletes the state and creates the stack again, as `pulumi stack init` does."""
    for file in (sandbox.home / "state" / ".pulumi").glob(f"**/{stack}.json*"):
        file.unlink()
    sandbox.run("preview", "--stack", stack)


def kinds(leftovers: list[dict[str, Any]]) -> list[str]:
    return sorted(resource["kind"] for resource in leftovers)


def test_a_lost_state_is_rebuilt_from_existing_resources(sandbox: Sandbox) -> None:
    configured = settings("mislaid", **EVERYTHING)
    first = sandbox.up("mislaid", configured)
    # Resources of another stack, or created by hand, are not the stack's own, whatever they point at.
    sandbox.up("neighbour", settings("neighbour", namespace={"name": "mislaid", "create": False}))
    foreign_record(sandbox, first["outputs"]["tunnelTarget"])
    record = sandbox.records()["mislaid.example.com"]["id"]
    before = sorted(each["kind"] for each in sandbox.state()["objects"])
    lose_state(sandbox, "mislaid")

    report = recover(sandbox, "mislaid", status=1)
    assert set(kinds(report["leftovers"])) == KINDS | AT_CLOUDFLARE
    assert all(item["resource"] for item in report["leftovers"])
    assert recover(sandbox, "mislaid", "--adopt", "--yes", status=0)["leftovers"] == []

    again = sandbox.up("mislaid", configured)
    assert again["outputs"]["virtualNetworkId"] == first["outputs"]["virtualNetworkId"]
    assert again["outputs"]["tunnelId"] == first["outputs"]["tunnelId"]
    assert sandbox.records()["mislaid.example.com"]["id"] == record
    # No API returns the secrets of the tunnel and of the service token, so they get new ones. The Kubernetes API returns
    # the policy without an empty `matchLabels`, which counts as a change.
    replaced = [change["type"].rpartition(":")[2] for change in again["changes"] if change["op"] == "replace"]
    assert sorted(replaced) == ["NetworkPolicy", "Secret", "ZeroTrustAccessServiceToken"]
    assert again["summary"].get("create", 0) == 2, "the random password and the ingress rules"
    assert sorted(each["kind"] for each in sandbox.state()["objects"]) == before
    assert sandbox.up("mislaid", configured)["changes"] == []
    assert recover(sandbox, "mislaid", status=0)["leftovers"] == []
    # The neighbour's objects are in the stack's namespace: a destroy would delete them too.
    command = ["destroy", "--stack", "mislaid", "--config", str(sandbox.home.parent / "Pulumi.mislaid.yaml")]
    (error,) = sandbox.run(*command, fails=True)["errors"]
    assert "Deployment culvert-neighbour-cloudflared" in error["message"]
    assert error["accepted"] == "a namespace without objects of others, or --delete-shared-namespace"
    shown = sandbox.raw(*command, "--preview")
    assert "the namespace mislaid also has objects of others" in shown.stderr
    assert "culvert-mislaid" in sandbox.tunnels()
    sandbox.run(*command, "--delete-shared-namespace")
    assert "culvert-mislaid" not in sandbox.tunnels()
    assert "foreign.example.com" in sandbox.records()
    assert "culvert-neighbour" in sandbox.tunnels()


def test_unwanted_resources_are_removed(sandbox: Sandbox) -> None:
    sandbox.up("dropped", settings("dropped"))
    lose_state(sandbox, "dropped")
    config_maps = sandbox.cluster().resources.get(api_version="v1", kind="ConfigMap")
    config_maps.create(body={"metadata": {"name": "by-hand"}}, namespace="dropped")
    removed = recover(sandbox, "dropped", "--remove", "--yes", status=1)
    assert set(kinds(removed["removed"])) == KINDS - {"Namespace"}
    assert (kinds(removed["leftovers"]), removed["shared"]) == (["Namespace"], {"dropped": ["ConfigMap by-hand"]})
    removed = recover(sandbox, "dropped", "--remove", "--delete-shared-namespace", "--yes", status=0)
    assert kinds(removed["removed"]) == ["Namespace"]
    assert "culvert-dropped" not in sandbox.tunnels()
    assert "dropped.example.com" not in sandbox.records()
    assert recover(sandbox, "dropped", status=0)["leftovers"] == []


def test_pending_operations_lead_to_what_a_killed_engine_was_creating(sandbox: Sandbox) -> None:
    with engine_harness(sandbox) as harness:
        engine = harness.engine("noted", settings("noted"))
        assert harness.killer.kill_after(3, lambda: engine.up(quiet))
        repair_checkpoint(sandbox, "noted")
        assert harness.checkpoint("noted")["pending_operations"]
    (error,) = recover(sandbox, "noted", "--adopt", "--yes", status=2)["errors"]
    assert "pulumi cancel" in error["message"]
    unlock(sandbox, "noted")
    adopted = recover(sandbox, "noted", "--adopt", "--yes", status=0)["adopted"]
    assert adopted
    assert recover(sandbox, "noted", status=0)["leftovers"] == []
    up = sandbox.up("noted", settings("noted"))
    assert up["summary"]["replace"] == up["summary"]["delete"] == 0
    sandbox.destroy("noted")
    assert "culvert-noted" not in sandbox.tunnels()


def test_a_kill_loses_no_resource_if_the_engine_writes_its_state_at_the_end(sandbox: Sandbox) -> None:
    with engine_harness(sandbox) as harness:
        harness.env["PULUMI_SKIP_CHECKPOINTS"] = "true"
        engine = harness.engine("forgetful", settings("forgetful"))
        # The record is the last of nine writes.
        assert harness.killer.kill_after(9, lambda: engine.up(quiet))
        repair_checkpoint(sandbox, "forgetful")
        assert not harness.checkpoint("forgetful").get("resources")
    unlock(sandbox, "forgetful")
    record = sandbox.records()["forgetful.example.com"]["id"]
    assert set(kinds(recover(sandbox, "forgetful", "--adopt", "--yes", status=0)["adopted"])) == KINDS
    again = sandbox.up("forgetful", settings("forgetful"))
    assert [change["type"].rpartition(":")[2] for change in again["changes"] if change["op"] == "replace"] == ["Secret"]
    assert again["summary"]["delete"] == 0
    assert sandbox.records()["forgetful.example.com"]["id"] == record
    assert sandbox.tunnels().count("culvert-forgetful") == 1
    assert sandbox.up("forgetful", settings("forgetful"))["changes"] == []
    sandbox.destroy("forgetful")
    assert "culvert-forgetful" not in sandbox.tunnels()


def repair_checkpoint(sandbox: Sandbox, stack: str) -> None:
    """Repairs a checkpoint that the engine was writing when it was killed, as docs/recover.md describes."""
    restore(sandbox.home / "state/.pulumi/stacks/culvert" / f"{stack}.json", quiet)


def unlock(sandbox: Sandbox, stack: str) -> None:
    """Removes the lock of the killed run."""
    env = {**os.environ, **sandbox.env, **sandbox.run("env", "--stack", stack)}
    cancel = ["pulumi", "cancel", "--yes", "--stack", stack, "--cwd", str(sandbox.home / "stacks" / stack)]
    subprocess.run(cancel, env=env, capture_output=True, check=True)


def foreign_record(sandbox: Sandbox, target: str) -> None:
    """Creates a record that points at the same tunnel but has another comment."""
    env = sandbox.run("env")
    record = {"name": "foreign.example.com", "type": "CNAME", "content": target, "proxied": True, "ttl": 1}
    httpx.post(
        f"{env['CLOUDFLARE_BASE_URL']}/zones/{ZONE}/dns_records",
        json={**record, "comment": "culvert/mislaid by hand"},
        headers={"Authorization": f"Bearer {env['CLOUDFLARE_API_TOKEN']}"},
    ).raise_for_status()

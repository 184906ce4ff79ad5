"""A stack whose network policy follows from the cluster's Services."""

import os
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
import yaml
from pulumi import automation

from components.exposure import Exposure
from tests.e2e.conftest import Sandbox, settings
from tests.support import kubernetes_services as kinds

NAMED = kinds.service("api", "reads-shop", ports=[{"name": "web", "port": 80, "targetPort": "http"}])
ADDRESSES = kinds.service("db", "reads-shop", selector=None, ports=[{"port": 5432}])
SLICE = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    **kinds.endpoint_slice("192.168.50.7", ports=[{"port": 5433}]),
    "metadata": {"name": "db-1", "namespace": "reads-shop", "labels": {"kubernetes.io/service-name": "db"}},
}


def routes(*services: str) -> list[dict[str, Any]]:
    return [{"hostname": f"reads{number}.example.com", "service": each} for number, each in enumerate(services)]


def rules(sandbox: Sandbox) -> list[tuple[Any, Any]]:
    """Peer and port of the policy's rules for the routes."""
    (policy,) = sandbox.objects("networking.k8s.io/v1", "NetworkPolicy", "reads")
    found = [(rule["to"][0], rule["ports"][0]["port"]) for rule in policy["spec"]["egress"]]
    return [(peer, port) for peer, port in found if port not in (53, 7844)]


def test_the_policy_follows_from_services_and_keeps_to_them_while_they_are_away(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    manifests = tmp_path / "manifests"
    manifests.mkdir()

    def run(command: str, *services: str, objects: list[Any], fails: bool = False) -> Any:
        (manifests / "services.yaml").write_text(yaml.safe_dump_all(objects))
        file = sandbox.stack_file("reads", settings("reads", routes=routes(*services)))
        options = ("--stack", "reads", "--config", str(file), "--manifests", str(manifests))
        return sandbox.run(command, *options, fails=fails)

    served = ("http://api.reads-shop", "tcp://db.reads-shop.svc.cluster.local.:5432")
    first = run("up", *served, objects=[NAMED, ADDRESSES, SLICE])
    shop = {"matchLabels": {"kubernetes.io/metadata.name": "reads-shop"}}
    expected = [
        ({"ipBlock": {"cidr": "192.168.50.7/32"}}, 5433),
        ({"namespaceSelector": shop, "podSelector": {"matchLabels": {"app": "api"}}}, "http"),
    ]
    assert rules(sandbox) == expected
    assert sorted(first["outputs"]["services"]) == ["reads-shop/api", "reads-shop/db"]

    # Away for a moment: nothing changes.
    other = kinds.service("other", "reads-shop")
    second = run("up", *served, objects=[other])
    assert rules(sandbox) == expected
    assert {change["op"] for change in second["changes"]} <= {"same"}
    assert second["outputs"]["services"] == first["outputs"]["services"]

    # A port that the Service does not have: nothing is made.
    sandbox.calls()
    failed = run("up", "http://api.reads-shop:81", objects=[NAMED], fails=True)
    assert "names Service reads-shop/api, which has no TCP port 81" in str(failed["errors"])
    assert [call for call in sandbox.calls() if call["method"] != "GET"] == []
    assert rules(sandbox) == expected
    sandbox.destroy("reads")


def test_a_service_that_is_taken_for_granted_is_made_up(sandbox: Sandbox) -> None:
    backend = {"service": "api", "namespace": "made-up", "port": 80, "targetPort": 8080, "podSelector": {"app": "api"}}
    declared, plain = {"hostname": "a.example.com", "backend": backend}, {"hostname": "b.example.com"}
    sandbox.up("taken", settings("taken", routes=[declared, {**plain, "service": "http://api.made-up"}]))
    (service,) = sandbox.objects("v1", "Service", "made-up")
    assert service["spec"]["selector"] == {"app": "api"}
    assert [(port["port"], port["targetPort"]) for port in service["spec"]["ports"]] == [(80, 8080)]
    (policy,) = sandbox.objects("networking.k8s.io/v1", "NetworkPolicy", "taken")
    pods = [rule["to"][0]["podSelector"] for rule in policy["spec"]["egress"] if rule["ports"][0]["port"] == 8080]
    assert pods == [{"matchLabels": {"app": "api"}}]
    sandbox.destroy("taken")


def test_the_kubeconfig_of_an_explicit_provider_is_read_in_previews_too(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = settings("explicit", routes=routes("http://api.explicit-shop"))
    env = sandbox.run("env", "--config", str(sandbox.stack_file("explicit", given)))
    kubeconfig = Path(env["KUBECONFIG"]).read_text()
    # The ambient kubeconfig, which the provider does not use.
    env |= {"KUBECONFIG": str(tmp_path / "none")}
    monkeypatch.setenv("PATH", env.pop("PATH", os.environ["PATH"]))
    for key, value in env.items():
        if key.startswith(("CLOUDFLARE_", "KUBECONFIG")):
            monkeypatch.setenv(key, value)

    def program() -> None:
        provider = kubernetes.Provider("cluster", kubeconfig=pulumi.Output.secret(kubeconfig), cluster_identifier="it")
        exposure = Exposure("explicit", given, pulumi.ResourceOptions(providers=[provider]))
        pulumi.export("services", exposure.services)

    options = automation.LocalWorkspaceOptions(env_vars=env, work_dir=str(tmp_path))
    stack = automation.create_or_select_stack("dev", "explicit", program, opts=options)
    shown: list[str] = []
    stack.preview(on_output=shown.append)
    assert "warning: Service" not in "".join(shown)
    services = stack.up().outputs["services"].value
    assert services["explicit-shop/api"]["spec"]["selector"] == {"app.kubernetes.io/name": "api"}
    stack.destroy(run_program=True)

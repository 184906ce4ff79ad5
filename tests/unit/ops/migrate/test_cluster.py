"""`python -m ops migrate --cluster`, with an API server that has a few objects."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.migrate.cluster import RESOURCES
from tests.support.kubernetes_server import kubernetes_server
from tests.unit.ops.conftest import Completed, Ops

ACCOUNT = ["--account-id", "0123456789abcdef0123456789abcdef"]
CORE, APPS, OPERATOR = "/api/v1", "/apis/apps/v1", "/apis/networking.cfargotunnel.com"


def listed(*objects: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "SomeList", "items": list(objects)}


def named(name: str, namespace: str, **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, **fields}


CONFIG = "tunnel: cellar\ningress: [{hostname: wiki.example.org, service: 'http://wiki'}, {service: http_status:404}]"
CONTAINER = {"name": "c", "image": "cloudflare/cloudflared", "args": ["tunnel", "run"]}
VOLUME = {"name": "v", "configMap": {"name": "tunnel"}}
POD = {
    "containers": [{**CONTAINER, "volumeMounts": [{"name": "v", "mountPath": "/etc/cloudflared"}]}],
    "volumes": [VOLUME],
}
CONNECTOR = {
    f"{CORE}/services": listed(named("wiki", "lab", spec={"selector": {"app": "wiki"}, "ports": [{"port": 80}]})),
    f"{CORE}/configmaps": listed(
        named("tunnel", "lab", data={"config.yml": CONFIG}),
        named("values", "apps", data={"values.yaml": "ingress: {enabled: true}"}),
        named("broken", "apps", data={"ingress.yaml": "ingress: ["}),
    ),
    f"{APPS}/deployments": listed(
        named("tunnel", "lab", spec={"replicas": 3, "template": {"spec": POD}}),
        named("nginx", "web", spec={"template": {"spec": {"containers": [{"name": "n", "image": "nginx"}]}}}),
    ),
    "/apis/networking.k8s.io/v1/ingresses": listed(named("i", "web", spec={"ingressClassName": "nginx"})),
}


@pytest.fixture
def migrate_cluster(ops: Ops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command with these lists, by path; a number is a refusal. The result has the paths that were read."""

    def run(lists: dict[str, Any], *arguments: str, context: str = "here") -> tuple[Completed, list[str]]:
        with kubernetes_server(lists) as server:
            file = tmp_path / "kubeconfig"
            file.write_text(server.kubeconfig(context))
            monkeypatch.setenv("KUBECONFIG", str(file))
            return ops("migrate", "--cluster", *ACCOUNT, *arguments), server.requests

    return run


def routes(done: Completed) -> list[dict[str, Any]]:
    assert done.status == 0, done.stderr
    return yaml.safe_load(done.stdout)["config"]["culvert:routes"]


def test_a_connector_is_read_with_its_config_map_and_the_service_behind_it(migrate_cluster: Any) -> None:
    done, _ = migrate_cluster(CONNECTOR)
    backend = {"service": "wiki", "namespace": "lab", "port": 80, "scheme": "http"}
    (route,) = routes(done)
    assert route["backend"] == {**backend, "targetPort": 80, "podSelector": {"app": "wiki"}}
    assert yaml.safe_load(done.stdout)["config"]["culvert:connector"]["replicas"] == 3
    # What is not about tunnels is not reported: a cluster has much of it.
    assert not any(word in done.stderr for word in ("nginx", "values", "broken", "not about"))


def test_resources_of_the_operator_are_read_in_the_version_that_the_cluster_serves(migrate_cluster: Any) -> None:
    lists = {
        f"{OPERATOR}/v1alpha1/tunnels": listed(named("t", "lab", spec={"cloudflare": {"domain": "example.org"}})),
        f"{OPERATOR}/v1alpha1/tunnelbindings": listed(
            named("b", "lab", subjects=[{"name": "list"}], tunnelRef={"kind": "Tunnel", "name": "t"})
        ),
        f"{CORE}/services": listed(named("list", "lab", spec={"ports": [{"port": 9000}]})),
    }
    done, requests = migrate_cluster(lists)
    assert routes(done)[0]["hostname"] == "list.example.org"
    assert f"{OPERATOR}/v1alpha2/tunnels" in requests


def test_one_namespace_is_read_alone_with_what_has_none(migrate_cluster: Any) -> None:
    lists = {path.replace("v1/", "v1/namespaces/lab/"): found for path, found in CONNECTOR.items()}
    done, requests = migrate_cluster(lists, "--namespace", "lab")
    assert routes(done)
    assert all("/namespaces/lab/" in path or path.endswith("classes") or "clustertunnels" in path for path in requests)


def test_the_context_is_another_than_the_current_one(migrate_cluster: Any) -> None:
    done, _ = migrate_cluster(CONNECTOR, "--context", "here", context="elsewhere")
    assert routes(done)


def test_every_list_that_is_not_allowed_is_in_one_error(migrate_cluster: Any) -> None:
    refused = {f"{CORE}/services": 403, f"{CORE}/configmaps": 403, f"{APPS}/deployments": 403}
    done, requests = migrate_cluster({**CONNECTOR, **refused})
    (line,) = done.stderr.splitlines()
    assert done.status == 1
    assert "does not allow to list services, configmaps, deployments in every namespace: grant these" in line
    assert len(requests) > len(RESOURCES)


def test_a_cluster_without_tunnels_is_one_error(migrate_cluster: Any) -> None:
    done, _ = migrate_cluster({f"{CORE}/services": listed()})
    assert (done.status, done.stderr) == (1, "there are no routes to migrate\n")


def test_no_answer_is_one_error(ops: Ops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = {"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    users = [{"name": "u", "user": {}}]
    content = {"current-context": "c", "clusters": [server], "contexts": [context], "users": users}
    (tmp_path / "kubeconfig").write_text(json.dumps(content))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    done = ops("migrate", "--cluster", *ACCOUNT)
    assert done.status == 1
    assert "the cluster at http://127.0.0.1:9 does not answer" in done.stderr
    assert len(done.stderr.splitlines()) == 1

"""Services that the program reads from the cluster before the first resource."""

import json
import runpy
import threading
from collections.abc import Iterator
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from clients.errors import ApiUnreachable
from components.exposure import Exposure, cluster_services
from settings import Settings
from tests.support import kubernetes_services as kinds
from tests.support.kubernetes_server import KubernetesServer, kubernetes_server
from tests.support.mock_recorder import Deploy, Recorded
from tests.support.paths import PROJECT
from tests.support.setting_diff import BASE

API = "/api/v1/namespaces/shop/services/api"
DATABASE = "/api/v1/namespaces/shop/services/db"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io/service-name%3Ddb"
OBJECTS: dict[str, Any] = {
    API: kinds.service("api", ports=[{"name": "web", "port": 80, "targetPort": "http"}]),
    DATABASE: kinds.service("db", selector=None, ports=[{"port": 5432}]),
    SLICES: {"items": [kinds.endpoint_slice("192.168.50.7", ports=[{"port": 5433}])]},
}


@pytest.fixture
def cluster() -> Iterator[KubernetesServer]:
    with kubernetes_server(dict(OBJECTS)) as server:
        yield server


def settings(*services: str) -> dict[str, Any]:
    routes = [{"hostname": f"r{number}.example.com", "service": each} for number, each in enumerate(services)]
    return {**BASE, "routes": routes}


def run(deploy: Deploy, cluster: KubernetesServer, *services: str, **answers: Any) -> Recorded:
    """A run of the program with the cluster in its configuration."""
    given = {
        f"culvert:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in settings(*services).items()
    }
    given |= {"kubernetes:kubeconfig": cluster.kubeconfig("elsewhere"), "kubernetes:context": "here"}
    program = str(PROJECT / "__main__.py")
    return deploy(lambda: runpy.run_path(program, run_name="__main__"), "dev", given, answers=answers)


def rules(recorded: Recorded) -> list[Any]:
    """The rules of the network policy for the routes."""
    return [
        (rule["to"], [port["port"] for port in rule["ports"]])
        for rule in recorded.one("NetworkPolicy").inputs["spec"]["egress"]
        if not {7844, 53} & {port["port"] for port in rule["ports"]}
    ]


def pods(namespace: str, **labels: str) -> list[Any]:
    selected = {"podSelector": {"matchLabels": labels} if labels else {}}
    return [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}, **selected}]


def remembered(recorded: Recorded) -> dict[str, Any]:
    """Answers with which the next run finds the outputs of this one."""
    outputs = recorded.outputs["pulumi:pulumi:Stack"]
    return {"readStackOutputs": {"outputs": {**outputs, "records": {}}}}


def test_the_policy_follows_from_the_services_of_the_providers_context(
    deploy: Deploy, cluster: KubernetesServer, caplog: pytest.LogCaptureFixture
) -> None:
    recorded = run(deploy, cluster, "http://api.shop", "tcp://db.shop.svc:5432")
    assert rules(recorded) == [
        ([{"ipBlock": {"cidr": "192.168.50.7/32"}}], [5433]),
        (pods("shop", app="api"), ["http"]),
    ]
    assert "Service" not in caplog.text


def test_each_service_is_read_once_and_slices_only_where_they_matter(deploy: Deploy, cluster: KubernetesServer) -> None:
    run(deploy, cluster, "http://api.shop.svc", "http://api.shop.svc", "tcp://db.shop.svc:5432")
    assert cluster.requests == [API, DATABASE, SLICES]


def test_reads_are_no_resources(deploy: Deploy, cluster: KubernetesServer) -> None:
    reading, other = run(deploy, cluster, "http://api.shop.svc"), run(deploy, cluster, "http://192.168.1.20")
    assert reading.names == other.names
    assert cluster.requests == [API]


def test_a_stack_without_services_of_the_cluster_reads_nothing(deploy: Deploy, cluster: KubernetesServer) -> None:
    recorded = run(deploy, cluster, "http://192.168.1.20", "http_status:404")
    assert cluster.requests == []
    assert "services" not in recorded.outputs["pulumi:pulumi:Stack"]


@pytest.mark.parametrize("status", [404, 403])
def test_what_was_read_is_an_output_that_the_next_run_keeps_to(
    deploy: Deploy, cluster: KubernetesServer, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    first = run(deploy, cluster, "http://api.shop", "tcp://db.shop.svc:5432")
    cluster.objects = {API: status, DATABASE: status}
    second = run(deploy, cluster, "http://api.shop", "tcp://db.shop.svc:5432", **remembered(first))
    assert rules(second) == rules(first)
    services = [each.outputs["pulumi:pulumi:Stack"]["services"] for each in (first, second)]
    assert services[0] == services[1]
    assert sorted(services[0]) == ["shop/api", "shop/db"]
    assert "as an earlier run read it" in caplog.text


def test_an_unreachable_cluster_is_one_warning_and_the_policy_is_what_an_earlier_run_made(
    deploy: Deploy, cluster: KubernetesServer, caplog: pytest.LogCaptureFixture
) -> None:
    first = run(deploy, cluster, "http://api.shop.svc", "tcp://db.shop.svc:5432")
    cluster.port = 9
    second = run(deploy, cluster, "http://api.shop.svc", "tcp://db.shop.svc:5432", **remembered(first))
    assert rules(second) == rules(first)
    warnings = [record.message for record in caplog.records if "cannot be read" in record.message]
    assert len(warnings) == 1
    assert "Services shop/api, shop/db cannot be read (the cluster at http://127.0.0.1:9 does not answer" in warnings[0]


def test_an_unknown_service_is_a_warning_and_an_assumption(
    deploy: Deploy, cluster: KubernetesServer, caplog: pytest.LogCaptureFixture
) -> None:
    recorded = run(deploy, cluster, "http://gone.shop.svc:8080")
    assert rules(recorded) == [(pods("shop"), [8080])]
    assert "Service shop/gone does not exist. The network policy allows every pod of namespace shop" in caplog.text
    assert "services" not in recorded.outputs["pulumi:pulumi:Stack"]


def test_a_port_that_the_service_does_not_have_ends_the_program_before_anything_is_registered(
    deploy: Deploy, cluster: KubernetesServer
) -> None:
    with pytest.raises(pulumi.RunError, match="names Service shop/api, which has no TCP port 81") as caught:
        run(deploy, cluster, "http://api.shop.svc:81")
    assert "nothing was changed" in str(caught.value)


def test_slices_that_may_not_be_read_leave_a_service_without_a_selector_unknown(
    deploy: Deploy, cluster: KubernetesServer, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.objects = {**OBJECTS, SLICES: 403}
    recorded = run(deploy, cluster, "tcp://db.shop.svc:5432")
    assert rules(recorded) == [(pods("shop"), [5432])]
    assert "Service shop/db cannot be read (the API server refused GET /apis/discovery.k8s.io/v1" in caplog.text


@pytest.mark.parametrize("answer", [{}, {"metadata": []}, {"metadata": {"name": "api"}, "spec": {"ports": ["http"]}}])
def test_an_answer_that_is_no_service_is_a_warning(
    deploy: Deploy, cluster: KubernetesServer, answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    cluster.objects = {API: answer}
    run(deploy, cluster, "http://api.shop.svc")
    assert "Service shop/api cannot be read (the answer is not a Service with EndpointSlices)" in caplog.text


def test_every_service_is_unknown_where_the_provider_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: Any) -> Any:
        raise ApiUnreachable("the provider's kubeconfig is not known yet")

    monkeypatch.setattr(cluster_services, "provider_inputs", unknown)
    stack = Settings.parse(settings("http://api.shop.svc", "tcp://db:5432"))
    assert cluster_services.start_reading(stack, "blog", None)() == {
        "shop/api": "cannot be read (the provider's kubeconfig is not known yet)",
        "blog/db": "cannot be read (the provider's kubeconfig is not known yet)",
    }


def test_services_are_read_while_the_program_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    went_on = threading.Event()
    monkeypatch.setattr(cluster_services, "provider_inputs", lambda _: {})
    monkeypatch.setattr(cluster_services, "_read", lambda *_: {"shop/api": str(went_on.wait(10))})
    wait = cluster_services.start_reading(Settings.parse(settings("http://api.shop.svc")), "blog", None)
    went_on.set()
    assert wait() == {"shop/api": "True"}


@pytest.mark.parametrize("inherited", [False, True])
def test_the_provider_of_the_component_decides_which_cluster_is_read(
    deploy: Deploy, cluster: KubernetesServer, inherited: bool
) -> None:
    def program() -> None:
        provider = kubernetes.Provider("k8s", kubeconfig=cluster.kubeconfig("elsewhere"), context="here")
        options = pulumi.ResourceOptions(providers=[provider])
        if inherited:
            parent = pulumi.ComponentResource("test:index:Parent", "parent", {}, options)
            options = pulumi.ResourceOptions(parent=parent)
        Exposure("culvert-dev", settings("http://api.shop.svc"), options)

    recorded = deploy(program, config={"kubernetes:kubeconfig": "/nonexistent"})
    parent = recorded.parents["culvert:index:Exposure culvert-dev"]
    assert parent == ("test:index:Parent" if inherited else "pulumi:pulumi:Stack")
    assert rules(recorded) == [(pods("shop", app="api"), ["http"])]
    assert cluster.requests == [API]


def test_a_service_without_a_namespace_is_read_in_that_of_the_exposure(
    deploy: Deploy, cluster: KubernetesServer
) -> None:
    def program() -> None:
        provider = kubernetes.Provider("k8s", kubeconfig=cluster.kubeconfig())
        unnamed = {**settings("http://api"), "namespace": None}
        Exposure("culvert-dev", unnamed, pulumi.ResourceOptions(providers=[provider]))

    deploy(program)
    assert cluster.requests == ["/api/v1/namespaces/culvert-dev/services/api"]


def test_a_provider_whose_kubeconfig_is_an_output_of_this_run_is_read_once_it_is_known(
    deploy: Deploy, cluster: KubernetesServer
) -> None:
    def program() -> None:
        kubeconfig = pulumi.Output.secret(cluster.kubeconfig())
        provider = kubernetes.Provider("k8s", kubeconfig=kubeconfig)
        Exposure("culvert-dev", settings("http://api.shop.svc"), pulumi.ResourceOptions(providers=[provider]))

    assert rules(deploy(program)) == [(pods("shop", app="api"), ["http"])]

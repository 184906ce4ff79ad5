"""Preflight in the cluster: who asks, the namespace, the rights, the kinds of controllers, and the Services."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.naming import OWNER
from ops.expected_stack import ExpectedStack
from ops.preflight.checks import cluster
from ops.verify.result import CheckResult, Status
from tests.support import kubernetes_services as kinds
from tests.support.api_server import FakeApiServer, serve
from tests.support.settings_examples import a_route
from tests.unit.ops.preflight.conftest import by_status, only, stack

API = a_route(service="http://api.shop.svc")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApiServer]:
    """A cluster whose nodes run a network plugin that enforces policies, with the Service shop/api."""
    fake = FakeApiServer()
    fake.add("v1", "Namespace", "kube-system", None)
    fake.add("apps/v1", "DaemonSet", "calico-node", "kube-system")
    service = kinds.service("api", "shop")
    fake.add("v1", "Service", "api", "shop")
    fake.objects[-1][2].update({"spec": service["spec"]})
    with serve(fake, tmp_path) as kubeconfig:
        monkeypatch.setenv("KUBECONFIG", kubeconfig)
        yield fake


def check(name: str, expected: ExpectedStack) -> list[CheckResult]:
    return [result for result in cluster.run(expected) if result.check == name]


@pytest.mark.usefixtures("fake")
def test_a_cluster_that_is_ready_passes_every_check() -> None:
    results = cluster.run(stack(API))
    assert {result.status for result in results} == {Status.PASSED}
    assert [result.check for result in results] == [
        *("cluster", "namespace"),
        *["rights"] * 7,
        *("service", "network-plugin"),
    ]
    assert results[0].observed == "Kubernetes v1.36.3, as ann (system:authenticated)"
    assert results[1].observed == "the stack creates it, as the stack file says"
    assert results[-2].observed == "leads to pods labelled app=api in namespace shop on port 8080"
    assert results[-1].observed == "enforced by Calico"


def test_a_cluster_that_does_not_answer_is_the_only_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serve(FakeApiServer(), tmp_path) as kubeconfig:
        monkeypatch.setenv("KUBECONFIG", kubeconfig)
    (result,) = cluster.run(stack())
    assert (result.check, result.status) == ("cluster", Status.FAILED)
    assert "does not answer" in result.observed


def test_the_context_that_the_stack_file_names_is_used(fake: FakeApiServer) -> None:
    expected = ExpectedStack("dev", "culvert-dev", stack().settings, provider={"context": "berlin"})
    (result,) = cluster.run(expected)
    assert (result.subject, result.status) == ("context berlin", Status.FAILED)
    assert "no kubeconfig has a usable context berlin" in result.observed
    assert not fake.deleted


@pytest.mark.parametrize(
    ("declared", "found", "observed"),
    [
        ("web", None, "the stack creates it, as the stack file says"),
        ("web", {"annotations": {OWNER: "culvert/dev"}}, "exists"),
        ({"name": "web", "create": False}, {}, "exists, as the stack file says"),
    ],
)
def test_a_namespace_as_the_stack_file_has_it_passes(
    fake: FakeApiServer, declared: Any, found: dict[str, Any] | None, observed: str
) -> None:
    if found is not None:
        fake.add("v1", "Namespace", "web", None, **found)
    (result,) = check("namespace", stack(namespace=declared))
    assert (result.status, result.observed) == (Status.PASSED, observed)


@pytest.mark.parametrize(
    ("declared", "found", "observed", "remedy"),
    [
        ("web", {}, "exists, and the stack did not create it", "create: false"),
        ("web", {"annotations": {OWNER: "culvert/prod"}}, "the stack did not create it", "create: false"),
        ({"name": "web", "create": False}, None, "does not exist", "kubectl create namespace web"),
        ("web", {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "is being deleted", "kubectl describe namespace web"),
    ],
)
def test_a_namespace_that_pulumi_up_would_fail_at_fails(
    fake: FakeApiServer, declared: Any, found: dict[str, Any] | None, observed: str, remedy: str
) -> None:
    if found is not None:
        fake.add("v1", "Namespace", "web", None, **found)
    (result,) = check("namespace", stack(namespace=declared))
    assert result.status is Status.FAILED
    assert observed in result.observed
    assert remedy in result.remedy


def test_each_verb_that_is_missing_is_named_with_its_kind(fake: FakeApiServer) -> None:
    fake.denied = {("create", "networkpolicies"), ("patch", "networkpolicies"), ("watch", "pods")}
    results = check("rights", stack(API))
    failed = {result.subject: result.observed for result in results if result.status is Status.FAILED}
    assert failed == {
        "NetworkPolicy": "these credentials may not create and patch networkpolicies.networking.k8s.io in the "
        "namespace web",
        "waiting for pods": "these credentials may not watch pods in the namespace web",
    }


def test_a_namespace_is_created_in_the_cluster(fake: FakeApiServer) -> None:
    fake.denied = {("create", "namespaces")}
    failed = only(check("rights", stack(API)), Status.FAILED)
    assert failed.observed == "these credentials may not create namespaces in the cluster"
    assert by_status(check("rights", stack(API, namespace={"name": "web", "create": False}))).get("Namespace") is None


PROMETHEUS = {"networkPolicy": {"metricsFrom": "monitoring"}, "monitoring": {"monitor": "pod"}}
STORE = {"token": {"delivery": "external", "store": {"name": "vault"}}}


@pytest.mark.parametrize(
    ("changes", "missing", "controller"),
    [
        (PROMETHEUS, ["PodMonitor", "PrometheusRule"], "the Prometheus operator"),
        (STORE, ["ExternalSecret", "PushSecret"], "External Secrets"),
        ({"networkPolicy": {"engine": "calico"}}, ["NetworkPolicy"], "Calico's API server"),
        ({"networkPolicy": {"engine": "cilium"}}, ["CiliumNetworkPolicy"], "Cilium"),
    ],
)
@pytest.mark.usefixtures("fake")
def test_a_kind_whose_controller_is_not_installed_fails(
    changes: dict[str, Any], missing: list[str], controller: str
) -> None:
    results = check("kind", stack(API, **changes))
    assert sorted(by_status(results)) == missing
    assert {result.status for result in results} == {Status.FAILED}
    assert all(controller in result.remedy for result in results)


def test_a_kind_that_is_served_passes(fake: FakeApiServer) -> None:
    fake.add("external-secrets.io/v1", "ExternalSecret", "other", "shop")
    fake.add("external-secrets.io/v1alpha1", "PushSecret", "other", "shop")
    assert by_status(check("kind", stack(API, **STORE))) == {"ExternalSecret": "passed", "PushSecret": "passed"}


@pytest.mark.parametrize(
    ("service", "status", "observed"),
    [
        ("http://web.shop.svc", Status.FAILED, "the Service does not exist"),
        ("http://api.shop.svc:81", Status.FAILED, "names Service shop/api, which has no TCP port 81"),
        ("http://192.168.7.9", Status.SKIPPED, "no route names a Service"),
    ],
)
@pytest.mark.usefixtures("fake")
def test_services_are_judged_as_the_program_reads_them(service: str, status: Status, observed: str) -> None:
    (result,) = check("service", stack(a_route(service=service)))
    assert result.status is status
    assert observed in result.observed


def test_services_that_may_not_be_read_are_unknown(fake: FakeApiServer) -> None:
    fake.refused["services"] = 403
    (result,) = check("service", stack(API))
    assert result.status is Status.UNKNOWN

"""The check of Services: the policy in the cluster follows from what they are today."""

from typing import Any

import pytest

from clients.kubernetes import KubernetesApi
from components.exposure import arguments
from components.network_policy.network_policy import policy_spec
from ops.expected_stack import ExpectedStack
from ops.verify.checks.services import follow_services
from ops.verify.result import CheckResult, Status
from settings import KubernetesService, Settings
from tests.support import kubernetes_services as kinds
from tests.support.kubernetes_server import kubernetes_server
from tests.support.settings_examples import values

PATH = "/api/v1/namespaces/shop/services/{}"
ACCESS = {"allow": {"emails": ["ann@example.com"]}, "sessionDuration": "8h"}
NAMED = kinds.service("api", ports=[{"name": "web", "port": 80, "targetPort": "http"}])


def stack(*services: str, outputs: dict[str, Any] | None = None, **changes: Any) -> ExpectedStack:
    routes = [{"hostname": f"r{number}.example.com", "service": each} for number, each in enumerate(services)]
    settings = Settings.parse(values(*routes, **changes))
    return ExpectedStack("dev", "culvert-dev", settings, outputs or {})


def policy(expected: ExpectedStack, **known: KubernetesService) -> dict[str, Any]:
    """The policy that an update wrote which found these Services of the namespace shop."""
    readings = {key: known.get(key.removeprefix("shop/"), "does not exist") for key in _keys(expected)}
    settings, _ = expected.settings.with_services("web", readings, {})
    labels = {"app.kubernetes.io/instance": "culvert-dev", "app.kubernetes.io/part-of": "culvert"}
    spec = policy_spec(arguments.network_policy(settings, "culvert-dev", "web"))
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"labels": labels}, "spec": spec}


def _keys(expected: ExpectedStack) -> dict[str, tuple[str, str]]:
    return expected.settings.services_to_read("web")


def check(expected: ExpectedStack, policies: list[dict[str, Any]], **objects: Any) -> list[CheckResult]:
    paths = {PATH.format(name): value for name, value in objects.items()}
    with kubernetes_server(paths) as server:
        return follow_services(KubernetesApi(server.kubeconfig()), expected, policies)


@pytest.mark.parametrize("preset", ["strict", "guide"])
def test_a_policy_that_follows_from_the_service_passes(preset: str) -> None:
    expected = stack("http://api.shop", "http://192.168.7.9", networkPolicy={"preset": preset})
    (result,) = check(expected, [policy(expected, api=KubernetesService.of(NAMED))], api=NAMED)
    assert (result.layer, result.check, result.subject) == ("cluster", "services", "shop/api")
    assert result.status is Status.PASSED
    assert (
        result.observed == "leads to pods labelled app=api in namespace shop on port http, as the network policy allows"
    )


def test_a_service_that_changed_after_the_last_update_fails() -> None:
    expected = stack("http://api.shop.svc", "http://api.shop.svc")
    changed = kinds.service("api", ports=[{"port": 80, "targetPort": 9090}])
    (result,) = check(expected, [policy(expected, api=kinds.PLAIN)], api=changed)
    assert result.status is Status.FAILED
    assert (
        "leads to pods labelled app=api in namespace shop on port 9090, and the network policy has no"
        in result.observed
    )
    assert result.impact == "502 for r0.example.com, r1.example.com"
    assert result.commands == ("pulumi up --stack {stack}",)


def test_a_service_that_was_created_after_the_last_update_fails() -> None:
    expected = stack("http://api.shop.svc")
    (result,) = check(expected, [policy(expected)], api=NAMED)
    assert (result.status, result.fault) == (Status.FAILED, "Service changed")


def test_a_service_that_does_not_exist_fails() -> None:
    expected = stack("http://api.shop.svc")
    (result,) = check(expected, [policy(expected, api=kinds.PLAIN)])
    assert (result.status, result.observed) == (Status.FAILED, "the Service does not exist")
    assert result.remedy == "create the Service, or correct the route and update"


def test_a_port_that_the_service_no_longer_has_fails_with_those_that_it_has() -> None:
    expected = stack("http://api.shop.svc")
    changed = kinds.service("api", ports=[{"port": 8080}])
    (result,) = check(expected, [policy(expected, api=kinds.PLAIN)], api=changed)
    assert "names Service shop/api, which has no TCP port 80" in result.observed
    assert result.remedy == "change the route to its port 8080, then update"


def test_a_service_that_may_not_be_read_is_unknown_and_the_others_are_judged() -> None:
    expected = stack("http://api.shop.svc", "http://web.shop.svc")
    web = kinds.service("web")
    results = check(expected, [policy(expected, api=kinds.PLAIN, web=KubernetesService.of(web))], api=403, web=web)
    assert [(each.subject, each.status) for each in results] == [
        ("shop/api", Status.UNKNOWN),
        ("shop/web", Status.PASSED),
    ]


def test_other_routes_and_access_are_no_part_of_what_a_service_needs() -> None:
    routes = [{"hostname": "a.example.com", "service": "http://api.shop.svc", "access": ACCESS}]
    expected = ExpectedStack("dev", "culvert-dev", Settings.parse(values(*routes, accessTeam="acme")))
    (result,) = check(expected, [policy(expected, api=kinds.PLAIN)], api=kinds.service("api"))
    assert (
        result.observed == "leads to pods labelled app=api in namespace shop on port 8080, as the network policy allows"
    )


def test_without_a_policy_or_a_service_there_is_nothing_to_compare() -> None:
    (result,) = check(stack("http://api.shop.svc"), [], api=NAMED)
    assert result.status is Status.SKIPPED
    assert check(stack("http://192.168.7.9"), [policy(stack("http://192.168.7.9"))]) == []


def test_the_rules_of_the_last_update_follow_from_the_services_that_it_read() -> None:
    outputs = {"services": {"shop/api": kinds.NAMED_PORT.to_output(), "shop/other": "text"}}
    updated = stack("http://api.shop", outputs=outputs).updated
    assert updated.services == {"shop/api": kinds.NAMED_PORT}
    assert stack("http://api.shop").updated.services == {}

"""Flows that the network policy allows for a Service of each kind, in every engine."""

from typing import Any

import pytest

from components import pod_labels
from components.exposure import arguments
from components.network_policy.engines import engine_of
from components.network_policy.network_policy import policy_spec
from settings import KubernetesService, Settings
from tests.support import kubernetes_services as kinds
from tests.support.policy_evaluators.evaluate import ENGINES, Evaluate
from tests.support.settings_examples import values
from traffic import Flow, Host

HOME = "web"
CONNECTOR = Host("10.244.1.5", HOME, tuple(pod_labels("culvert-prod").items()))
CONNECTOR6 = Host("fd00:10:244:1::5", HOME, CONNECTOR.labels)
API = Host("10.244.2.8", "shop", (("app", "api"), ("tier", "web")))
DB = Host("10.244.2.9", "shop", (("app", "db"),))
IMPOSTOR = Host("10.244.3.3", "other", (("app", "api"),))
OUTSIDE, OUTSIDE6, NEIGHBOUR = Host("192.168.50.7"), Host("fd12:3456::7"), Host("192.168.50.8")
CONTROL_PLANE = Host("10.0.0.10", reserved=("kube-apiserver", "remote-node"))
CLOUD_API = Host("34.90.12.7", reserved=("kube-apiserver",))
YES, NO = True, False

PODS = {
    Flow(CONNECTOR, API, 8080, "TCP", ("http",)): YES,
    Flow(CONNECTOR, API, 80, "TCP"): NO,
    Flow(CONNECTOR, API, 9090, "TCP", ("metrics",)): NO,
    Flow(CONNECTOR, API, 8080, "UDP"): NO,
    Flow(CONNECTOR, DB, 8080, "TCP", ("http",)): NO,
    Flow(CONNECTOR, IMPOSTOR, 8080, "TCP", ("http",)): NO,
}
"""Flows to the pods behind the Service, and to others."""
ASSUMED = {
    Flow(CONNECTOR, API, 80, "TCP"): YES,
    Flow(CONNECTOR, DB, 80, "TCP"): YES,
    Flow(CONNECTOR, API, 8080, "TCP", ("http",)): NO,
    Flow(CONNECTOR, IMPOSTOR, 80, "TCP"): NO,
}
"""Flows where nothing is known of the Service."""
ADDRESSES = {
    Flow(CONNECTOR, OUTSIDE, 9376, "TCP"): YES,
    Flow(CONNECTOR6, OUTSIDE6, 9376, "TCP"): YES,
    Flow(CONNECTOR, OUTSIDE, 80, "TCP"): NO,
    Flow(CONNECTOR, NEIGHBOUR, 9376, "TCP"): NO,
    Flow(CONNECTOR, API, 9376, "TCP"): NO,
}
API_SERVER = {
    Flow(CONNECTOR, CONTROL_PLANE, 6443, "TCP"): YES,
    Flow(CONNECTOR, CONTROL_PLANE, 10250, "TCP"): NO,
    Flow(CONNECTOR, CONTROL_PLANE, 443, "TCP"): NO,
    Flow(CONNECTOR, Host("10.0.0.11", reserved=("remote-node",)), 6443, "TCP"): NO,
}
Found = KubernetesService | str
CASES: dict[str, tuple[str, Found, KubernetesService | None, dict[Flow, bool]]] = {
    "plain": ("http://api.shop.svc", kinds.PLAIN, None, PODS),
    "named port": ("http://api.shop.svc", kinds.NAMED_PORT, None, PODS),
    "headless": ("http://api.shop.svc:8080", kinds.HEADLESS, None, PODS),
    "without a selector": ("http://api.shop.svc", kinds.WITHOUT_SELECTOR, None, ADDRESSES),
    "the API server": ("https://kubernetes.default.svc", kinds.API_SERVER, None, API_SERVER),
    "absent": ("http://api.shop.svc", "does not exist", None, ASSUMED),
    "unreadable": ("http://api.shop.svc", "cannot be read (HTTP 403)", None, ASSUMED),
    "absent for a moment": ("http://api.shop.svc", "does not exist", kinds.NAMED_PORT, PODS),
    "unreadable for a moment": ("http://api.shop.svc", "cannot be read (HTTP 403)", kinds.PLAIN, PODS),
}
"""The route's service, what is read, what an earlier run read, and flows."""


def policy(url: str, found: Found, earlier: KubernetesService | None, **options: Any) -> dict[str, Any]:
    given = values({"hostname": "api.example.com", "service": url}, namespace=HOME, networkPolicy=options)
    settings = Settings.parse(given)
    (key,) = settings.services_to_read(HOME)
    settings, _ = settings.with_services(HOME, {key: found}, {key: earlier} if earlier else {})
    args = arguments.network_policy(settings, "culvert-prod", HOME)
    engine = engine_of(args.get("engine", ""))
    metadata = {"name": "culvert-prod-policy", "namespace": HOME}
    return {"apiVersion": engine.api_version, "kind": engine.kind, "metadata": metadata, "spec": policy_spec(args)}


@pytest.mark.parametrize("preset", ["strict", "guide"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", CASES)
def test_the_policy_allows_where_the_service_leads_and_nothing_else(
    evaluate: Evaluate, kind: str, engine: str, preset: str
) -> None:
    url, found, earlier, flows = CASES[kind]
    answers = evaluate(policy(url, found, earlier, engine=engine, preset=preset), list(flows))
    assert dict(zip(flows, answers, strict=True)) == flows


def test_cilium_allows_the_api_server_at_a_public_address_for_a_route_alone(evaluate: Evaluate) -> None:
    flows = [Flow(CONNECTOR, CLOUD_API, 6443, "TCP")]
    options = {"engine": "cilium", "preset": "guide"}
    assert evaluate(policy("https://kubernetes.default.svc", kinds.API_SERVER, None, **options), flows) == [True]
    assert evaluate(policy("http://api.shop.svc", kinds.PLAIN, None, **options), flows) == [False]

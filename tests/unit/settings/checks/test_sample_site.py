"""Routes to the sample site: what its Service and pods do not serve is an error, and not a 502 later."""

from typing import Any

import pytest

from settings import Settings
from tests.support.settings_examples import Case, a_route, assert_rejected, values

SELECTOR = {"app.kubernetes.io/name": "site"}


def to_site(sampleSite: Any = {"name": "site"}, **route: Any) -> dict[str, Any]:  # noqa: B006 - not changed
    listed = {"service": None, **route} if "backend" in route else {"service": "http://site", **route}
    return values(a_route(**listed), sampleSite=sampleSite)


def backend(**changes: Any) -> dict[str, Any]:
    return to_site(backend={"service": "site", "port": 80, **changes})


CASES: dict[str, Case] = {
    "another port": (to_site(service="http://site:81"), "routes[0].service", "serves HTTP without TLS on port 80"),
    "the port of the pods": (to_site(service="tcp://site.web.svc:8080"), "routes[0].service", "Accepted: http://site"),
    "TLS": (to_site(service="https://site:80"), "routes[0].service", "without TLS"),
    "the default name": (
        to_site(sampleSite=True, service="http://blog:81"),
        "routes[0].service",
        "Service blog serves",
    ),
    "the default name beside an image": (
        to_site(sampleSite={"image": "nginx:1.28"}, service="http://blog:81"),
        "routes[0].service",
        "Service blog serves",
    ),
    "the cluster's own domain": (
        {**to_site(service="http://site.web.svc.k8s.example:81"), "clusterDomain": "K8s.example."},
        "routes[0].service",
        "serves HTTP without TLS on port 80",
    ),
    "a namespace whose name is a list": (
        {**to_site(service="http://site.web.svc"), "namespace": {"name": ["web"]}},
        "namespace.name",
        "must be a string",
    ),
    "a backend's port": (backend(port=81), "routes[0].backend.port", "Accepted: 80, or a Service of another name"),
    "a backend's scheme": (backend(scheme="https"), "routes[0].backend.scheme", "Accepted: http, or"),
    "a backend's target port": (backend(targetPort=81), "routes[0].backend.targetPort", "pods, which listen on 8080"),
    "other labels": (backend(podSelector={"app": "x"}), "routes[0].backend.podSelector", "does not select the sample"),
    "another name": (
        backend(podSelector={"app.kubernetes.io/name": "blog"}),
        "routes[0].backend.podSelector",
        "Accepted: {app.kubernetes.io/name: site} or none",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_the_sample_site_does_not_serve_is_rejected(case: Case) -> None:
    assert_rejected(case)


@pytest.mark.parametrize(
    "given",
    [
        to_site(),
        backend(targetPort=8080, podSelector=SELECTOR),
        backend(podSelector={}),
        backend(podSelector={**SELECTOR, "app.kubernetes.io/instance": "culvert-dev"}),
        # Not the sample site: a Service of another name, or in another namespace, or there is no sample site.
        to_site(service="http://other:81"),
        to_site(service="http://site.other.svc:81"),
        to_site(service="http://site:81", sampleSite=False),
    ],
)
def test_what_it_serves_and_other_services_are_accepted(given: dict[str, Any]) -> None:
    assert Settings.parse(given).routes

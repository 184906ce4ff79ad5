"""Routes that are rejected, and adopted records that are accepted."""

import pytest

from settings import Settings
from tests.support.settings_examples import Case, a_backend, a_route, assert_rejected, values

ROUTES: dict[str, Case] = {
    "an adopted record by its name": (
        values(a_route(adopt="blog.example.com")),
        "routes[0].adopt",
        "is not an id of 32 hex digits",
    ),
    "two adopted records of a hostname": (
        values(a_route(adopt="1" * 32), a_route(path="/v1", adopt="2" * 32)),
        "routes[1].adopt",
        "contradicts routes[0], which adopts another record for the same hostname",
    ),
    "an adopted record with dns: none": (
        values(a_route(adopt="1" * 32, dns="none")),
        "routes[0].adopt",
        "with dns: none the stack has no record",
    ),
    "one adopted record of two hostnames": (
        values(
            a_route(hostname="dog.example.com"),
            a_route(adopt="1" * 32),
            a_route(hostname="log.example.com", adopt="1" * 32),
        ),
        "routes[2].adopt",
        "is adopted by routes[1] for blog.example.com",
    ),
    "a route without a hostname": (values(a_route(hostname=None)), "routes[0].hostname", "is missing"),
    "a route without a service": (
        values(a_route(service=None)),
        "routes[0]",
        "must have exactly one of service and backend, but has none of them",
    ),
    "a route with two services": (
        values({**a_route(), **a_backend()}),
        "routes[0]",
        "must have exactly one of service and backend, but has service and",
    ),
    "a service by number": (values(a_route(service=80)), "routes[0].service", "must be a string"),
    "an unknown key of a route": (values(a_route(servise="x")), "routes[0].servise", "did you mean service?"),
    "a certificate by word": (
        values(a_route(advancedCertificate="yes")),
        "routes[0].advancedCertificate",
        "must be true or false",
    ),
    "a backend without a port": (values(a_backend(port=None)), "routes[0].backend.port", "is missing"),
    "a backend's port as a text": (values(a_backend(port="80")), "routes[0].backend.port", "must be a whole number"),
    "a backend's port beyond the last": (
        values(a_backend(port=65536)),
        "routes[0].backend.port",
        "must be at most 65535",
    ),
    "a target port by name": (values(a_backend(targetPort="http")), "routes[0].backend.targetPort", "its number"),
    "target port 0": (values(a_backend(targetPort=0)), "routes[0].backend.targetPort", "must be at least 1"),
    "a backend by its full name": (
        values(a_backend(service="api.shop.svc.cluster.local")),
        "routes[0].backend.service",
        "is not a valid name of a Service",
    ),
    "a backend in a namespace of no name": (
        values(a_backend(namespace="the shop")),
        "routes[0].backend.namespace",
        "is not a valid name of a namespace",
    ),
    "a selector with a number": (
        values(a_backend(podSelector={"version": 2})),
        "routes[0].backend.podSelector.version",
        "must be a string. Accepted: labels, each a key and a string of at",
    ),
    "a selector with a bad key": (
        values(a_backend(podSelector={"app kubernetes": "api"})),
        "routes[0].backend.podSelector",
        "has an invalid label, app kubernetes: api",
    ),
    "a backend with a scheme of no host": (values(a_backend(scheme="unix")), "routes[0].backend.scheme", "one of http"),
}


@pytest.mark.parametrize("case", ROUTES.values(), ids=ROUTES)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)


def test_each_hostname_may_adopt_a_record() -> None:
    routes = (
        a_route(adopt="1" * 32),
        a_route(path="/v1", adopt="1" * 32),
        a_route(hostname="log.example.com", adopt="2" * 32),
    )
    assert [route.adopt for route in Settings.parse(values(*routes)).routes] == ["1" * 32, "1" * 32, "2" * 32]

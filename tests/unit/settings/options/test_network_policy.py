"""The network policy: options that are rejected."""

from typing import Any

import pytest

from tests.support.settings_examples import Case, a_route, assert_rejected, values


def policy(**options: Any) -> dict[str, Any]:
    return values(networkPolicy=options)


def allow(**peer: Any) -> dict[str, Any]:
    """Settings that allow one more peer, on port 5432."""
    return policy(allow=[{"ports": [5432], **peer}])


ALLOW, DNS = "networkPolicy.allow[0]", "networkPolicy.dns[0]"
POLICY: dict[str, Case] = {
    "an unknown engine": (policy(engine="antrea"), "networkPolicy.engine", "one of kubernetes, calico"),
    "an allowed peer without a destination": (
        allow(),
        ALLOW,
        "must have exactly one of cidr, namespace and name, but has none of them",
    ),
    "an allowed peer with two destinations": (
        allow(cidr="10.0.0.1", namespace="shop"),
        ALLOW,
        "must have exactly one of cidr, namespace and name, but has cidr and namespace",
    ),
    "pods without a namespace": (
        allow(cidr="10.0.0.1", pods={"app": "db"}),
        ALLOW,
        "has pods, but no namespace that they are in",
    ),
    "no ports": (policy(allow=[{"cidr": "10.0.0.1"}]), f"{ALLOW}.ports", "is missing"),
    "an empty list of ports": (allow(cidr="10.0.0.1", ports=[]), f"{ALLOW}.ports", "must not be empty"),
    "a port beyond the last": (allow(cidr="10.0.0.1", ports=[65536]), f"{ALLOW}.ports[0]", "must be at most 65535"),
    "a protocol without ports": (allow(cidr="10.0.0.1", protocol="ICMP"), f"{ALLOW}.protocol", "TCP or UDP"),
    "an invalid range": (allow(cidr="10.0.0.0/33"), f"{ALLOW}.cidr", "is not an IP address or a range of them"),
    "a range with host bits": (
        allow(cidr="10.0.0.1/8"),
        f"{ALLOW}.cidr",
        "has bits set behind its prefix. Accepted: 10.0.0.0/8",
    ),
    "everything": (allow(cidr="0.0.0.0/0"), f"{ALLOW}.cidr", "a part of the internet"),
    "everything of IPv6": (allow(cidr="::/0"), f"{ALLOW}.cidr", "a part of the internet"),
    "half of everything": (allow(cidr="128.0.0.0/1"), f"{ALLOW}.cidr", "a part of the internet"),
    "cloud metadata": (
        allow(cidr="169.254.169.254"),
        f"{ALLOW}.cidr",
        "holds loopback, link-local, multicast or reserved addresses (a cloud's",
    ),
    "a range with cloud metadata in it": (allow(cidr="169.0.0.0/8"), f"{ALLOW}.cidr", "a cloud's metadata"),
    "IPv4 in IPv6": (allow(cidr="::ffff:10.0.0.0/104"), f"{ALLOW}.cidr", "loopback, link-local"),
    "a namespace of no name to open": (allow(namespace="*"), f"{ALLOW}.namespace", "1 to 63 lower-case letters"),
    "a name under Kubernetes' engine": (allow(name="db.example.net"), f"{ALLOW}.name", "{engine: cilium}"),
    "a name under Calico's": (
        policy(engine="calico", preset="guide", allow=[{"name": "db.example.net", "ports": [1]}]),
        f"{ALLOW}.name",
        "only in its paid editions",
    ),
    "an origin by name under Calico's strict": (
        {**policy(engine="calico-crd"), "routes": [a_route(service="https://origin.example.org")]},
        "routes[0].service",
        "only in its paid editions",
    ),
    "a Service by name": (
        policy(engine="cilium", allow=[{"name": "db.shop.svc.cluster.local", "ports": [1]}]),
        f"{ALLOW}.name",
        "is the name of a Service, but a network policy only sees the pods",
    ),
    "DNS servers without an address": (policy(dns=[{"port": 5353}]), DNS, "exactly one of cidr and namespace"),
    "a network of DNS servers": (
        policy(dns=[{"cidr": "10.0.0.0/8"}]),
        f"{DNS}.cidr",
        "must hold at most 256 addresses of DNS servers",
    ),
    "no port for DNS": (policy(dns=[{"cidr": "10.0.0.1", "port": 0}]), f"{DNS}.port", "must be at least 1"),
}


@pytest.mark.parametrize("case", POLICY.values(), ids=POLICY)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)

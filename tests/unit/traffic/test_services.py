"""Endpoints of a Service, as kube-proxy chooses them."""

from typing import Any

import pytest

from tests.support.kubernetes_services import endpoint_slice, service
from traffic.services import Endpoint, NoEndpoint, ServiceName, endpoints, parse_name, service_at

NAMED = service("api", ports=[{"name": "http", "port": 80, "targetPort": "web"}, {"name": "dns", "port": 53}])
TWO_PORTS = [{"name": "http", "port": 8080}, {"name": "dns", "port": 5353}]
ONE = [{"port": 8080}]


def of_pods(**conditions: bool | None) -> dict[str, Any]:
    pod = {"kind": "Pod", "name": "api-1"}
    endpoint = {"addresses": ["10.244.2.8"], "conditions": conditions, "targetRef": pod, "nodeName": "one"}
    return {"addressType": "IPv4", "endpoints": [endpoint], "ports": [{"name": "", **ONE[0]}]}


def test_a_port_leads_to_the_number_that_the_pods_have_under_its_name() -> None:
    slices = [
        endpoint_slice("10.244.2.8", ports=TWO_PORTS),
        endpoint_slice("10.244.2.9", ports=[{**TWO_PORTS[0], "port": 80}]),
    ]
    assert endpoints(NAMED, slices, 80) == [Endpoint("10.244.2.8", 8080), Endpoint("10.244.2.9", 80)]


def test_a_pods_endpoint_names_the_pod() -> None:
    assert endpoints(service("api"), [of_pods(ready=True)], 80) == [Endpoint("10.244.2.8", 8080, ("shop", "api-1"))]


def test_a_service_without_a_selector_leads_to_its_addresses() -> None:
    plain = service("db", selector=None, ports=[{"port": 5432}])
    assert endpoints(plain, [endpoint_slice("192.168.50.7", ports=[{"port": 5433}])], 5432) == [
        Endpoint("192.168.50.7", 5433)
    ]


def test_a_headless_service_leads_to_the_port_that_is_dialled() -> None:
    headless = service("db", clusterIP="None", ports=[{"port": 80}])
    pods = {**of_pods(ready=True), "ports": []}
    pods["endpoints"] = [
        {**pods["endpoints"][0], "hostname": f"db-{number}", "addresses": [f"10.0.0.{number}"]} for number in (0, 1)
    ]
    assert [each.address for each in endpoints(headless, [pods], 9000)] == ["10.0.0.0", "10.0.0.1"]
    assert endpoints(headless, [pods], 9000, hostname="db-1") == [Endpoint("10.0.0.1", 9000, ("shop", "api-1"))]


def test_endpoints_that_are_not_ready_serve_only_while_all_are_terminating() -> None:
    plain = service("api")
    assert endpoints(plain, [of_pods(ready=None)], 80)
    assert endpoints(plain, [of_pods(ready=False, serving=True, terminating=True)], 80)
    for conditions in ({"ready": False}, {"ready": False, "terminating": True, "serving": False}):
        with pytest.raises(NoEndpoint, match="Service api of shop has no ready pod labelled app=api with port 8080"):
            endpoints(plain, [of_pods(**conditions)], 80)
    leaving = of_pods(ready=False, serving=True, terminating=True)
    leaving["endpoints"][0]["addresses"] = ["10.244.2.9"]
    assert [one.address for one in endpoints(plain, [leaving, of_pods(ready=True)], 80)] == ["10.244.2.8"]


def test_only_slices_of_the_services_families_count() -> None:
    ipv4 = service("api", ipFamilies=["IPv4"])
    slices = [
        endpoint_slice("fd00::8", ports=ONE, family="IPv6"),
        endpoint_slice("a.example", ports=ONE, family="FQDN"),
    ]
    with pytest.raises(NoEndpoint):
        endpoints(ipv4, slices, 80)
    both = service("api", ipFamilies=["IPv4", "IPv6"])
    assert endpoints(both, slices, 80) == [Endpoint("fd00::8", 8080)]


def test_local_traffic_stays_on_the_node() -> None:
    local = service("api", internalTrafficPolicy="Local")
    assert endpoints(local, [of_pods(ready=True)], 80, node="one")
    with pytest.raises(NoEndpoint, match="on node two, and internalTrafficPolicy Local admits no other"):
        endpoints(local, [of_pods(ready=True)], 80, node="two")


@pytest.mark.parametrize(
    ("given", "port", "reason"),
    [
        (service("api"), 81, "Service api of shop has no port 81"),
        (NAMED, 53, "has no ready pod labelled app=api with port 53"),  # which of the slices' ports is another
        (service("api", type="ExternalName", externalName="example.net"), 80, "is an alias of example.net"),
        (service("api", selector=None), 80, "has no ready endpoint"),
    ],
)
def test_a_service_without_an_endpoint_raises_the_reason(given: dict[str, Any], port: int, reason: str) -> None:
    with pytest.raises(NoEndpoint, match=reason):
        endpoints(given, [{**of_pods(ready=False)}], port)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("blog", ServiceName("web", "blog")),
        ("blog.shop", ServiceName("shop", "blog")),
        ("blog.shop.svc", ServiceName("shop", "blog")),
        ("blog.shop.svc.cluster.local.", ServiceName("shop", "blog")),
        ("db-0.db.shop.svc.k8s.example", ServiceName("shop", "db", "db-0")),
    ],
)
def test_names_of_the_clusters_dns(host: str, expected: ServiceName) -> None:
    assert parse_name(host, "web") == expected


@pytest.mark.parametrize("host", ["", ".", "www.example.com", "a.b.db.shop.svc", "blog.shop.pod.cluster.local"])
def test_other_names_have_no_endpoint(host: str) -> None:
    with pytest.raises(NoEndpoint, match="is not a Service of this cluster"):
        parse_name(host, "web")


@pytest.mark.parametrize(
    ("address", "port", "found"),
    [
        ("10.96.7.7", 80, "api"),
        ("10.96.7.7", 81, "api"),  # the Service has the address, and refuses other ports
        ("fd00:0::7", 80, "api"),
        ("192.0.2.10", 80, "api"),
        ("192.0.2.10", 81, None),  # other ports of an external address are not translated
        ("192.0.2.11", 80, "api"),
        ("192.0.2.12", 80, None),  # the load balancer gets the connection itself
        ("10.96.7.8", 80, None),
    ],
)
def test_an_address_is_a_services_where_nodes_translate_it(address: str, port: int, found: str | None) -> None:
    balancer = [{"ip": "192.0.2.11"}, {"ip": "192.0.2.12", "ipMode": "Proxy"}, {"hostname": "lb.example.net"}]
    api = service("api", clusterIPs=["10.96.7.7", "fd00::7"], externalIPs=["192.0.2.10"])
    api["status"] = {"loadBalancer": {"ingress": balancer}}
    others = [service("db", clusterIP="None"), service("alias", type="ExternalName", clusterIP=None)]
    result = service_at([*others, api], address, port)
    assert (result and result["metadata"]["name"]) == found

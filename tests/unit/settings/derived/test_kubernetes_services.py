"""Destinations that follow from a Service and its EndpointSlices."""

import json
from typing import Any

import pytest

from settings import AddressDestination, EntityDestination, KubernetesService, PodDestination
from settings.derived.kubernetes_services import UnusableService
from tests.support import kubernetes_services as kinds
from tests.support.kubernetes_services import endpoint_slice, service
from tests.support.snapshot import assert_message_matches

API = {"app": "api"}


def refused(found: KubernetesService, port: int, **explicit: Any) -> tuple[str, str]:
    with pytest.raises(UnusableService) as caught:
        found.destinations(port, **explicit)
    assert str(caught.value) == caught.value.problem
    assert_message_matches(caught.value.problem, caught.value.accepted)
    return caught.value.problem, caught.value.accepted


def test_a_plain_service_leads_to_the_target_port_of_its_pods() -> None:
    assert kinds.PLAIN.destinations(80) == (PodDestination("shop", API, 8080),)


def test_without_a_target_port_the_pods_listen_on_the_services_port() -> None:
    found = KubernetesService.of(service("api", ports=[{"port": 5432}]))
    assert found.destinations(5432) == (PodDestination("shop", API, 5432),)


def test_a_manifest_may_omit_what_the_api_server_adds() -> None:
    spec = {"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}], "selector": API}
    found = KubernetesService.of({"metadata": {"name": "api"}, "spec": spec})
    assert found == KubernetesService("", "api", {"selector": API, "ports": [{"port": 80}]})
    assert KubernetesService.of({"metadata": {"name": "api"}}) == KubernetesService("", "api", {"ports": []})
    assert found.key == "/api"


def test_a_target_port_by_name_stays_a_name() -> None:
    assert kinds.NAMED_PORT.destinations(80) == (PodDestination("shop", API, "http"),)


def test_each_port_has_its_own_target() -> None:
    ports = [{"name": "web", "port": 80, "targetPort": 8080}, {"name": "admin", "port": 81, "targetPort": 9090}]
    found = KubernetesService.of(service("api", ports=ports))
    assert found.destinations(81) == (PodDestination("shop", API, 9090),)


def test_a_port_that_the_service_does_not_have_is_refused_with_those_that_it_has() -> None:
    ports = [{"port": 8080}, {"port": 9090}, {"port": 53, "protocol": "UDP"}]
    found = KubernetesService.of(service("api", ports=ports))
    assert refused(found, 80) == ("has no TCP port 80", "its ports 8080 or 9090")
    assert refused(found, 53) == ("has no TCP port 53", "its ports 8080 or 9090")
    assert refused(kinds.PLAIN, 8080, target_port=8080)[1] == "its port 80"
    only_udp = KubernetesService.of(service("api", ports=[{"port": 53, "protocol": "UDP"}]))
    assert refused(only_udp, 53)[1] == "another Service"


def test_a_headless_service_leads_to_the_port_of_the_url() -> None:
    assert kinds.HEADLESS.destinations(8080) == (PodDestination("shop", API, 8080),)
    without_ports = KubernetesService.of(
        {**service("api", clusterIP="None"), "spec": {"clusterIP": "None", "selector": API}}
    )
    assert without_ports.destinations(7000) == (PodDestination("shop", API, 7000),)


def test_the_port_of_a_headless_service_must_be_the_pods_own() -> None:
    problem, accepted = refused(kinds.HEADLESS, 80)
    assert problem.startswith("is headless: its name resolves to the addresses of its pods")
    assert accepted == "the pods' own port 8080"
    named = service("api", clusterIP="None", ports=[{"port": 80, "targetPort": "http"}])
    slices = [endpoint_slice("10.244.2.8", ports=[{"port": 8080}])]
    assert refused(KubernetesService.of(named, slices), 80)[1] == "the pods' own port 8080"
    several = [endpoint_slice("10.244.2.8", ports=[{"port": 9090}]), *slices]
    assert refused(KubernetesService.of(named, several), 80)[1] == "the pods' own ports 8080 or 9090"
    without_target = service("api", clusterIP="None", ports=[{"port": 5432}])
    assert refused(KubernetesService.of(without_target), 80)[1] == "the pods' own port 5432"
    # Without pods, the number behind the name is not known.
    assert KubernetesService.of(named).destinations(8080) == (PodDestination("shop", API, 8080),)


def test_a_headless_service_accepts_any_port_with_a_target_port_of_the_route() -> None:
    assert kinds.HEADLESS.destinations(7000, target_port=7000) == (PodDestination("shop", API, 7000),)


def test_a_service_without_a_selector_leads_to_the_addresses_of_its_endpoint_slices() -> None:
    assert kinds.WITHOUT_SELECTOR.destinations(80) == (
        AddressDestination("192.168.50.7/32", 9376),
        AddressDestination("fd12:3456::7/128", 9376),
    )


def test_addresses_are_those_of_the_slices_port_of_the_same_name() -> None:
    ports = [{"name": "web", "port": 80}, {"name": "admin", "port": 81}]
    slices = [endpoint_slice("192.0.2.1", ports=[{"name": "web", "port": 8080}, {"name": "admin", "port": 9090}])]
    found = KubernetesService.of(service("api", selector=None, ports=ports), slices)
    assert found.destinations(81) == (AddressDestination("192.0.2.1/32", 9090),)


def test_a_slice_has_each_address_once_and_may_have_none() -> None:
    ports, twice = [{"port": 9376}], endpoint_slice("192.0.2.2", "192.0.2.1", "192.0.2.2", ports=[{"port": 9376}])
    empty = {"addressType": "IPv4", "endpoints": [{"conditions": {}}, {"addresses": None}], "ports": ports}
    slices = [twice, empty, {"addressType": "IPv4", "endpoints": None, "ports": None}]
    found = KubernetesService.of(service("api", selector=None), slices)
    listed = {"addresses": ["192.0.2.1", "192.0.2.2"], "ports": ports}
    assert sorted(found.slices, key=repr) == sorted(
        [listed, {"addresses": [], "ports": ports}, {"addresses": [], "ports": []}], key=repr
    )
    assert KubernetesService.of(service("api", selector=None), reversed(slices)) == found
    addresses = ("192.0.2.1/32", "192.0.2.2/32")
    assert found.destinations(80) == tuple(AddressDestination(each, 9376) for each in addresses)


def test_a_headless_service_without_a_selector_leads_to_addresses_on_the_port_of_the_url() -> None:
    slices = [endpoint_slice("192.0.2.1", ports=[{"port": 5432}])]
    found = KubernetesService.of(service("db", selector=None, clusterIP="None", ports=[{"port": 5432}]), slices)
    assert found.destinations(5432) == (AddressDestination("192.0.2.1/32", 5432),)


def test_a_service_without_selector_and_addresses_leads_nowhere() -> None:
    assert KubernetesService.of(service("api", selector=None)).destinations(80) == ()
    names = {"addressType": "FQDN", "endpoints": [{"addresses": ["db.example.net"]}], "ports": [{"port": 80}]}
    assert KubernetesService.of(service("api", selector=None), [names]).destinations(80) == ()


def test_the_api_server_is_an_entity_of_cilium_and_an_address_elsewhere() -> None:
    assert kinds.API_SERVER.destinations(443) == (AddressDestination("10.0.0.10/32", 6443),)
    assert kinds.API_SERVER.destinations(443, "calico") == (AddressDestination("10.0.0.10/32", 6443),)
    assert kinds.API_SERVER.destinations(443, "cilium") == (EntityDestination("kube-apiserver", 6443),)
    assert kinds.WITHOUT_SELECTOR.destinations(80, "cilium")[0] == AddressDestination("192.168.50.7/32", 9376)


def test_an_external_name_is_refused_with_the_name_to_declare() -> None:
    problem, accepted = refused(kinds.EXTERNAL_NAME, 443)
    assert problem == "is an alias (type ExternalName) of db.example.net, which no network policy can follow"
    assert accepted == "a route to db.example.net:443 itself, or to its IP address"
    problem, accepted = refused(KubernetesService("shop", "api", {"type": "ExternalName"}), 443)
    assert (problem.partition(",")[0], accepted.partition(" itself")[0]) == (
        "is an alias (type ExternalName) of ",
        "a route to :443",
    )


@pytest.mark.parametrize("found", [kinds.PLAIN, kinds.NAMED_PORT, kinds.HEADLESS], ids=lambda found: str(found.spec))
def test_a_routes_own_values_precede_the_services(found: KubernetesService) -> None:
    port = 8080 if found.headless else 80
    (pods,) = found.destinations(port)
    assert isinstance(pods, PodDestination)
    assert found.destinations(port, target_port=9000) == (PodDestination("shop", API, 9000),)
    assert found.destinations(port, pod_selector={"tier": "web"}) == (
        PodDestination("shop", {"tier": "web"}, pods.port),
    )
    assert found.destinations(port, pod_selector={}) == (PodDestination("shop", {}, pods.port),)


def test_a_routes_own_target_port_applies_to_addresses_too() -> None:
    found = kinds.WITHOUT_SELECTOR.destinations(80, target_port=9000)
    assert found[0] == AddressDestination("192.168.50.7/32", 9000)


@pytest.mark.parametrize(
    "found",
    [kinds.PLAIN, kinds.NAMED_PORT, kinds.HEADLESS, kinds.WITHOUT_SELECTOR, kinds.API_SERVER, kinds.EXTERNAL_NAME],
    ids=["plain", "named port", "headless", "without selector", "api server", "external name"],
)
def test_a_stacks_output_keeps_all_that_a_policy_depends_on(found: KubernetesService) -> None:
    # The engine returns every number as a float.
    stored = json.loads(json.dumps(found.to_output()), parse_int=float)
    # Whole numbers again: 8080.0 is equal to 8080, but no port.
    assert repr(KubernetesService.from_output(found.namespace, found.name, stored)) == repr(found)


@pytest.mark.parametrize("value", [None, "text", {}, {"spec": None}, {"spec": {"ports": 1}}, {"spec": {"ports": [1]}}])
def test_another_value_of_the_output_is_no_service(value: Any) -> None:
    assert KubernetesService.from_output("shop", "api", value) is None


def test_only_what_a_policy_depends_on_is_kept() -> None:
    assert kinds.PLAIN.to_output() == {
        "spec": {"type": "ClusterIP", "selector": API, "ports": [{"port": 80, "targetPort": 8080}]}
    }


def test_slices_are_needed_without_a_selector_and_for_headless_services() -> None:
    needed = [each.needs_slices for each in (kinds.PLAIN, kinds.HEADLESS, kinds.WITHOUT_SELECTOR, kinds.EXTERNAL_NAME)]
    assert needed == [False, True, True, False]

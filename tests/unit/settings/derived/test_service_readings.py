"""Services that routes name: which are read, and the settings, errors and warnings once they are."""

from typing import Any

import pytest

from settings import AddressDestination, EntityDestination, KubernetesService, PodDestination, Settings
from settings.derived.service_readings import remembered_services
from tests.support import kubernetes_services as kinds
from tests.support.kubernetes_services import service
from tests.support.settings_examples import rejection, values
from tests.support.snapshot import assert_message_matches

ABSENT, UNREADABLE = "does not exist", "cannot be read (HTTP 403, services is forbidden)"
GUIDE = {"networkPolicy": {"preset": "guide"}}
CILIUM = {"networkPolicy": {"engine": "cilium"}}


def parse(*services: Any, **changes: Any) -> Settings:
    """Settings with a route to each service: a URL, or a backend."""
    routes = [
        {"hostname": f"r{number}.example.com", "service" if isinstance(each, str) else "backend": each}
        for number, each in enumerate(services)
    ]
    return Settings.parse(values(*routes, **changes))


def resolve(
    settings: Settings, found: Any = ABSENT, earlier: KubernetesService | None = None
) -> tuple[Settings, tuple[str, ...]]:
    readings, remembered = {}, {}
    for key in settings.services_to_read("web"):
        readings[key] = found
        remembered |= {key: earlier} if earlier else {}
    resolved, warnings = settings.with_services("web", readings, remembered)
    if warnings:
        assert_message_matches(*warnings)
    return resolved, warnings


def refused(settings: Settings, found: Any = ABSENT) -> str:
    return str(rejection(resolve, settings, found))


def service_sent(settings: Settings) -> str:
    return settings.ingress_rules("web")[0]["service"]


@pytest.mark.parametrize(
    "host",
    [
        "api.shop",
        "api.shop.",
        "api.shop.svc",
        "api.shop.svc.",
        "api.shop.svc.cluster.local",
        "API.shop.svc.cluster.local.",
    ],
)
@pytest.mark.parametrize("policy", [{}, GUIDE, CILIUM], ids=["strict", "guide", "cilium"])
def test_every_name_of_a_service_is_the_service(host: str, policy: dict[str, Any]) -> None:
    settings = parse(f"http://{host}", **policy)
    assert settings.services_to_read("web") == {"shop/api": ("shop", "api")}
    settings, warnings = resolve(settings, kinds.PLAIN)
    assert settings.destinations("web") == (PodDestination("shop", {"app": "api"}, 8080),)
    assert service_sent(settings) == "http://api.shop.svc.cluster.local:80"
    assert warnings == ()


@pytest.mark.parametrize("host", ["api.shop.svc.k8s.example", "api.shop.svc.k8s.example.", "api.shop", "api.shop.svc"])
def test_another_cluster_domain_makes_the_name_a_service(host: str) -> None:
    settings, _ = resolve(parse(f"http://{host}", clusterDomain="K8s.example."), kinds.PLAIN)
    assert settings.destinations("web") == (PodDestination("shop", {"app": "api"}, 8080),)
    assert service_sent(settings) == "http://api.shop.svc.k8s.example:80"


def test_backends_are_sent_by_the_cluster_domain_too() -> None:
    settings = parse({"service": "api", "port": 80}, "http://blog", clusterDomain="k8s.example")
    services = [rule["service"] for rule in settings.ingress_rules("web")]
    assert services[:2] == ["http://api.web.svc.k8s.example:80", "http://blog.web.svc.k8s.example:80"]


def test_a_name_in_another_clusters_domain_is_outside() -> None:
    rejection(parse, "http://api.shop.svc.k8s.example")
    assert parse("http://api.shop.svc.k8s.example", **GUIDE).services_to_read("web") == {}


@pytest.mark.parametrize("domain", ["", "k8s_example", "-x", "a..b"])
def test_an_invalid_cluster_domain_is_rejected(domain: str) -> None:
    rejection(parse, "http://api", clusterDomain=domain)


@pytest.mark.parametrize("policy", [{}, GUIDE, CILIUM], ids=["strict", "guide", "cilium"])
@pytest.mark.parametrize("reason", [ABSENT, UNREADABLE])
def test_two_labels_of_an_unknown_service_are_refused_with_both_ways_to_write_them(
    policy: dict[str, Any], reason: str
) -> None:
    message = refused(parse("https://api.shop", **policy), reason)
    assert f'culvert:routes[0].service: "https://api.shop" may be Service shop/api, which {reason}, or a DNS' in message
    assert "https://api.shop.svc:443 for the Service, https://api.shop.:443, with a final dot, for the DNS" in message


@pytest.mark.parametrize("policy", [GUIDE, CILIUM], ids=["guide", "cilium"])
def test_the_final_dot_makes_two_labels_a_name_outside_unless_the_service_exists(policy: dict[str, Any]) -> None:
    settings, warnings = resolve(parse("https://api.shop.:443", **policy))
    assert service_sent(settings) == "https://api.shop.:443"
    assert warnings == ()


def test_a_name_outside_is_refused_under_strict_once_no_service_has_it() -> None:
    assert "has a DNS name outside the cluster, which a strict network policy cannot allow" in refused(
        parse("https://api.shop.")
    )


def test_what_cannot_be_a_service_is_a_name_outside() -> None:
    assert parse("https://1password.com", **GUIDE).services_to_read("web") == {}


def test_a_remembered_service_decides_about_two_labels() -> None:
    for host in ("api.shop", "api.shop."):
        settings, _ = resolve(parse(f"http://{host}"), UNREADABLE, kinds.PLAIN)
        assert settings.destinations("web") == (PodDestination("shop", {"app": "api"}, 8080),)


def test_each_service_is_read_once_and_declared_ones_never() -> None:
    declared = {"service": "db", "port": 80, "targetPort": 8080, "podSelector": {"app": "db"}}
    settings = parse(
        "http://blog",
        "https://blog:8443",
        {"service": "blog", "namespace": "web", "port": 80},
        declared,
        "http://192.168.7.9",
        "https://origin.example.net",
        "http_status:404",
        "http://site",
        **GUIDE,
        sampleSite={"name": "site"},
    )
    assert list(settings.services_to_read("web")) == ["web/blog"]


def test_an_unknown_service_is_one_warning_that_names_what_is_assumed() -> None:
    settings, warnings = resolve(parse("http://api.shop.svc", "http://api.shop.svc:81"), ABSENT)
    assert settings.destinations("web") == (PodDestination("shop", {}, 80), PodDestination("shop", {}, 81))
    assert settings.services == {}
    assert warnings == (
        "Service shop/api does not exist. The network policy allows every pod of namespace shop on port 80; every pod "
        "of namespace shop on port 81, which is an assumption. Run pulumi up again once the Service can be read, or "
        "give the route a backend with targetPort and podSelector.",
    )


def test_services_that_are_unknown_for_the_same_reason_share_a_warning() -> None:
    (warning,) = resolve(parse("http://api", "http://blog"), UNREADABLE)[1]
    (absent,) = resolve(parse("http://api", "http://blog"), ABSENT)[1]
    assert absent.startswith("Services web/api, web/blog do not exist. The network policy allows every pod of")
    assert warning.startswith("Services web/api, web/blog cannot be read (HTTP 403")


def test_a_remembered_service_neither_narrows_nor_flips_the_policy() -> None:
    settings = parse("http://api.shop.svc")
    before, _ = resolve(settings, kinds.NAMED_PORT)
    for reason in (ABSENT, UNREADABLE):
        after, (warning,) = resolve(settings, reason, kinds.NAMED_PORT)
        assert after.destinations("web") == before.destinations("web")
        assert after.services == before.services
        assert "allows pods labelled app=api in namespace shop on port http, as an earlier run read it" in warning


def test_addresses_of_remembered_services_are_named_in_the_warning() -> None:
    after, _ = resolve(parse("http://api.shop.svc", "http://db.shop.svc"), UNREADABLE, kinds.WITHOUT_SELECTOR)
    assert {*after.services} == {"shop/api", "shop/db"}
    assert after.destinations("web")[0] == AddressDestination("192.168.50.7/32", 9376)
    after, _ = resolve(parse("https://kubernetes.default.svc", **CILIUM), UNREADABLE, kinds.API_SERVER)
    assert after.destinations("web") == (EntityDestination("kube-apiserver", 6443),)


def test_a_route_with_a_port_that_a_remembered_service_lacks_is_in_the_warning() -> None:
    after, _ = resolve(parse("http://api.shop.svc:81"), UNREADABLE, kinds.EXTERNAL_NAME)
    assert after.destinations("web") == (PodDestination("shop", {}, 81),)


def test_of_a_stacks_outputs_only_services_are_remembered() -> None:
    listed = {"shop/api": kinds.PLAIN.to_output(), "shop/other": "text", "default/kubernetes": {"spec": {}}}
    kept = {"shop/api": kinds.PLAIN, "default/kubernetes": KubernetesService("default", "kubernetes", {"ports": []})}
    assert remembered_services({"services": listed}) == kept
    assert remembered_services({}) == remembered_services({"services": ["shop/api"]}) == {}


def test_addresses_that_are_gone_for_a_moment_are_kept() -> None:
    settings = parse("http://api.shop.svc")
    empty = KubernetesService.of(service("api", selector=None, ports=[{"port": 80, "targetPort": 9376}]))
    after, (warning,) = resolve(settings, empty, kinds.WITHOUT_SELECTOR)
    assert after.destinations("web") == resolve(settings, kinds.WITHOUT_SELECTOR)[0].destinations("web")
    assert "kept are the addresses that an earlier run read" in warning
    after, (warning,) = resolve(settings, empty)
    assert after.destinations("web") == ()
    assert "has no selector, and no address for the moment: nothing is allowed for it" in warning
    assert resolve(settings, empty, empty)[1] == (warning,)
    headless = KubernetesService.of(service("api", clusterIP="None"))
    assert resolve(parse("http://api.shop.svc:8080"), headless)[1] == ()


def test_a_port_that_the_service_does_not_have_is_an_error() -> None:
    message = refused(parse("http://api.shop.svc:81", {"service": "api", "namespace": "shop", "port": 82}), kinds.PLAIN)
    assert (
        'culvert:routes[0].service: "http://api.shop.svc:81" names Service shop/api, which has no TCP port 81.'
        in message
    )
    assert "culvert:routes[1].backend: " in message
    assert "Accepted: its port 80." in message


def test_an_alias_of_a_name_outside_is_an_error() -> None:
    assert "which is an alias (type ExternalName) of db.example.net" in refused(
        parse("http://api"), kinds.EXTERNAL_NAME
    )


def test_a_port_that_only_the_remembered_service_lacks_is_no_error() -> None:
    settings, _ = resolve(parse("http://api.shop.svc:81"), ABSENT, kinds.PLAIN)
    assert settings.destinations("web") == (PodDestination("shop", {}, 81),)


def test_the_routes_own_values_precede_what_is_read() -> None:
    backend = {"service": "api", "namespace": "shop", "port": 80}
    settings, _ = resolve(parse({**backend, "targetPort": 9000}), kinds.PLAIN)
    assert settings.destinations("web") == (PodDestination("shop", {"app": "api"}, 9000),)
    settings, _ = resolve(parse({**backend, "podSelector": {"tier": "web"}}), kinds.PLAIN)
    assert settings.destinations("web") == (PodDestination("shop", {"tier": "web"}, 8080),)
    # They decide, too, whether the Service can be used.
    settings, _ = resolve(parse({**backend, "targetPort": 9000}), kinds.HEADLESS)
    assert settings.destinations("web") == (PodDestination("shop", {"app": "api"}, 9000),)
    slices = [kinds.endpoint_slice("100.100.100.200", ports=[{"port": 80}])]
    metadata = KubernetesService.of(service("api", selector=None, ports=[{"port": 80}]), slices)
    settings, _ = resolve(parse({**backend, "podSelector": {"tier": "web"}}), metadata)
    assert settings.destinations("web") == (PodDestination("shop", {"tier": "web"}, 80),)


@pytest.mark.parametrize("address", ["100.100.100.200", "168.63.129.16"])
def test_a_service_that_leads_to_a_clouds_metadata_is_an_error(address: str) -> None:
    slices = [kinds.endpoint_slice(address, ports=[{"port": 80}])]
    found = KubernetesService.of(service("api", selector=None, ports=[{"port": 80}]), slices)
    message = refused(parse("http://api.shop.svc"), found)
    assert "names Service shop/api, whose EndpointSlices lead to the " in message
    assert f"{address}/32. Accepted: another Service" in message
    backend = {"service": "api", "namespace": "shop", "port": 80, "targetPort": 9000}
    assert "routes[0].backend: " in refused(parse(backend), found)
    confirmed = {"allowCloudMetadata": True, "allow": [{"cidr": f"{address}/32", "ports": [80]}]}
    after, _ = resolve(parse("http://api.shop.svc", networkPolicy=confirmed), found)
    assert after.destinations("web") == (AddressDestination(f"{address}/32", 80),)


def test_a_route_that_declares_everything_is_not_judged_by_a_service_that_another_route_reads() -> None:
    declared = {"service": "api", "namespace": "shop", "port": 81, "targetPort": 9000, "podSelector": {"app": "api"}}
    settings, warnings = resolve(parse(declared, "http://api.shop.svc"), kinds.PLAIN)
    assert settings.destinations("web")[0] == PodDestination("shop", {"app": "api"}, 9000)
    assert warnings == ()
    (warning,) = resolve(parse(declared, "http://api.shop.svc"), ABSENT)[1]
    assert "9000" not in warning

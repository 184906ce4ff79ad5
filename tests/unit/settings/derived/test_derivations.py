"""What follows from the settings: rules and their order, hostnames, addresses, destinations."""

from typing import Any

import pytest

from settings import AddressDestination, NameDestination, PathOptions, PodDestination, Settings
from settings.derived import rule_index
from settings.derived.zones import zone_of
from tests.support.settings_examples import ZONE, a_backend, a_route, values


def paths(*given: Any) -> list[str | None]:
    settings = Settings.parse(values(*(a_route(path=path) for path in given)))
    *rules, last = settings.ingress_rules("web")
    assert last == {"service": "http_status:404"}
    return [rule.get("path") for rule in rules]


def test_unrouted_requests_get_404() -> None:
    assert Settings.parse(values()).ingress_rules("web") == [
        {"hostname": "blog.example.com", "service": "http://blog.web.svc.cluster.local:80"},
        {"service": "http_status:404"},
    ]


def test_exact_hostnames_come_before_wildcards_and_deeper_wildcards_before_wider() -> None:
    hostnames = [
        "*.example.com",
        "*.a.example.com",
        "b.a.example.com",
        "*.c.a.example.com",
        "example.com",
        "z.example.com",
    ]
    routes = [a_route(hostname=hostname, advancedCertificate=True) for hostname in hostnames]
    rules = Settings.parse(values(*routes)).ingress_rules("web")
    assert [rule.get("hostname") for rule in rules] == [
        "b.a.example.com",
        "example.com",
        "z.example.com",
        "*.c.a.example.com",
        "*.a.example.com",
        "*.example.com",
        None,
    ]


def test_the_paths_of_a_hostname_stay_together() -> None:
    routes = [a_route(path="/a"), a_route(hostname="z.example.com"), a_route()]
    rules = Settings.parse(values(*routes)).ingress_rules("web")
    assert [rule.get("hostname") for rule in rules[:-1]] == ["blog.example.com", "blog.example.com", "z.example.com"]


def test_longer_paths_come_first_and_every_path_last() -> None:
    assert paths(None, "/v1", "/v1/users", {"exact": "/v1"}) == ["^/v1/users(/|$)", "^/v1$", "^/v1(/|$)", None]
    assert paths({"regex": "^/v1[0-9]"}, {"exact": "/v1"}) == ["^/v1$", "^/v1[0-9]"]


def test_an_expressions_length_is_that_of_the_common_prefix_of_its_matches() -> None:
    given = [
        {"regex": r"[.]php$"},
        "/v1",
        {"regex": "^/v1/users/[0-9]+$"},
        {"regex": "^/v1(/a|/b)$"},
        {"regex": "^/a|/b"},
    ]
    assert paths(*given) == ["^/v1/users/[0-9]+$", "^/v1(/a|/b)$", "^/v1(/|$)", "[.]php$", "^/a|/b"]


def test_the_order_declared_decides_between_equals() -> None:
    assert paths({"regex": "b$"}, {"regex": "a$"}, "/x", "/a") == ["^/x(/|$)", "^/a(/|$)", "b$", "a$"]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/v1", "^/v1(/|$)"),
        ("/v1/", "^/v1(/|$)"),
        ({"prefix": "/a.b"}, r"^/a\.b(/|$)"),
        ({"exact": "/v1"}, "^/v1$"),
        ({"exact": "/v1/"}, "^/v1/$"),
        ({"exact": "/"}, "^/$"),
        ({"exact": "/a+(b)[c]}$a-é"}, r"^/a\+\(b\)\[c\]\}\$a-é$"),
        ({"regex": "/v[12]"}, "/v[12]"),
        ("/", None),
    ],
)
def test_paths_become_anchored_expressions(path: Any, pattern: str | None) -> None:
    assert paths(path) == [pattern]


def test_hostnames_come_once_each_in_the_order_declared_with_their_zones() -> None:
    routes = [
        a_route(hostname="*.example.org"),
        a_route(hostname="Blog.example.com"),
        a_route(hostname="blog.example.com", path="/v1"),
        a_route(hostname="example.org"),
    ]
    settings = Settings.parse(values(*routes, zones={"example.com": ZONE, "example.org": None}))
    assert list(settings.hostnames().items()) == [
        ("*.example.org", "example.org"),
        ("blog.example.com", "example.com"),
        ("example.org", "example.org"),
    ]


@pytest.mark.parametrize(
    ("hostname", "zone"),
    [
        ("blog.example.com", "example.com"),
        ("blog.dev.example.com", "dev.example.com"),
        ("dev.example.com", "dev.example.com"),
        ("*.dev.example.com", "dev.example.com"),
        ("blogdev.example.com", "example.com"),
        ("notexample.com", None),
        ("com", None),
    ],
)
def test_the_zone_with_the_longest_suffix_of_whole_labels_wins(hostname: str, zone: str | None) -> None:
    for zones in (["example.com", "dev.example.com"], ["dev.example.com", "example.com"]):
        assert zone_of(hostname, zones) == zone


def test_addresses_carry_prefix_and_exact_path_but_no_expression() -> None:
    routes = [
        a_route(path="/v1/"),
        a_route(path={"exact": "/healthz"}),
        a_route(path={"regex": "^/x"}),
        a_route(),
    ]
    assert Settings.parse(values(*routes)).urls() == [
        "https://blog.example.com/v1",
        "https://blog.example.com/healthz",
        "https://blog.example.com",
    ]


def test_addresses_are_those_that_a_browser_can_open() -> None:
    routes = [
        a_route(hostname="*.example.com"),
        a_route(hostname="gone.example.com", service="http_status:410"),
        a_route(hostname="ssh.example.com", service="ssh://host"),
        a_route(hostname="db.example.com", service="tcp://host:5432"),
        a_route(hostname="other.example.com", dns="none"),
        a_route(hostname="hello.example.com", service="hello_world"),
        a_route(hostname="socket.example.com", service="unix:/run/app.sock"),
    ]
    assert Settings.parse(values(*routes)).urls() == ["https://hello.example.com", "https://socket.example.com"]


def test_a_name_with_a_fixed_address_is_allowed_by_it() -> None:
    aliases = {"hostAliases": [{"ip": "192.168.1.20", "hostnames": ["nas.example.net", "nas"]}]}
    routes = [a_route(service="https://nas.example.net:5001"), a_route(service="http://blog", path="/blog")]
    for engine in ("kubernetes", "cilium"):
        settings = Settings.parse({**values(*routes), "connector": aliases, "networkPolicy": {"engine": engine}})
        assert settings.destinations("web") == (
            AddressDestination("192.168.1.20/32", 5001),
            PodDestination("web", {}, 80),
        )


def test_name_servers_of_the_pods_are_allowed() -> None:
    servers = {"dnsConfig": {"nameservers": ["192.168.1.1", "fd00::1"]}}
    settings = Settings.parse({**values(a_route(service="http_status:404")), "connector": servers})
    assert settings.destinations("web") == tuple(
        AddressDestination(address, 53, protocol)
        for address in ("192.168.1.1/32", "fd00::1/128")
        for protocol in ("UDP", "TCP")
    )


def test_destinations_are_the_pods_and_addresses_behind_the_routes_each_once() -> None:
    selector = {"app.kubernetes.io/name": "api"}
    routes = [
        a_backend(namespace="shop", targetPort=8080, podSelector=selector),
        {**a_backend(namespace="shop", targetPort=8080, podSelector=selector), "path": "/v1"},
        a_route(service="http://blog:8080"),
        a_route(service="http://blog.web.svc:8080", path="/same"),
        a_route(service="https://gateway.edge.svc.cluster.local", path="/far"),
        a_route(service="https://10.0.0.5", path="/v4"),
        a_route(service="tcp://[fd00::5]:5432", path="/v6"),
        a_route(service="http_status:410", path="/gone"),
        a_route(service="hello_world", path="/hello"),
        a_route(service="unix:/run/app.sock", path="/socket"),
    ]
    assert Settings.parse(values(*routes)).destinations("web") == (
        PodDestination("shop", selector, 8080),
        PodDestination("web", {}, 8080),
        PodDestination("edge", {}, 443),
        AddressDestination("10.0.0.5/32", 443),
        AddressDestination("fd00::5/128", 5432),
    )


def test_a_backend_without_a_target_port_listens_on_its_own() -> None:
    assert Settings.parse(values(a_backend())).destinations("web") == (PodDestination("web", {}, 80),)


def test_the_destination_of_the_sample_site_has_port_8080() -> None:
    routes = [
        a_route(),
        a_route(service="http://blog.other.svc", path="/other"),
    ]
    assert Settings.parse(values(*routes, sampleSite=True)).destinations("web") == (
        PodDestination("web", {}, 8080),
        PodDestination("other", {}, 80),
    )
    assert Settings.parse(values(a_route())).destinations("web") == (PodDestination("web", {}, 80),)


def test_allowed_peers_follow_the_routes_with_a_destination_for_each_port() -> None:
    allowed = [
        {"cidr": "10.20.0.0/16", "ports": [5432, 6432]},
        {"namespace": "shop", "pods": {"app": "db"}, "ports": [53], "protocol": "UDP"},
        {"namespace": "web", "ports": [80]},
    ]
    assert Settings.parse(values(networkPolicy={"allow": allowed})).destinations("web") == (
        PodDestination("web", {}, 80),
        AddressDestination("10.20.0.0/16", 5432),
        AddressDestination("10.20.0.0/16", 6432),
        PodDestination("shop", {"app": "db"}, 53, "UDP"),
    )


def test_a_dns_name_is_a_destination_only_if_the_engine_supports_names() -> None:
    routes = [a_route(service="https://Origin.example.org")]
    named = {"engine": "cilium", "allow": [{"name": "DB.example.net", "ports": [5432]}]}
    assert Settings.parse(values(*routes, networkPolicy=named)).destinations("web") == (
        NameDestination("origin.example.org", 443),
        NameDestination("db.example.net", 5432),
    )
    for engine in ("kubernetes", "calico", "calico-crd"):
        settings = Settings.parse(values(*routes, networkPolicy={"engine": engine, "preset": "guide"}))
        assert settings.destinations("web") == ()


def test_literal_paths_are_looked_up_and_not_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    takes = PathOptions.takes
    monkeypatch.setattr(PathOptions, "takes", lambda *given: compared.append(given[1]) or takes(*given))
    paths = [f"/{number}" for number in range(100)]
    Settings.parse(values(*(a_route(path=path) for path in paths)))
    assert compared == []
    Settings.parse(values(*(a_route(path=path) for path in [*paths, {"regex": "^/longer/than/any"}])))
    # Each path that matches the expression begins otherwise.
    assert compared == []
    # An expression that may match anywhere is compared with each path.
    Settings.parse(values(*(a_route(path=path) for path in [*paths, {"regex": "longer(/than/any)?"}])))
    assert len(compared) <= 100


def test_thousands_of_expressions_of_one_hostname_are_not_compared_with_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[str] = []
    takes = PathOptions.takes
    monkeypatch.setattr(PathOptions, "takes", lambda *given: compared.append(given[1]) or takes(*given))
    for form in ("^/begins{}$", "anywhere{}"):
        Settings.parse(values(*(a_route(path={"regex": form.format(number)}) for number in range(500))))
    # All that may match anywhere ask for the same path, /, with which each is compared once.
    assert len(compared) <= 500


@pytest.mark.parametrize(("comparisons", "rejected"), [(1, 0), (2, 1), (3, 2)])
def test_after_the_last_comparison_an_expression_is_not_known_to_match(
    monkeypatch: pytest.MonkeyPatch, comparisons: int, rejected: int
) -> None:
    monkeypatch.setattr(rule_index, "_MAX_COMPARISONS", comparisons)
    index = rule_index.RuleIndex()
    for number, route in enumerate(Settings.parse(values(*(a_route(path={"regex": each}) for each in "abc"))).routes):
        index.add(number, route)
    found = [index.first_match(text, False) for text in ("/b", "/a")]
    assert len([each for each in found if each is not None]) == rejected
    # What was found is known without another comparison.
    assert [index.first_match(text, False) for text in ("/b", "/a")] == found

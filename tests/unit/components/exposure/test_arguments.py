"""The arguments of each component: from settings alone, without a resource and without mocks."""

from typing import Any

import pytest

from components.exposure import arguments
from settings import Settings
from tests.support import kubernetes_services as kinds
from tests.support.sealed_secrets import certificate
from tests.support.setting_diff import BASE

ACCOUNT, ZONES = BASE["accountId"], BASE["zones"]


def settings(**more: Any) -> Settings:
    return Settings.parse({**BASE, **more})


@pytest.mark.parametrize("optional", ["waf_rules", "sample_site", "load_balancer", "monitoring", "notification"])
def test_an_optional_component_has_no_arguments_without_its_settings(optional: str) -> None:
    calls = {
        "waf_rules": lambda: arguments.waf_rules(settings(), []),
        "sample_site": lambda: arguments.sample_site(settings(), "blog"),
        "load_balancer": lambda: arguments.load_balancer(settings(), "id", depends_on=[]),
        "monitoring": lambda: arguments.monitoring(settings(), "blog"),
        "notification": lambda: arguments.notification(settings(), "id", depends_on=[]),
    }
    assert calls[optional]() is None


def test_access_and_private_networks_are_optional_too() -> None:
    assert arguments.access(settings()) is None
    assert arguments.private_networks(settings(), "id", depends_on=[], replace_with=[]) is None


def test_the_sample_site_gets_its_name_and_image() -> None:
    given = settings(sampleSite={"name": "hello", "image": "docker.io/library/nginx:1.29.0"})
    site = {"namespace": "blog", "service": "hello", "image": "docker.io/library/nginx:1.29.0"}
    assert arguments.sample_site(given, "blog") == site


def test_the_load_balancer_gets_its_zone_pools_and_health_checks() -> None:
    pools = [
        {"name": "here", "tunnels": ["own"]},
        {"name": "there", "tunnels": ["f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"]},
    ]
    health = {"path": "/healthz", "interval": 90}
    options = {"hostname": "blog.example.com", "pools": pools, "steering": "random", "health": health}
    first: Any = "first"
    assert arguments.load_balancer(settings(loadBalancer=options), "id", depends_on=[first]) == {
        "account_id": ACCOUNT,
        "zone": "example.com",
        "zones": ZONES,
        "hostname": "blog.example.com",
        "tunnel_id": "id",
        "pools": pools,
        "steering": "random",
        "health_path": "/healthz",
        "health_interval": 90,
        "depends_on": [first],
    }


ALERTS = {"severity": "info", "downSeverity": "page", "errorPercent": 7, "runbookUrl": "https://a.net/b"}


@pytest.mark.parametrize(
    ("options", "alerts", "dashboard"),
    [
        (
            {"alerts": ALERTS, "dashboard": False},
            {"severity": "info", "down_severity": "page", "error_percent": 7, "runbook_url": "https://a.net/b"},
            None,
        ),
        ({"alerts": False, "dashboard": {"labels": {"team": "web"}}}, None, {"labels": {"team": "web"}}),
    ],
)
def test_monitoring_has_only_the_parts_of_the_settings(options: Any, alerts: Any, dashboard: Any) -> None:
    more = {"monitor": "service", "labels": {"release": "prometheus"}}
    scraped = {"metricsFrom": "monitoring"}
    found = settings(monitoring={**more, **options}, networkPolicy=scraped)
    assert arguments.monitoring(found, "web") == {
        "namespace": "web",
        "replicas": 2,
        "external_replicas": False,
        **more,
        "alerts": alerts,
        "dashboard": dashboard,
    }


def test_a_notification_gets_each_receiver_and_when() -> None:
    receivers = {"email": ["ops@example.com"], "webhook": ["0" * 32], "pagerduty": ["1" * 32], "when": ["down"]}
    first: Any = "first"
    expected = {"account_id": ACCOUNT, "tunnel_id": "id", **receivers, "depends_on": [first]}
    assert arguments.notification(settings(notify=receivers), "id", depends_on=[first]) == expected


@pytest.mark.parametrize(
    ("network", "name", "id"),
    [({}, None, None), ({"name": "home"}, "home", None), ({"id": "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"}, None, "f7")],
)
def test_private_networks_get_each_route_and_the_virtual_network(network: Any, name: Any, id: Any) -> None:
    wiki = {"hostname": "wiki.example.net", "network": "10.0.0.7/32", "comment": "wiki"}
    given = {"routes": [{"network": "10.43.0.0/16", "comment": "cluster"}, wiki]}
    given |= {"virtualNetwork": network} if network else {}
    first: Any = "first"
    tunnel: Any = "tunnel"
    args: Any = arguments.private_networks(
        settings(privateNetworks=given),
        "id",
        depends_on=[first],
        replace_with=[tunnel],
    )
    assert (args.pop("virtual_network_id") or "")[:2] == (id or "")
    assert args == {
        "account_id": ACCOUNT,
        "tunnel_id": "id",
        "routes": [
            {"network": "10.43.0.0/16", "comment": "cluster"},
            {"hostname": "wiki.example.net", "comment": "wiki"},
        ],
        "virtual_network_name": name,
        "depends_on": [first],
        "replace_with": [tunnel],
    }


def test_the_namespace_is_named_after_the_exposure_unless_it_has_a_name() -> None:
    assert arguments.namespace(settings(namespace=None), "shop") == {"name": "shop"}
    given = settings(namespace={"name": "web", "labels": {"team": "web"}})
    assert arguments.namespace(given, "shop") == {"name": "web", "create": True, "labels": {"team": "web"}}


def test_external_replicas_have_a_number_at_creation_alone() -> None:
    for replicas, external, number in ((3, False, 3), ("external", True, 2)):
        found = settings(connector={"replicas": replicas}, monitoring={"monitor": "none"})
        connector = arguments.connector(found, "blog", "token", depends_on=[], replace_with=[])
        monitoring = arguments.monitoring(found, "blog")
        assert monitoring
        for args in (connector, monitoring):
            assert (args.get("external_replicas"), args.get("replicas")) == (external, number)


def test_each_kind_of_destination_is_passed_to_the_network_policy() -> None:
    allow = [{"cidr": "192.0.2.0/24", "ports": [443], "protocol": "UDP"}]
    routes = {"routes": [{"network": "10.43.0.0/16"}]}
    args = arguments.network_policy(settings(networkPolicy={"allow": allow}, privateNetworks=routes), "shop", "blog")
    assert args["destinations"] == [
        {"namespace": "blog", "every_pod": True, "port": 80, "protocol": "TCP"},
        {"cidr": "192.0.2.0/24", "port": 443, "protocol": "UDP"},
        {"cidr": "10.43.0.0/16", "every_port": True},
    ]
    named = settings(
        networkPolicy={"engine": "cilium"}, routes=[{**BASE["routes"][0], "service": "https://db.example.net"}]
    )
    assert arguments.network_policy(named, "shop", "blog")["destinations"] == [
        {"name": "db.example.net", "port": 443, "protocol": "TCP"}
    ]


def test_ports_by_name_and_the_api_server_are_passed_to_the_network_policy() -> None:
    routes = [{**BASE["routes"][0], "service": service} for service in ("http://api.shop.svc",)]
    routes.append({"hostname": "kube.example.com", "service": "https://kubernetes.default.svc"})
    known = {"shop/api": kinds.NAMED_PORT, "default/kubernetes": kinds.API_SERVER}
    read, _ = settings(networkPolicy={"engine": "cilium"}, routes=routes).with_services("blog", known, {})
    assert arguments.network_policy(read, "shop", "blog")["destinations"] == [
        {"namespace": "shop", "pod_selector": {"app": "api"}, "port_name": "http", "protocol": "TCP"},
        {"entity": "kube-apiserver", "port": 6443, "protocol": "TCP"},
    ]


def test_records_prefer_looked_up_zone_ids() -> None:
    args = arguments.records(
        settings(zones={"example.com": None}),
        "target",
        zone_ids={"example.com": "f" * 32},
        adopt={},
        depends_on=[],
    )
    assert args.get("zones") == {"example.com": "f" * 32}
    assert args["hostnames"] == {"blog.example.com": "example.com"}


def test_a_connector_gets_the_token_delivery_of_the_settings() -> None:
    def delivery(**token: Any) -> object:
        args = arguments.connector(settings(token=token), "blog", "t", depends_on=[], replace_with=[])
        return args.get("token_delivery")

    assert delivery() == {}
    existing = {"secret": {"name": "tunnel-token", "key": "token"}}
    assert delivery(delivery="existing", **existing) == existing
    store = {"store": {"name": "vault", "kind": "ClusterSecretStore", "property": "token"}}
    assert delivery(delivery="external", **store) == store
    sealed = {"certificate": certificate()}
    assert delivery(delivery="sealed", **sealed) == sealed


def test_a_connectors_pods_get_what_the_settings_set_in_kubernetes_spelling() -> None:
    dns = {"nameservers": ["192.0.2.1"], "searches": ["example.net"], "options": [{"name": "ndots", "value": "2"}]}
    aliases = [{"ip": "192.0.2.2", "hostnames": ["nas.example.net"]}]
    scheduling = {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "edge", "operator": "Exists"}]}
    given = settings(connector={"dnsConfig": dns, "hostAliases": aliases, "scheduling": scheduling})
    args = arguments.connector(given, "blog", "t", depends_on=[], replace_with=[])
    assert (args.get("dns_config"), args.get("host_aliases"), args.get("scheduling")) == (dns, aliases, scheduling)


@pytest.mark.parametrize(("profile", "fixed"), [("restricted", True), ("openshift", False)])
def test_a_connectors_user_is_fixed_unless_the_cluster_chooses_it(profile: str, fixed: bool) -> None:
    given = settings(connector={"podSecurity": profile})
    assert arguments.connector(given, "blog", "t", depends_on=[], replace_with=[]).get("fixed_user") is fixed


def test_a_service_without_a_namespace_is_in_that_of_the_exposure() -> None:
    given = settings(namespace=None)
    policy: Any = arguments.network_policy(given, "shop", "shop")
    assert [each["namespace"] for each in policy["destinations"]] == ["shop"]
    rules: Any = arguments.tunnel(given, "shop", {}, adopt=None, depends_on=[], before_update=[])["ingress_rules"]
    assert rules[0]["service"] == "http://blog.shop.svc.cluster.local:80"


def test_dns_servers_become_resolvers_of_the_network_policy() -> None:
    dns = [{"namespace": "openshift-dns", "pods": {"dns": "default"}, "port": 5353}, {"cidr": "169.254.25.10"}]
    assert arguments.network_policy(settings(networkPolicy={"dns": dns}), "shop", "shop").get("resolvers") == [
        {"namespace": "openshift-dns", "pod_selector": {"dns": "default"}, "port": 5353},
        {"cidr": "169.254.25.10/32", "port": 53},
    ]
    assert arguments.network_policy(settings(), "shop", "shop").get("resolvers") == []

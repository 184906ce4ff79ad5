"""The network policy object; `tests/integration/network_policy` tests which flows it allows."""

from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import combinations
from typing import Any

import pulumi
import pytest
from hypothesis import assume, given, strategies

from components import NetworkPolicy
from components.argument_check import ArgumentError
from components.network_policy.engines import engine_of
from components.network_policy.flows import (
    GLOBAL_IPV6,
    PRIVATE_IPV4,
    SPECIAL_IPV6,
    Addresses,
    DestinationArgs,
    Flow,
    Pods,
    Port,
    ResolverArgs,
    egress,
    ingress,
)
from components.network_policy.kubernetes import network_policy_spec
from components.network_policy.network_policy import NetworkPolicyArgs
from tests.support.mock_recorder import Deploy
from tests.support.snapshot import assert_message_matches

API: DestinationArgs = {"namespace": "shop", "pod_selector": {"app": "api", "tier": "web"}, "port": 8080}
BLOG: DestinationArgs = {"namespace": "blog", "every_pod": True, "port": 8081}
NAS: DestinationArgs = {"cidr": "192.168.7.9/32", "port": 443}
NETWORK: DestinationArgs = {"cidr": "10.43.0.0/16", "every_port": True}
HOST: DestinationArgs = {"cidr": "203.0.114.9/32", "port": 443}
NAME: DestinationArgs = {"name": "db.example.net", "port": 5432}
API_SERVER: DestinationArgs = {"entity": "kube-apiserver", "port": 6443}
EVERY: list[DestinationArgs] = [API, BLOG, NAS, HOST]
LABELS = {"app.kubernetes.io/name": "cloudflared"}
ARGS: NetworkPolicyArgs = {
    "namespace": "blog",
    "pod_labels": LABELS,
    "destinations": [API],
}
EDGE = [{"protocol": "UDP", "port": 7844}, {"protocol": "TCP", "port": 7844}]
DNS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def spec(preset: str, *destinations: DestinationArgs, metrics_from: str | None = None) -> dict[str, Any]:
    return network_policy_spec({"app": "c"}, egress(preset, "blog", destinations), ingress(metrics_from))


def backends(preset: str, *destinations: DestinationArgs) -> list[dict[str, Any]]:
    """The rules for the destinations."""
    without = spec(preset)["egress"]
    return [rule for rule in spec(preset, *destinations)["egress"] if rule not in without]


def test_a_network_policy_is_one_object_under_a_generated_name(deploy: Deploy) -> None:
    recorded = deploy(lambda: NetworkPolicy("culvert-dev", ARGS))
    assert recorded.names == {"NetworkPolicy culvert-dev-policy"}
    assert recorded.components == ["culvert:index:NetworkPolicy culvert-dev"]
    policy = recorded.one("NetworkPolicy")
    assert policy.parent == "culvert:index:NetworkPolicy"
    assert policy.inputs["metadata"]["namespace"] == "blog"
    assert "name" not in policy.inputs["metadata"]
    assert policy.inputs["spec"]["podSelector"] == {"matchLabels": LABELS}
    # Another one is created before the rules change, and the old one deleted at the end of the run.
    assert (policy.replace_on_changes, policy.delete_before_replace) == ({"spec"}, False)


def test_the_default_preset_is_strict(deploy: Deploy) -> None:
    recorded = deploy(lambda: NetworkPolicy("culvert-dev", ARGS))
    expected = network_policy_spec(LABELS, egress("strict", "blog", [API]), ())
    assert recorded.one("NetworkPolicy").inputs["spec"] == expected


def test_outputs_are_resolved_in_the_policy(deploy: Deploy) -> None:
    recorded = deploy(
        lambda: NetworkPolicy(
            "culvert-dev",
            {
                **ARGS,
                "namespace": pulumi.Output.from_input("blog"),
                "preset": pulumi.Output.from_input("guide"),
                "metrics_from": pulumi.Output.from_input("monitoring"),
            },
        )
    )
    sent = recorded.one("NetworkPolicy").inputs["spec"]
    assert sent["egress"] == spec("guide", API)["egress"]
    assert sent["ingress"] == spec("guide", metrics_from="monitoring")["ingress"]


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("calico", "kubernetes:projectcalico.org/v3:NetworkPolicy culvert-dev-policy"),
        # Calico does not find a policy of the default tier without this prefix.
        ("calico-crd", "kubernetes:crd.projectcalico.org/v1:NetworkPolicy default.culvert-dev-policy"),
        ("cilium", "kubernetes:cilium.io/v2:CiliumNetworkPolicy culvert-dev-policy"),
    ],
)
def test_another_engine_is_one_object_of_its_kind_under_a_generated_name(
    deploy: Deploy, engine: str, expected: str
) -> None:
    recorded = deploy(lambda: NetworkPolicy("culvert-dev", {**ARGS, "engine": engine, "metrics_from": "monitoring"}))
    (policy,) = recorded.resources
    assert f"{policy.type} {policy.name}" == expected
    assert policy.parent == "culvert:index:NetworkPolicy"
    assert policy.inputs["metadata"]["namespace"] == "blog"
    assert policy.inputs["metadata"]["labels"]["app.kubernetes.io/part-of"] == "culvert"
    assert "name" not in policy.inputs["metadata"]
    assert policy.inputs["apiVersion"] == policy.type.split(":")[1]
    written = engine_of(engine).write(LABELS, egress("strict", "blog", [API]), ingress("monitoring"))
    assert policy.inputs["spec"] == written
    assert (policy.replace_on_changes, policy.delete_before_replace) == ({"spec"}, False)


def test_the_region_of_the_connector_decides_which_edge_is_allowed(deploy: Deploy) -> None:
    recorded = deploy(lambda: NetworkPolicy("culvert-dev", {**ARGS, "region": pulumi.Output.from_input("us")}))
    expected = network_policy_spec(LABELS, egress("strict", "blog", [API], "us"), ())
    assert recorded.one("NetworkPolicy").inputs["spec"] == expected


def test_an_unknown_engine_is_rejected() -> None:
    with pytest.raises(ArgumentError, match="antrea") as rejected:
        engine_of("antrea")
    assert_message_matches(str(rejected.value))


@pytest.mark.parametrize("engine", ["kubernetes", "calico", "calico-crd"])
def test_a_dns_name_is_rejected_if_the_engine_does_not_support_it(engine: str) -> None:
    with pytest.raises(ArgumentError, match=r"db\.example\.net") as rejected:
        engine_of(engine).write(LABELS, egress("strict", "blog", [NAME]), ())
    assert_message_matches(str(rejected.value))


def test_calico_rules_have_a_namespace_for_pods_and_a_protocol_for_ports() -> None:
    written = engine_of("calico").write(LABELS, egress("strict", "blog", [API, BLOG]), ingress("monitoring"))
    assert written["selector"] == "app.kubernetes.io/name == 'cloudflared'"
    assert written["types"] == ["Ingress", "Egress"]
    backends = [rule for rule in written["egress"] if rule["destination"]["ports"][0] in (8080, 8081)]
    assert backends == [
        {
            "action": "Allow",
            "protocol": "TCP",
            "destination": {
                "namespaceSelector": f"kubernetes.io/metadata.name == '{namespace}'",
                "selector": selector,
                "ports": [port],
            },
        }
        for namespace, selector, port in (("blog", "all()", 8081), ("shop", "app == 'api' && tier == 'web'", 8080))
    ]
    assert written["ingress"] == [
        {
            "action": "Allow",
            "protocol": "TCP",
            "source": {"namespaceSelector": "kubernetes.io/metadata.name == 'monitoring'", "selector": "all()"},
            "destination": {"ports": [2000]},
        }
    ]


def test_calico_rules_have_the_exceptions_of_a_range() -> None:
    written = engine_of("calico").write(LABELS, egress("guide", "blog", []), ())
    ranges = [rule["destination"] for rule in written["egress"] if "notNets" in rule["destination"]]
    assert ranges == [
        {"nets": ["0.0.0.0/0"], "notNets": list(PRIVATE_IPV4)},
        {"nets": [GLOBAL_IPV6], "notNets": list(SPECIAL_IPV6)},
    ]


def test_cilium_rules_have_one_kind_of_peer() -> None:
    destinations: list[DestinationArgs] = [{"cidr": "169.254.169.0/24", "every_port": True}, NAME, API_SERVER]
    written = engine_of("cilium").write(LABELS, egress("strict", "blog", destinations), ingress("monitoring"))
    *_, addresses, entity, name = written["egress"]
    assert addresses == {"toCIDRSet": [{"cidr": "169.254.169.0/24", "except": ["169.254.169.254/32"]}]}
    assert entity == {"toEntities": ["kube-apiserver"], "toPorts": [{"ports": [{"port": "6443", "protocol": "TCP"}]}]}
    assert name == {
        "toFQDNs": [{"matchName": "db.example.net"}],
        "toPorts": [{"ports": [{"port": "5432", "protocol": "TCP"}]}],
    }
    assert written["ingress"] == [
        {
            "fromEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "monitoring"}}],
            "toPorts": [{"ports": [{"port": "2000", "protocol": "TCP"}]}],
        }
    ]


def test_cilium_inspects_dns_answers_only_if_a_name_is_declared() -> None:
    def dns(*destinations: DestinationArgs) -> list[bool]:
        written = engine_of("cilium").write(LABELS, egress("strict", "blog", destinations), ())
        ports = [rule["toPorts"][0] for rule in written["egress"]]
        return [
            each.get("rules") == {"dns": [{"matchPattern": "*"}]} for each in ports if each["ports"][0]["port"] == "53"
        ]

    assert dns(API) == [False, False]
    assert dns(API, NAME) == [True, True]


def test_cilium_denies_metadata_services_if_a_name_is_declared() -> None:
    def closed(*destinations: DestinationArgs) -> list[str]:
        written = engine_of("cilium").write(LABELS, egress("strict", "blog", destinations), ())
        return [each["cidr"] for rule in written.get("egressDeny", []) for each in rule["toCIDRSet"]]

    services = {"169.254.169.254/32", "168.63.129.16/32", "fd00:ec2::254/128", "64:ff9b::a9fe:a9fe/128"}
    assert closed(API) == []
    assert services < set(closed(NAME))
    assert services - set(closed(NAME, {"cidr": "168.63.129.16/32", "port": 80})) == {"168.63.129.16/32"}
    # Cilium reads an IPv4-mapped range as IPv4.
    assert not any(cidr.startswith("::ffff") for cidr in closed(NAME))


def test_cilium_denies_the_api_server_if_the_internet_is_allowed() -> None:
    def closed(preset: str, *destinations: DestinationArgs) -> Any:
        return engine_of("cilium").write(LABELS, egress(preset, "blog", destinations), ()).get("egressDeny")

    assert closed("guide") == [{"toEntities": ["kube-apiserver"]}]
    # Strict allows no wide range that includes the API server, and a stack may declare the API server's address.
    assert closed("strict") is None
    assert closed("guide", API_SERVER) is None


def test_cilium_isolates_a_direction_without_rules() -> None:
    written = engine_of("cilium").write(LABELS, (), ())
    assert (written["egress"], written["ingress"]) == ([{}], [{}])


def test_configured_dns_servers_replace_the_default_ones() -> None:
    own: list[ResolverArgs] = [
        {"namespace": "openshift-dns", "every_pod": True, "port": 5353},
        {"cidr": "169.254.25.10/32"},
        {"namespace": "kube-system", "pod_selector": {"k8s-app": "nodelocaldns"}},
    ]
    (_, on_5353, on_53) = egress("strict", "blog", [], resolvers=own)
    assert on_5353 == Flow((Pods("openshift-dns"),), (Port(5353, "UDP"), Port(5353, "TCP")), dns=True)
    nodes = (Addresses("169.254.25.10/32"), Pods("kube-system", (("k8s-app", "nodelocaldns"),)))
    assert on_53 == Flow(nodes, (Port(53, "UDP"), Port(53, "TCP")), dns=True)


def test_strict_allows_the_edge_dns_and_each_backend() -> None:
    assert spec("strict", API)["egress"] == [
        {
            "to": [
                {"ipBlock": {"cidr": "198.41.192.0/24"}},
                {"ipBlock": {"cidr": "198.41.200.0/24"}},
                {"ipBlock": {"cidr": "2606:4700:a0::/48"}},
                {"ipBlock": {"cidr": "2606:4700:a8::/48"}},
            ],
            "ports": EDGE,
        },
        {
            "to": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                },
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                    "podSelector": {"matchLabels": {"k8s-app": "node-local-dns"}},
                },
                {"ipBlock": {"cidr": "169.254.20.10/32"}},
            ],
            "ports": DNS,
        },
        {
            "to": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
                    "podSelector": {"matchLabels": {"app": "api", "tier": "web"}},
                }
            ],
            "ports": [{"protocol": "TCP", "port": 8080}],
        },
    ]


def test_a_backend_without_labels_allows_every_pod_of_its_namespace_alone() -> None:
    (rule,) = backends("strict", BLOG)
    assert rule["to"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "blog"}}, "podSelector": {}}
    ]


def test_a_destination_may_use_udp() -> None:
    (rule,) = backends("strict", {"cidr": "192.168.7.9/32", "port": 51820, "protocol": "UDP"})
    assert rule["ports"] == [{"protocol": "UDP", "port": 51820}]


def test_a_range_excepts_the_metadata_services_within_it() -> None:
    (rule,) = backends("strict", {"cidr": "169.254.169.0/24", "port": 80})
    assert rule["to"] == [{"ipBlock": {"cidr": "169.254.169.0/24", "except": ["169.254.169.254/32"]}}]


def test_both_directions_are_isolated() -> None:
    for preset in ("strict", "guide"):
        assert spec(preset)["policyTypes"] == ["Ingress", "Egress"]
        assert "ingress" not in spec(preset)


def test_metrics_are_reachable_from_the_named_namespace() -> None:
    assert spec("strict", metrics_from="monitoring")["ingress"] == [
        {
            "from": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
                    "podSelector": {},
                }
            ],
            "ports": [{"protocol": "TCP", "port": 2000}],
        }
    ]


def test_guide_allows_the_namespace_the_internet_and_dns() -> None:
    home, internet, dns = egress("guide", "blog", [])
    assert home == Flow((Pods("blog"),))
    assert internet == Flow((Addresses("0.0.0.0/0", PRIVATE_IPV4), Addresses(GLOBAL_IPV6, SPECIAL_IPV6)))
    assert dns == egress("strict", "blog", [])[-1]


def test_guide_has_rules_only_for_destinations_outside_its_ranges() -> None:
    assert backends("guide", *EVERY) == backends("strict", API, NAS)


def test_the_rules_do_not_depend_on_the_order_or_repetition_of_routes() -> None:
    reordered: DestinationArgs = {"port": 8080, "pod_selector": {"tier": "web", "app": "api"}, "namespace": "shop"}
    for preset in ("strict", "guide"):
        assert spec(preset, HOST, NAS, BLOG, reordered, API, NAS) == spec(preset, *EVERY)


@pytest.mark.parametrize("preset", ["strict", "guide"])
def test_every_rule_has_a_peer(preset: str) -> None:
    policy = spec(preset, *EVERY, metrics_from="monitoring")
    rules = [rule.get("to") or rule.get("from") for rule in (*policy["egress"], *policy["ingress"])]
    assert len(rules) > 5 - (preset == "guide")
    assert all(rules)
    # An empty peer is invalid: a peer has an ipBlock or a namespaceSelector.
    assert all("ipBlock" in peer or peer["namespaceSelector"]["matchLabels"] for peers in rules for peer in peers)


def test_a_flow_without_peers_is_rejected_since_it_would_allow_all() -> None:
    with pytest.raises(ValueError, match="would allow every destination"):
        Flow((), (Port(443, "TCP"),))


def test_a_destination_without_an_address_is_rejected() -> None:
    with pytest.raises(ArgumentError, match="has none of them") as rejected:
        egress("strict", "blog", [{"port": 80}])
    assert_message_matches(str(rejected.value))


def test_an_empty_range_stands_for_nothing() -> None:
    assert egress("strict", "blog", [{**API, "cidr": ""}]) == egress("strict", "blog", [API])


@pytest.mark.parametrize("preset", ["strict", "guide"])
def test_a_network_on_every_port_is_one_rule_without_ports(preset: str) -> None:
    assert backends(preset, NETWORK) == [{"to": [{"ipBlock": {"cidr": "10.43.0.0/16"}}]}]


@pytest.mark.parametrize(
    "more", [{}, {"every_port": False}, {"port": 80, "every_port": True}, {"port": 80, "port_name": "http"}]
)
def test_a_missing_port_is_rejected_instead_of_allowing_all(more: Any) -> None:
    destination: Any = {"cidr": "10.43.0.0/16", **more}
    with pytest.raises(ArgumentError, match="port_name and every_port") as rejected:
        egress("strict", "blog", [destination])
    assert_message_matches(str(rejected.value))


def test_a_destination_after_one_that_is_not_known_yet_is_checked(deploy: Deploy) -> None:
    def program() -> None:
        destinations: Any = [pulumi.Output.from_input(API), {"cidr": "10.43.0.0/16"}]
        NetworkPolicy("culvert-dev", {**ARGS, "destinations": destinations})

    with pytest.raises(ArgumentError, match="has none of them") as rejected:
        deploy(program)
    assert_message_matches(str(rejected.value))


@pytest.mark.parametrize("engine", ["kubernetes", "calico"])
def test_an_entity_is_rejected_where_the_engine_has_none(engine: str) -> None:
    with pytest.raises(ArgumentError, match="kube-apiserver") as rejected:
        engine_of(engine).write({}, egress("strict", "blog", [API_SERVER]), ())
    assert_message_matches(str(rejected.value))


def test_strict_allows_only_the_addresses_of_the_edges_region() -> None:
    def edge(region: str | None) -> list[str]:
        return [str(peer) for peer in egress("strict", "blog", [], region)[0].peers]

    assert "198.41.218.0/24" in str(edge("us"))
    assert not set(edge("us")) & set(edge(None))
    assert egress("guide", "blog", [], "us") == egress("guide", "blog", [])
    with pytest.raises(ArgumentError, match="eu") as rejected:
        egress("strict", "blog", [], "eu")
    assert_message_matches(str(rejected.value))


def test_an_unknown_preset_is_rejected() -> None:
    with pytest.raises(ArgumentError, match="open") as rejected:
        egress("open", "blog", [])
    assert_message_matches(str(rejected.value))


@pytest.mark.parametrize(("everything", "excepted"), [("0.0.0.0/0", PRIVATE_IPV4), (GLOBAL_IPV6, SPECIAL_IPV6)])
def test_exceptions_are_of_the_same_address_family_and_do_not_overlap(
    everything: str, excepted: tuple[str, ...]
) -> None:
    blocks = [
        peer["ipBlock"]
        for rule in spec("guide")["egress"]
        for peer in rule["to"]
        if "except" in peer.get("ipBlock", {})
    ]
    assert {"cidr": everything, "except": list(excepted)} in blocks
    networks = [ip_network(cidr) for cidr in excepted]
    assert {network.version for network in networks} == {ip_network(everything).version}
    assert not [pair for pair in combinations(networks, 2) if pair[0].overlaps(pair[1])]


def test_no_exception_is_an_ipv4_mapped_range_which_the_api_server_rejects() -> None:
    assert not [cidr for cidr in SPECIAL_IPV6 if "::ffff:" in cidr]


@given(strategies.ip_addresses())
def test_an_address_that_is_not_global_is_outside_the_internet_ranges(address: IPv4Address | IPv6Address) -> None:
    # Hypothesis also draws from IANA's special ranges, and `is_global` is Python's own table of them.
    assume(not address.is_global or address.is_multicast)
    everything, excepted = ("0.0.0.0/0", PRIVATE_IPV4) if address.version == 4 else (GLOBAL_IPV6, SPECIAL_IPV6)
    assert address not in ip_network(everything) or any(address in ip_network(cidr) for cidr in excepted)

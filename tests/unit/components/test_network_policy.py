"""The fence as it is sent; what it lets through is judged in `tests/flows`."""

from ipaddress import IPv4Address, IPv6Address, ip_network
from itertools import combinations
from typing import Any

import pulumi
import pytest
from hypothesis import assume, given, strategies

from components import NetworkPolicy
from components.flows import PRIVATE_IPV4, PRIVATE_IPV6, DestinationArgs, Flow, Port, egress, ingress
from components.kubernetes_dialect import network_policy_spec
from components.network_policy import NetworkPolicyArgs
from tests.unit.components.conftest import Deploy

API: DestinationArgs = {"namespace": "shop", "pod_selector": {"app": "api", "tier": "web"}, "port": 8080}
BLOG: DestinationArgs = {"namespace": "blog", "pod_selector": {}, "port": 8081}
NAS: DestinationArgs = {"cidr": "192.168.7.9/32", "port": 443}
HOST: DestinationArgs = {"cidr": "203.0.114.9/32", "port": 443}
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
    """The rules that there are because of the destinations."""
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


def test_the_default_preset_is_strict(deploy: Deploy) -> None:
    recorded = deploy(lambda: NetworkPolicy("culvert-dev", ARGS))
    expected = network_policy_spec(LABELS, egress("strict", "blog", [API]), ())
    assert recorded.one("NetworkPolicy").inputs["spec"] == expected


def test_what_is_only_known_later_is_put_in_when_it_is_known(deploy: Deploy) -> None:
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


def test_strict_is_the_edge_dns_and_each_backend() -> None:
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


def test_a_backend_without_labels_is_every_pod_of_its_namespace_and_no_other() -> None:
    (rule,) = backends("strict", BLOG)
    assert rule["to"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "blog"}}, "podSelector": {}}
    ]


def test_both_directions_are_closed_to_begin_with() -> None:
    for preset in ("strict", "guide"):
        assert spec(preset)["policyTypes"] == ["Ingress", "Egress"]
        assert "ingress" not in spec(preset)


def test_metrics_are_open_to_one_named_namespace() -> None:
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


def test_guide_adds_only_what_its_own_rules_leave_out() -> None:
    assert backends("guide", *EVERY) == backends("strict", API, NAS)


def test_order_and_repetition_of_routes_change_nothing() -> None:
    reordered: DestinationArgs = {"port": 8080, "pod_selector": {"tier": "web", "app": "api"}, "namespace": "shop"}
    for preset in ("strict", "guide"):
        assert spec(preset, HOST, NAS, BLOG, reordered, API, NAS) == spec(preset, *EVERY)


@pytest.mark.parametrize("preset", ["strict", "guide"])
def test_every_rule_names_somebody(preset: str) -> None:
    policy = spec(preset, *EVERY, metrics_from="monitoring")
    rules = [rule.get("to") or rule.get("from") for rule in (*policy["egress"], *policy["ingress"])]
    assert len(rules) > 5 - (preset == "guide")
    assert all(rules)
    # An empty peer is no peer at all, and an ipBlock or a namespace is what makes one.
    assert all("ipBlock" in peer or peer["namespaceSelector"]["matchLabels"] for peers in rules for peer in peers)


def test_a_flow_to_nobody_cannot_be_made_since_it_would_mean_everybody() -> None:
    with pytest.raises(ValueError, match="mean everybody"):
        Flow((), (Port(443, "TCP"),))


def test_a_destination_that_is_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="names a namespace or a cidr"):
        egress("strict", "blog", [{"port": 80}])


def test_a_region_has_addresses_of_its_own_and_strict_opens_no_others() -> None:
    def edge(region: str | None) -> list[str]:
        return [str(peer) for peer in egress("strict", "blog", [], region)[0].peers]

    assert "198.41.218.0/24" in str(edge("us"))
    assert not set(edge("us")) & set(edge(None))
    assert egress("guide", "blog", [], "us") == egress("guide", "blog", [])
    with pytest.raises(ValueError, match="known is us"):
        egress("strict", "blog", [], "eu")


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ValueError, match="known are strict and guide"):
        egress("open", "blog", [])


@pytest.mark.parametrize(("everything", "excepted"), [("0.0.0.0/0", PRIVATE_IPV4), ("::/0", PRIVATE_IPV6)])
def test_exceptions_are_of_the_same_family_and_none_holds_another(everything: str, excepted: tuple[str, ...]) -> None:
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


def test_no_exception_is_an_ipv4_mapped_range_which_the_api_server_refuses() -> None:
    assert not [cidr for cidr in PRIVATE_IPV6 if "::ffff:" in cidr]


@given(strategies.ip_addresses())
def test_an_address_that_is_not_global_is_no_part_of_the_internet(address: IPv4Address | IPv6Address) -> None:
    # Hypothesis draws from IANA's special ranges on purpose, and Python has a table of its own of what is global.
    assume(not address.is_global or address.is_multicast)
    excepted = PRIVATE_IPV4 if address.version == 4 else PRIVATE_IPV6
    assert any(address in ip_network(cidr) for cidr in excepted)

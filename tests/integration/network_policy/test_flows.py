"""Flows that the network policy allows and denies, under each preset and in every engine.

A flow is one line: its name, source, destination, port, protocol, and whether `strict` and `guide` allow it. An
independent evaluator evaluates Kubernetes' policies. Those of Calico and Cilium have evaluators in
`tests/support/policy_evaluators`, which know the fields that culvert writes.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from components import pod_labels
from components.exposure import arguments
from components.network_policy.engines import engine_of
from components.network_policy.network_policy import policy_spec
from sandbox import tools
from sandbox.errors import SandboxError
from settings import Settings
from tests.support import packet_network
from tests.support.policy_evaluators.evaluate import ENGINES, Evaluate
from traffic import Flow, Host, judge

HOME = "web"
SETTINGS = {
    "accountId": "0123456789abcdef0123456789abcdef",
    "zones": {"example.com": "89abcdef0123456789abcdef01234567"},
    "namespace": HOME,
    "routes": [
        {"hostname": "blog.example.com", "service": "http://blog:8080"},
        {
            "hostname": "api.example.com",
            "backend": {
                "service": "api",
                "namespace": "shop",
                "port": 80,
                "targetPort": 8080,
                "podSelector": {"app": "api"},
            },
        },
        {"hostname": "nas.example.com", "service": "https://192.168.7.9:8443"},
        {"hostname": "nas6.example.com", "service": "https://[fd12:3456::9]:8443"},
        {"hostname": "far.example.com", "service": "https://93.184.216.34"},
        {"hostname": "gone.example.com", "service": "http_status:410"},
    ],
    "networkPolicy": {"metricsFrom": "monitoring"},
}
ALLOW = [
    {"cidr": "10.20.0.0/16", "ports": [5432]},
    {"namespace": "shop", "pods": {"app": "db"}, "ports": [9000], "protocol": "UDP"},
]


def pod(namespace: str, ip: str, **labels: str) -> Host:
    return Host(ip, namespace, tuple(labels.items()))


CONNECTOR = Host("10.244.1.5", HOME, tuple({**pod_labels("culvert-prod"), "pod-template-hash": "5d9c7"}.items()))
CONNECTOR6 = Host("fd00:10:244:1::5", HOME, CONNECTOR.labels)
BLOG, BLOG6 = pod(HOME, "10.244.1.20", app="blog"), pod(HOME, "fd00:10:244:1::20", app="blog")
API, API6 = pod("shop", "10.244.2.8", app="api", tier="web"), pod("shop", "fd00:10:244:2::8", app="api")
SHOP_DB = pod("shop", "10.244.2.9", app="db")
IMPOSTOR = pod("other", "10.244.3.3", app="api")
OTHER, OTHER6 = pod("other", "10.244.3.4", app="site"), pod("other", "fd00:10:244:3::4", app="site")
OTHER_GLOBAL6 = pod("other", "2600:1f14:1:2::7", app="site")
DNS, DNS6 = (
    Host("10.244.0.2", "kube-system", (("k8s-app", "kube-dns"),)),
    Host("fd00:10:244::2", "kube-system", (("k8s-app", "kube-dns"),)),
)
SYSTEM = Host("10.244.0.9", "kube-system", (("k8s-app", "metrics-server"),))
FALSE_DNS = Host("10.244.3.53", "other", (("k8s-app", "kube-dns"),))
MONITORING, MONITORING6 = pod("monitoring", "10.244.4.2", app="prometheus"), pod("monitoring", "fd00:10:244:4::2")
EDGE, EDGE_2 = Host("198.41.192.77"), Host("198.41.200.13")
EDGE6, EDGE6_2 = Host("2606:4700:a0::7"), Host("2606:4700:a8::9")
INTERNET, INTERNET6 = Host("93.184.215.14"), Host("2606:2800:21f:cb07::1")
NAS, NAS6, FAR = Host("192.168.7.9"), Host("fd12:3456::9"), Host("93.184.216.34")
NODE, NODE6 = Host("10.0.0.10", reserved=("remote-node",)), Host("fd00:0:0:1::10", reserved=("remote-node",))
NODE_DNS = pod("kube-system", "10.244.0.4", **{"k8s-app": "node-local-dns"})
# The API server of a managed cluster has a public address.
CLOUD_API = Host("34.90.12.7", reserved=("kube-apiserver",))

YES, NO = True, False
FLOWS: list[tuple[str, Host, Host, int, str, bool, bool]] = [
    # Cloudflare's edge.
    ("edge over QUIC", CONNECTOR, EDGE, 7844, "UDP", YES, YES),
    ("edge over HTTP/2", CONNECTOR, EDGE, 7844, "TCP", YES, YES),
    ("second region over QUIC", CONNECTOR, EDGE_2, 7844, "UDP", YES, YES),
    ("second region over HTTP/2", CONNECTOR, EDGE_2, 7844, "TCP", YES, YES),
    ("edge over QUIC and IPv6", CONNECTOR6, EDGE6, 7844, "UDP", YES, YES),
    ("edge over HTTP/2 and IPv6", CONNECTOR6, EDGE6, 7844, "TCP", YES, YES),
    ("second region over QUIC and IPv6", CONNECTOR6, EDGE6_2, 7844, "UDP", YES, YES),
    ("second region over HTTP/2 and IPv6", CONNECTOR6, EDGE6_2, 7844, "TCP", YES, YES),
    ("edge on 443", CONNECTOR, EDGE, 443, "TCP", NO, YES),
    ("edge on 443 over IPv6", CONNECTOR6, EDGE6, 443, "TCP", NO, YES),
    ("edge on the next port", CONNECTOR, EDGE, 7845, "UDP", NO, YES),
    ("edge's port beside the edge", CONNECTOR, Host("198.41.193.1"), 7844, "UDP", NO, YES),
    ("edge's port beside the edge over IPv6", CONNECTOR6, Host("2606:4700:a1::1"), 7844, "TCP", NO, YES),
    # Cluster DNS.
    ("DNS over UDP", CONNECTOR, DNS, 53, "UDP", YES, YES),
    ("DNS over TCP", CONNECTOR, DNS, 53, "TCP", YES, YES),
    ("DNS over UDP and IPv6", CONNECTOR6, DNS6, 53, "UDP", YES, YES),
    ("DNS over TCP and IPv6", CONNECTOR6, DNS6, 53, "TCP", YES, YES),
    ("DNS pods on the next port", CONNECTOR, DNS, 54, "UDP", NO, NO),
    ("DNS pods' metrics", CONNECTOR, DNS, 9153, "TCP", NO, NO),
    ("DNS pods on 443 over IPv6", CONNECTOR6, DNS6, 443, "TCP", NO, NO),
    ("another pod of kube-system on 53", CONNECTOR, SYSTEM, 53, "UDP", NO, NO),
    ("a pod of another namespace labelled like DNS", CONNECTOR, FALSE_DNS, 53, "UDP", NO, NO),
    ("node-local DNS cache over UDP", CONNECTOR, Host("169.254.20.10"), 53, "UDP", YES, YES),
    ("node-local DNS cache over TCP", CONNECTOR, Host("169.254.20.10"), 53, "TCP", YES, YES),
    ("node-local DNS cache's health port", CONNECTOR, Host("169.254.20.10"), 8080, "TCP", NO, NO),
    ("node-local DNS cache's pods", CONNECTOR, NODE_DNS, 53, "UDP", YES, YES),
    ("node-local DNS cache's pods on another port", CONNECTOR, NODE_DNS, 9253, "TCP", NO, NO),
    ("a public resolver", CONNECTOR, Host("1.1.1.1"), 53, "UDP", NO, YES),
    ("a public resolver over TLS", CONNECTOR, Host("1.1.1.1"), 853, "TCP", NO, YES),
    # The routes' origins.
    ("backend of its own namespace", CONNECTOR, BLOG, 8080, "TCP", YES, YES),
    ("backend of its own namespace over IPv6", CONNECTOR6, BLOG6, 8080, "TCP", YES, YES),
    ("backend of its own namespace over UDP", CONNECTOR, BLOG, 8080, "UDP", NO, YES),
    ("another port in its own namespace", CONNECTOR, BLOG, 9090, "TCP", NO, YES),
    ("another port in its own namespace over IPv6", CONNECTOR6, BLOG6, 9090, "TCP", NO, YES),
    ("backend of another namespace", CONNECTOR, API, 8080, "TCP", YES, YES),
    ("backend of another namespace over IPv6", CONNECTOR6, API6, 8080, "TCP", YES, YES),
    ("backend's Service port, which no policy sees", CONNECTOR, API, 80, "TCP", NO, NO),
    ("backend of another namespace on another port", CONNECTOR, API, 9090, "TCP", NO, NO),
    ("backend of another namespace over UDP", CONNECTOR, API, 8080, "UDP", NO, NO),
    ("another pod of the backend's namespace", CONNECTOR, SHOP_DB, 8080, "TCP", NO, NO),
    ("a pod labelled like the backend elsewhere", CONNECTOR, IMPOSTOR, 8080, "TCP", NO, NO),
    ("private address of a route", CONNECTOR, NAS, 8443, "TCP", YES, YES),
    ("private address of a route on another port", CONNECTOR, NAS, 443, "TCP", NO, NO),
    ("private address of a route over UDP", CONNECTOR, NAS, 8443, "UDP", NO, NO),
    ("neighbour of a route's private address", CONNECTOR, Host("192.168.7.10"), 8443, "TCP", NO, NO),
    ("private IPv6 address of a route", CONNECTOR6, NAS6, 8443, "TCP", YES, YES),
    ("neighbour of a route's private IPv6 address", CONNECTOR6, Host("fd12:3456::a"), 8443, "TCP", NO, NO),
    ("public address of a route", CONNECTOR, FAR, 443, "TCP", YES, YES),
    ("public address of a route on another port", CONNECTOR, FAR, 80, "TCP", NO, YES),
    # Declared under `networkPolicy.allow`.
    ("an address of an allowed range", CONNECTOR, Host("10.20.3.4"), 5432, "TCP", YES, YES),
    ("an address of an allowed range on another port", CONNECTOR, Host("10.20.3.4"), 443, "TCP", NO, NO),
    ("an address of an allowed range over UDP", CONNECTOR, Host("10.20.3.4"), 5432, "UDP", NO, NO),
    ("just above an allowed range", CONNECTOR, Host("10.21.0.0"), 5432, "TCP", NO, NO),
    ("allowed pods over UDP", CONNECTOR, SHOP_DB, 9000, "UDP", YES, YES),
    ("allowed pods over TCP", CONNECTOR, SHOP_DB, 9000, "TCP", NO, NO),
    ("other pods of the allowed pods' namespace", CONNECTOR, API, 9000, "UDP", NO, NO),
    # The rest of the cluster.
    ("a pod of another namespace", CONNECTOR, OTHER, 80, "TCP", NO, NO),
    ("a pod of another namespace on the edge's port", CONNECTOR, OTHER, 7844, "UDP", NO, NO),
    ("a pod of another namespace over IPv6", CONNECTOR6, OTHER6, 80, "TCP", NO, NO),
    # A policy cannot tell a pod with a global address from the internet: where pods have such addresses, `guide` allows
    # them.
    ("a pod of another namespace with a global address", CONNECTOR6, OTHER_GLOBAL6, 80, "TCP", NO, YES),
    ("Kubernetes API by its Service", CONNECTOR, Host("10.96.0.1"), 443, "TCP", NO, NO),
    ("Kubernetes API on its node", CONNECTOR, NODE, 6443, "TCP", NO, NO),
    ("Kubernetes API on the internet", CONNECTOR, CLOUD_API, 443, "TCP", NO, YES),
    ("kubelet", CONNECTOR, NODE, 10250, "TCP", NO, NO),
    ("kubelet over IPv6", CONNECTOR6, NODE6, 10250, "TCP", NO, NO),
    ("cloud metadata", CONNECTOR, Host("169.254.169.254"), 80, "TCP", NO, NO),
    ("cloud metadata as a resolver", CONNECTOR, Host("169.254.169.254"), 53, "UDP", NO, NO),
    ("cloud metadata over IPv6", CONNECTOR6, Host("fd00:ec2::254"), 80, "TCP", NO, NO),
    ("metadata of Google Cloud over IPv6", CONNECTOR6, Host("fd20:ce::254"), 80, "TCP", NO, NO),
    ("metadata of Alibaba Cloud", CONNECTOR, Host("100.100.100.200"), 80, "TCP", NO, NO),
    ("metadata of Oracle Cloud", CONNECTOR, Host("192.0.0.192"), 80, "TCP", NO, NO),
    ("credentials of pods on EKS", CONNECTOR, Host("169.254.170.23"), 80, "TCP", NO, NO),
    ("platform service of Azure", CONNECTOR, Host("168.63.129.16"), 80, "TCP", NO, NO),
    ("platform service of Azure on its second port", CONNECTOR, Host("168.63.129.16"), 32526, "TCP", NO, NO),
    ("platform service of Azure as a resolver", CONNECTOR, Host("168.63.129.16"), 53, "UDP", NO, NO),
    ("just above the platform service of Azure", CONNECTOR, Host("168.63.129.17"), 443, "TCP", NO, YES),
    ("cloud metadata in IPv4-mapped notation", CONNECTOR6, Host("::ffff:169.254.169.254"), 80, "TCP", NO, NO),
    ("cloud metadata behind NAT64", CONNECTOR6, Host("64:ff9b::a9fe:a9fe"), 80, "TCP", NO, NO),
    ("cloud metadata behind a network's own NAT64", CONNECTOR6, Host("64:ff9b:1::a9fe:a9fe"), 80, "TCP", NO, NO),
    ("cloud metadata behind 6to4", CONNECTOR6, Host("2002:a9fe:a9fe::1"), 80, "TCP", NO, NO),
    ("Azure's platform service behind NAT64", CONNECTOR6, Host("64:ff9b::a83f:8110"), 80, "TCP", NO, NO),
    ("Azure's platform service behind 6to4", CONNECTOR6, Host("2002:a83f:8110::1"), 80, "TCP", NO, NO),
    # Private and special addresses.
    ("10/8", CONNECTOR, Host("10.1.2.3"), 443, "TCP", NO, NO),
    ("172.16/12", CONNECTOR, Host("172.31.255.254"), 443, "TCP", NO, NO),
    ("192.168/16", CONNECTOR, Host("192.168.0.1"), 443, "TCP", NO, NO),
    ("carrier NAT", CONNECTOR, Host("100.64.0.1"), 443, "TCP", NO, NO),
    ("the last address of carrier NAT", CONNECTOR, Host("100.127.255.254"), 443, "TCP", NO, NO),
    ("link-local", CONNECTOR, Host("169.254.1.1"), 443, "TCP", NO, NO),
    ("loopback", CONNECTOR, Host("127.0.0.1"), 80, "TCP", NO, NO),
    ("benchmarking", CONNECTOR, Host("198.18.0.1"), 443, "TCP", NO, NO),
    ("documentation", CONNECTOR, Host("192.0.2.1"), 443, "TCP", NO, NO),
    ("6to4 relays", CONNECTOR, Host("192.88.99.1"), 443, "TCP", NO, NO),
    ("multicast", CONNECTOR, Host("224.0.0.251"), 5353, "UDP", NO, NO),
    ("broadcast", CONNECTOR, Host("255.255.255.255"), 67, "UDP", NO, NO),
    ("unique local IPv6", CONNECTOR6, Host("fd00:1::1"), 443, "TCP", NO, NO),
    ("link-local IPv6", CONNECTOR6, Host("fe80::1"), 443, "TCP", NO, NO),
    ("site-local IPv6", CONNECTOR6, Host("fec0::1"), 443, "TCP", NO, NO),
    ("loopback over IPv6", CONNECTOR6, Host("::1"), 80, "TCP", NO, NO),
    ("multicast over IPv6", CONNECTOR6, Host("ff02::fb"), 5353, "UDP", NO, NO),
    ("a private IPv4 address behind NAT64", CONNECTOR6, Host("64:ff9b::a00:1"), 443, "TCP", NO, NO),
    ("a private IPv4 address behind 6to4", CONNECTOR6, Host("2002:a00:1::1"), 443, "TCP", NO, NO),
    ("Teredo", CONNECTOR6, Host("2001:0:4136:e378::1"), 443, "TCP", NO, NO),
    ("documentation over IPv6", CONNECTOR6, Host("2001:db8::1"), 443, "TCP", NO, NO),
    ("documentation of 2024 over IPv6", CONNECTOR6, Host("3fff::1"), 443, "TCP", NO, NO),
    ("segment routing", CONNECTOR6, Host("5f00::1"), 443, "TCP", NO, NO),
    # The internet, and the addresses at its boundaries.
    ("internet", CONNECTOR, INTERNET, 443, "TCP", NO, YES),
    ("internet over IPv6", CONNECTOR6, INTERNET6, 443, "TCP", NO, YES),
    ("internet over UDP", CONNECTOR, INTERNET, 443, "UDP", NO, YES),
    ("mail on the internet", CONNECTOR, INTERNET, 25, "TCP", NO, YES),
    ("just below 172.16/12", CONNECTOR, Host("172.15.255.255"), 443, "TCP", NO, YES),
    ("just above 172.16/12", CONNECTOR, Host("172.32.0.0"), 443, "TCP", NO, YES),
    ("just above carrier NAT", CONNECTOR, Host("100.128.0.0"), 443, "TCP", NO, YES),
    ("just above 2001::/23", CONNECTOR6, Host("2001:200::1"), 443, "TCP", NO, YES),
    ("the last IPv6 address of the internet", CONNECTOR6, Host("3fff:ffff::1"), 443, "TCP", NO, YES),
    ("just below the internet of IPv6", CONNECTOR6, Host("1fff:ffff::1"), 443, "TCP", NO, NO),
    ("just above the internet of IPv6", CONNECTOR6, Host("4000::1"), 443, "TCP", NO, NO),
    ("IPv6 that IANA has not allocated", CONNECTOR6, Host("e000::1"), 443, "TCP", NO, NO),
    # Ingress.
    ("metrics from the named namespace", MONITORING, CONNECTOR, 2000, "TCP", YES, YES),
    ("metrics from the named namespace over IPv6", MONITORING6, CONNECTOR6, 2000, "TCP", YES, YES),
    ("metrics from the named namespace over UDP", MONITORING, CONNECTOR, 2000, "UDP", NO, NO),
    ("metrics from its own namespace", BLOG, CONNECTOR, 2000, "TCP", NO, NO),
    ("metrics from another namespace", OTHER, CONNECTOR, 2000, "TCP", NO, NO),
    ("metrics from another namespace over IPv6", OTHER6, CONNECTOR6, 2000, "TCP", NO, NO),
    ("metrics from the internet", INTERNET, CONNECTOR, 2000, "TCP", NO, NO),
    ("another port from the named namespace", MONITORING, CONNECTOR, 8080, "TCP", NO, NO),
    ("one connector from another", CONNECTOR, Host("10.244.2.6", HOME, CONNECTOR.labels), 2000, "TCP", NO, NO),
    # Pods that the policy does not select.
    ("a neighbouring pod to the internet", BLOG, INTERNET, 443, "TCP", YES, YES),
    ("a neighbouring pod to another namespace", BLOG, OTHER, 80, "TCP", YES, YES),
    ("a pod of another namespace to a neighbouring pod", OTHER, BLOG, 8080, "TCP", YES, YES),
]


DENIED_BY_ENGINE = {
    ("cilium", "guide", "a pod of another namespace with a global address"),
    ("cilium", "guide", "Kubernetes API on the internet"),
}
"""Flows that an engine denies and a Kubernetes policy cannot."""


def policy(settings: dict[str, Any]) -> dict[str, Any]:
    """The policy object of a stack called prod."""
    args = arguments.network_policy(Settings.parse(settings), "culvert-prod", HOME)
    engine = engine_of(args.get("engine", ""))
    return {
        "apiVersion": engine.api_version,
        "kind": engine.kind,
        "metadata": {"name": "culvert-prod-policy", "namespace": HOME},
        "spec": policy_spec(args),
    }


def preset_policy(engine: str, preset: str) -> dict[str, Any]:
    """The policy that the flows are for."""
    options = {"engine": engine, "preset": preset, "metricsFrom": "monitoring", "allow": ALLOW}
    return policy({**SETTINGS, "networkPolicy": options})


Verdicts = Callable[[str, str], dict[str, bool]]


@pytest.fixture(scope="module")
def verdicts(evaluate: Evaluate) -> Verdicts:
    """Whether each flow is allowed under a preset in an engine, by its name."""

    @cache
    def of_preset(engine: str, preset: str) -> dict[str, bool]:
        answers = evaluate(preset_policy(engine, preset), [Flow(*flow[1:5]) for flow in FLOWS])
        return {flow[0]: answer for flow, answer in zip(FLOWS, answers, strict=True)}

    return of_preset


@pytest.mark.parametrize(
    ("preset", "name", "expected"),
    [
        pytest.param(preset, flow[0], flow[column], id=f"{preset} {'allows' if flow[column] else 'denies'} {flow[0]}")
        for preset, column in (("strict", 5), ("guide", 6))
        for flow in FLOWS
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_flow(verdicts: Verdicts, engine: str, preset: str, name: str, expected: bool) -> None:
    assert verdicts(engine, preset)[name] is (expected and (engine, preset, name) not in DENIED_BY_ENGINE)


@pytest.fixture(scope="module")
def enforcer() -> Path:
    if missing := packet_network.missing():
        pytest.skip(f"sending packets takes {missing}")
    try:
        return tools.ensure(["kube-network-policies"], print)["kube-network-policies"].path
    except SandboxError as error:
        pytest.skip(error.message)


@pytest.mark.xdist_group("enforcer")  # one worker waits until it is built
@pytest.mark.timeout(func_only=True)
@pytest.mark.parametrize("preset", [None, "strict", "guide"])
def test_packets_arrive_where_their_flow_is_allowed(enforcer: Path, tmp_path: Path, preset: str | None) -> None:
    """Without a policy all arrive: what does not is stopped by the policy, and not by the network of the test."""
    policies = [preset_policy("kubernetes", preset)] if preset else []
    flows = {flow[0]: Flow(*flow[1:5]) for flow in FLOWS}
    sent = {name: flow for name, flow in flows.items() if packet_network.can_be_sent(flow)}
    arrived = packet_network.arrivals(enforcer, tmp_path / "enforcer.log", policies, list(sent.values()))
    assert dict(zip(sent, arrived, strict=True)) == {name: judge(flow, policies).allowed for name, flow in sent.items()}
    assert len(sent) >= 80
    assert {":" in flow.source.ip for flow in sent.values()} == {True, False}


def test_every_flow_has_a_unique_name() -> None:
    assert len({flow[0] for flow in FLOWS}) == len(FLOWS) >= 40
    assert {name for _, _, name in DENIED_BY_ENGINE} <= {flow[0] for flow in FLOWS}


@pytest.mark.parametrize("engine", ENGINES)
def test_without_metrics_from_the_metrics_are_unreachable(evaluate: Evaluate, engine: str) -> None:
    stack_policy = policy({**SETTINGS, "networkPolicy": {"engine": engine}})
    sources = [MONITORING, BLOG, OTHER, INTERNET, MONITORING6]
    traffic = [Flow(source, CONNECTOR6 if ":" in source.ip else CONNECTOR, 2000, "TCP") for source in sources]
    assert evaluate(stack_policy, traffic) == [False] * len(sources)


@pytest.mark.parametrize("engine", ENGINES)
def test_configured_dns_servers_are_reachable_instead_of_the_default_ones(evaluate: Evaluate, engine: str) -> None:
    servers = [
        {"namespace": "openshift-dns", "pods": {"dns": "default"}, "port": 5353},
        {"cidr": "169.254.25.10"},
    ]
    stack_policy = policy({**SETTINGS, "networkPolicy": {"engine": engine, "dns": servers}})
    own = pod("openshift-dns", "10.244.9.9", dns="default")
    flows = {
        Flow(CONNECTOR, own, 5353, "UDP"): YES,
        Flow(CONNECTOR, own, 5353, "TCP"): YES,
        Flow(CONNECTOR, own, 53, "UDP"): NO,
        Flow(CONNECTOR, Host("169.254.25.10"), 53, "UDP"): YES,
        Flow(CONNECTOR, Host("169.254.25.10"), 5353, "UDP"): NO,
        Flow(CONNECTOR, Host("169.254.20.10"), 53, "UDP"): NO,
        Flow(CONNECTOR, DNS, 53, "UDP"): NO,
    }
    assert dict(zip(flows, evaluate(stack_policy, list(flows)), strict=True)) == flows


@pytest.mark.parametrize("preset", ["strict", "guide"])
@pytest.mark.parametrize("engine", ENGINES)
def test_private_networks_are_reachable_on_the_ports_of_their_routes(
    evaluate: Evaluate, engine: str, preset: str
) -> None:
    routes = [
        {"network": "10.43.0.0/16"},
        {"network": "192.168.1.0/24", "ports": [445]},
        {"network": "fd77::/48", "ports": [53], "protocol": "UDP"},
        {"network": "100.72.0.0/16"},
    ]
    options = {"engine": engine, "preset": preset}
    stack_policy = policy({**SETTINGS, "networkPolicy": options, "privateNetworks": {"routes": routes}})
    files, names = Host("192.168.1.20"), Host("fd77::53")
    flows = {
        # A route without ports allows every port.
        Flow(CONNECTOR, Host("10.43.0.10"), 80, "TCP"): YES,
        Flow(CONNECTOR, Host("10.43.255.254"), 53, "UDP"): YES,
        Flow(CONNECTOR, Host("100.72.3.4"), 22, "TCP"): YES,
        Flow(CONNECTOR, Host("10.42.255.255"), 80, "TCP"): NO,
        Flow(CONNECTOR, Host("10.44.0.0"), 80, "TCP"): NO,
        Flow(CONNECTOR, Host("100.73.0.0"), 22, "TCP"): NO,
        # A route with ports allows those.
        Flow(CONNECTOR, files, 445, "TCP"): YES,
        Flow(CONNECTOR, files, 445, "UDP"): NO,
        Flow(CONNECTOR, files, 22, "TCP"): NO,
        Flow(CONNECTOR, Host("192.168.2.20"), 445, "TCP"): NO,
        Flow(CONNECTOR6, names, 53, "UDP"): YES,
        Flow(CONNECTOR6, names, 53, "TCP"): NO,
        Flow(CONNECTOR6, Host("fd77:0:1::53"), 53, "UDP"): NO,
        # A private network route opens no ingress.
        Flow(files, CONNECTOR, 2000, "TCP"): NO,
    }
    assert dict(zip(flows, evaluate(stack_policy, list(flows)), strict=True)) == flows


@pytest.mark.parametrize("preset", ["strict", "guide"])
@pytest.mark.parametrize("engine", ENGINES)
def test_metadata_services_are_reachable_only_if_they_are_named(evaluate: Evaluate, engine: str, preset: str) -> None:
    ranges = [{"cidr": cidr, "ports": [80]} for cidr in ("100.64.0.0/10", "fd00::/8", "168.0.0.0/8")]
    private = {"routes": [{"network": "192.0.0.0/16"}]}
    options = {"engine": engine, "preset": preset, "allow": ranges}
    unnamed = policy({**SETTINGS, "networkPolicy": options, "privateNetworks": private})
    azure = {"cidr": "168.63.129.16", "ports": [80]}
    named = {**options, "allow": [*ranges, azure], "allowCloudMetadata": True}
    flows = {
        Flow(CONNECTOR, Host("100.64.3.4"), 80, "TCP"): YES,
        Flow(CONNECTOR, Host("100.100.100.200"), 80, "TCP"): NO,
        Flow(CONNECTOR6, Host("fd12:3456::9"), 80, "TCP"): YES,
        Flow(CONNECTOR6, Host("fd00:ec2::254"), 80, "TCP"): NO,
        Flow(CONNECTOR6, Host("fd20:ce::254"), 80, "TCP"): NO,
        Flow(CONNECTOR, Host("192.0.7.7"), 22, "TCP"): YES,
        Flow(CONNECTOR, Host("192.0.0.192"), 22, "TCP"): NO,
        Flow(CONNECTOR, Host("168.1.2.3"), 80, "TCP"): YES,
        Flow(CONNECTOR, Host("168.63.129.16"), 80, "TCP"): NO,
        Flow(CONNECTOR, Host("169.254.169.254"), 80, "TCP"): NO,
    }
    assert dict(zip(flows, evaluate(unnamed, list(flows)), strict=True)) == flows
    flows[Flow(CONNECTOR, Host("168.63.129.16"), 80, "TCP")] = YES
    opened = policy({**SETTINGS, "networkPolicy": named, "privateNetworks": private})
    assert dict(zip(flows, evaluate(opened, list(flows)), strict=True)) == flows


def test_dns_names_are_reachable_on_their_ports_only(evaluate: Evaluate) -> None:
    named = {"engine": "cilium", "allow": [{"name": "db.example.net", "ports": [5432]}]}
    routes = [{"hostname": "blog.example.com", "service": "https://origin.example.org"}]
    stack_policy = policy({**SETTINGS, "routes": routes, "networkPolicy": named})
    origin, database = (
        Host("93.184.215.14", names=("origin.example.org",)),
        Host("10.9.8.7", names=("db.example.net", "other.example.net")),
    )
    flows = {
        Flow(CONNECTOR, origin, 443, "TCP"): YES,
        Flow(CONNECTOR, origin, 80, "TCP"): NO,
        Flow(CONNECTOR, origin, 443, "UDP"): NO,
        Flow(CONNECTOR, database, 5432, "TCP"): YES,
        Flow(CONNECTOR, database, 443, "TCP"): NO,
        Flow(CONNECTOR, Host("93.184.215.15", names=("www.example.org",)), 443, "TCP"): NO,
        Flow(CONNECTOR, Host("93.184.215.16"), 443, "TCP"): NO,
        # Whatever address its owner gives a name.
        Flow(CONNECTOR, Host("169.254.169.254", names=("origin.example.org",)), 443, "TCP"): NO,
        Flow(CONNECTOR, Host("168.63.129.16", names=("origin.example.org",)), 443, "TCP"): NO,
        Flow(CONNECTOR6, Host("fd00:ec2::254", names=("origin.example.org",)), 443, "TCP"): NO,
        # Cilium learns the addresses of names from DNS.
        Flow(CONNECTOR, DNS, 53, "UDP"): YES,
        Flow(CONNECTOR, NODE_DNS, 53, "TCP"): YES,
    }
    assert dict(zip(flows, evaluate(stack_policy, list(flows)), strict=True)) == flows


@pytest.mark.parametrize("engine", ENGINES)
def test_a_policy_of_another_namespace_denies_no_flow(evaluate: Evaluate, engine: str) -> None:
    elsewhere = policy({**SETTINGS, "networkPolicy": {"engine": engine}})
    elsewhere["metadata"]["namespace"] = "elsewhere"
    assert all(evaluate(elsewhere, [Flow(*flow[1:5]) for flow in FLOWS]))

"""The network policy: options that are rejected."""

from typing import Any

import pytest

from settings import Settings
from tests.support.settings_examples import Case, a_route, assert_rejected, rejection, values


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
        "must have exactly one of cidr, namespace, name and entity, but has none of them",
    ),
    "an allowed peer with two destinations": (
        allow(cidr="10.0.0.1", namespace="shop"),
        ALLOW,
        "must have exactly one of cidr, namespace, name and entity, but has cidr and namespace",
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
        "is the metadata service of most clouds: it gives the machine's credentials to everyone who reaches it. "
        "Accepted: another address, or networkPolicy: {allowCloudMetadata: true} where the connector must reach it.",
    ),
    **{
        f"cloud metadata at {cidr}": (allow(cidr=cidr), f"{ALLOW}.cidr", words)
        for cidr, words in (
            ("169.254.0.0/16", "is link-local, where clouds have their metadata services"),
            ("169.254.169.252/30", "is link-local, where clouds have their metadata services"),
            ("100.100.100.200", "is the metadata service of Alibaba Cloud"),
            ("192.0.0.192/32", "is the metadata service of Oracle Cloud"),
            ("168.63.129.16", "is the platform service of Azure"),
            ("fd00:ec2::254", "is the metadata service of AWS"),
            ("FD20:CE::254", "is the metadata service of Google Cloud"),
            ("64:ff9b::a9fe:a9fe", "is the metadata service of most clouds"),
            ("64:ff9b:1::/96", "is NAT64, behind which metadata services are"),
            ("2002:a9fe:a9fe::/48", "is the metadata service of most clouds"),
            ("2002:a83f:8110::7", "is the platform service of Azure"),
        )
    },
    **{
        f"an origin at {service}": (
            {**policy(preset="guide"), "routes": [a_route(service=service)]},
            "routes[0].service",
            words,
        )
        for service, words in (
            ("http://100.100.100.200", "is the metadata service of Alibaba Cloud"),
            ("http://192.0.0.192", "is the metadata service of Oracle Cloud"),
            ("http://168.63.129.16:32526", "is the platform service of Azure"),
            ("http://169.254.1.1", "is link-local, where clouds have their metadata services"),
            ("http://[fd00:ec2::254]", "is the metadata service of AWS"),
            ("http://[64:ff9b::a9fe:a9fe]", "is the metadata service of most clouds"),
            ("http://[64:ff9b::169.254.169.254]", "is the metadata service of most clouds"),
            ("http://[2002:a9fe:a9fe::]", "is the metadata service of most clouds"),
            ("http://[::ffff:169.254.169.254]", "is an IPv4 address mapped to IPv6"),
            ("http://Metadata.google.internal", "is the metadata service of Google Cloud"),
            ("http://metadata", "Accepted: another address, metadata.NAMESPACE.svc for a Service of that name, or"),
            ("http://instance-data", "is the metadata service of AWS"),
        )
    },
    "cloud metadata by name": (
        policy(engine="cilium", allow=[{"name": "Metadata.Google.Internal", "ports": [80]}]),
        f"{ALLOW}.name",
        "is the metadata service of Google Cloud",
    ),
    "cloud metadata by name with a final dot": (
        policy(engine="cilium", allow=[{"name": "metadata.goog.", "ports": [80]}]),
        f"{ALLOW}.name",
        "is the metadata service of Google Cloud",
    ),
    "cloud metadata as a DNS server": (
        policy(dns=[{"cidr": "168.63.129.16"}]),
        f"{DNS}.cidr",
        "is the platform service of Azure",
    ),
    "cloud metadata as a name server of the pods": (
        values(connector={"dnsConfig": {"nameservers": ["10.0.0.10", "169.254.169.254"]}}),
        "connector.dnsConfig.nameservers[1]",
        "is the metadata service of most clouds",
    ),
    "cloud metadata under another name": (
        values(connector={"hostAliases": [{"ip": "fd00:ec2::254", "hostnames": ["nas.home.arpa"]}]}),
        "connector.hostAliases[0].ip",
        "is the metadata service of AWS",
    ),
    "cloud metadata for WARP clients": (
        values(privateNetworks={"routes": [{"network": "100.100.100.200"}]}),
        "privateNetworks.routes[0].network",
        "is the metadata service of Alibaba Cloud",
    ),
    "cloud metadata confirmed without any": (
        policy(allowCloudMetadata=True),
        "networkPolicy.allowCloudMetadata",
        "has no effect: no destination in the settings is a metadata service",
    ),
    "a range with cloud metadata in it": (allow(cidr="169.0.0.0/8"), f"{ALLOW}.cidr", "a cloud's metadata"),
    "IPv4 in IPv6": (
        allow(cidr="::ffff:10.0.0.0/104"),
        f"{ALLOW}.cidr",
        "is in IPv4-mapped notation. Accepted: 10.0.0.0/8.",
    ),
    "a DNS server's IPv4 address in IPv6": (
        policy(dns=[{"cidr": "::ffff:10.0.0.10"}]),
        f"{DNS}.cidr",
        "is in IPv4-mapped notation. Accepted: 10.0.0.10/32.",
    ),
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
    "an entity under Kubernetes' engine": (
        allow(entity="host"),
        f"{ALLOW}.entity",
        "is not supported: only Cilium has entities. Accepted: cidr with the addresses of the nodes, or {engine: cil",
    ),
    "an entity that opens the world": (
        policy(engine="cilium", allow=[{"entity": "world", "ports": [1]}]),
        f"{ALLOW}.entity",
        "must be one of host, remote-node and kube-apiserver",
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


def test_a_metadata_service_is_reported_beside_invalid_addresses() -> None:
    peers = [{"cidr": cidr, "ports": [80]} for cidr in ("10.0.0", 10, "169.254.169.253/30", "169.254.169.254")]
    error = rejection(Settings.parse, policy(allow=peers))
    keys = [issue.key for issue in error.issues]
    assert keys == [f"culvert:networkPolicy.allow[{number}].cidr" for number in (0, 1, 2, 2, 3)]


@pytest.mark.parametrize(
    "confirmed",
    [
        policy(allow=[{"cidr": "169.254.169.254", "ports": [80]}]),
        policy(allow=[{"cidr": "64:ff9b::a9fe:a9fe", "ports": [80]}]),
        policy(engine="cilium", allow=[{"name": "metadata.google.internal", "ports": [80]}]),
        policy(dns=[{"cidr": "168.63.129.16"}]),
        {**values(a_route(service="http://169.254.169.254")), "networkPolicy": {}},
        {**values(privateNetworks={"routes": [{"network": "fd00:ec2::254"}]}), "networkPolicy": {}},
    ],
)
def test_a_metadata_service_is_accepted_where_it_is_confirmed(confirmed: dict[str, Any]) -> None:
    assert Settings.parse({**confirmed, "networkPolicy": {**confirmed["networkPolicy"], "allowCloudMetadata": True}})


@pytest.mark.parametrize(
    "accepted",
    [
        policy(dns=[{"cidr": "169.254.20.10"}, {"cidr": "169.254.25.10"}]),
        values(connector={"dnsConfig": {"nameservers": ["169.254.20.10"]}}),
        policy(allow=[{"cidr": "100.64.0.0/10", "ports": [443]}]),
        values({"hostname": "blog.example.com", "backend": {"service": "metadata", "port": 80}}),
        values(a_route(service="http://metadata.shop.svc")),
    ],
)
def test_an_address_or_a_name_beside_a_metadata_service_is_accepted(accepted: dict[str, Any]) -> None:
    assert Settings.parse(accepted)

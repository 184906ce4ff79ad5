"""Private networks: options that are accepted, their destinations, and options that are rejected."""

from typing import Any

import pytest

from settings import AddressDestination, NetworkDestination, Settings
from tests.support.settings_examples import Case, assert_rejected, values

ID = "f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"


def private(*routes: Any, **more: Any) -> dict[str, Any]:
    """Valid settings with these routes, each a network or an object."""
    listed = [{"network": route} if isinstance(route, str) else route for route in routes]
    return values(privateNetworks={"routes": listed or [{"network": "10.43.0.0/16"}], **more})


def virtual(**changes: Any) -> dict[str, Any]:
    return private(virtualNetwork=changes)


def udp(protocol: str) -> dict[str, Any]:
    route = {"network": "10.43.0.10", "ports": [53], "protocol": "UDP"}
    return {**private("10.44.0.0/16", route), "connector": {"protocol": protocol}}


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("10.43.0.0/16", "10.43.0.0/16"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("192.168.1.20", "192.168.1.20/32"),
        ("100.64.0.0/10", "100.64.0.0/10"),
        ("FD12:3456::/32", "fd12:3456::/32"),
        ("fd00:0:0:1::7", "fd00:0:0:1::7/128"),
    ],
)
def test_a_network_is_normalized_and_allowed_on_every_port(written: str, sent: str) -> None:
    settings = Settings.parse(private(written))
    assert settings.private_networks
    assert settings.private_networks.routes[0].network == sent
    assert settings.destinations("web")[1:] == (NetworkDestination(sent),)


def test_a_route_with_ports_allows_those_alone() -> None:
    udp = {"network": "10.43.0.10", "ports": [53, 5353], "protocol": "UDP"}
    settings = Settings.parse(private(udp, {"network": "10.44.0.0/16", "ports": [443]}))
    assert settings.destinations("web")[1:] == (
        AddressDestination("10.43.0.10/32", 53, "UDP"),
        AddressDestination("10.43.0.10/32", 5353, "UDP"),
        AddressDestination("10.44.0.0/16", 443),
    )


def test_private_networks_need_neither_routes_nor_zones() -> None:
    settings = Settings.parse({**private(), "routes": [], "zones": {}})
    assert settings.destinations("web") == (NetworkDestination("10.43.0.0/16"),)
    assert (settings.public_hostname, settings.urls(), settings.hostnames()) == (None, [], {})
    alone = {key: value for key, value in private().items() if key not in ("routes", "zones")}
    assert Settings.parse(alone) == settings


def test_the_addresses_of_a_hostname_may_be_within_a_network() -> None:
    wiki = {"hostname": "Wiki.Internal.Example.", "network": "10.43.5.0/24", "ports": [443]}
    settings = Settings.parse(private("10.43.0.0/16", wiki, {**wiki, "hostname": "b.internal.example"}))
    assert settings.private_networks
    assert settings.private_networks.routes[1].hostname == "wiki.internal.example"
    assert settings.destinations("web")[1:] == (
        NetworkDestination("10.43.0.0/16"),
        AddressDestination("10.43.5.0/24", 443),
    )


def test_without_private_networks_there_is_no_further_destination() -> None:
    settings = Settings.parse(values())
    assert settings.private_networks is None
    assert len(settings.destinations("web")) == 1


def test_udp_is_carried_over_quic() -> None:
    for protocol in ("auto", "quic"):
        assert Settings.parse(udp(protocol)).private_networks


ROUTES = "privateNetworks.routes"
WIDE = "is a part of the internet, not a private network"
NOWHERE = "holds loopback, link-local, multicast or reserved addresses"
CASES: dict[str, Case] = {
    "a hostname without addresses": (private({"hostname": "a.example"}), f"{ROUTES}[0].network", "is missing"),
    "a hostname of one label": (
        private({"hostname": "wiki", "network": "10.43.0.0/16"}),
        f"{ROUTES}[0].hostname",
        "is not a domain name. Accepted: a DNS name such as wiki.internal.example",
    ),
    "a hostname twice": (
        private(*({"hostname": "a.example", "network": f"10.{part}.0.0/16"} for part in (1, 2))),
        ROUTES,
        "must have each hostname once; repeated: a.example",
    ),
    "no routes": (private(virtualNetwork={"name": "a"}, routes=[]), ROUTES, "must not be empty"),
    "routes left out": (values(privateNetworks={}), ROUTES, "is missing"),
    "a key of the other network's": (private({"network": "10.43.0.0/16", "cidr": "x"}), f"{ROUTES}[0].cidr", "cidr"),
    "no network": (private({"comment": "LAN"}), f"{ROUTES}[0].network", "is missing"),
    "a name for a network": (private("lan"), f"{ROUTES}[0].network", "is not an IP address or a range of them"),
    "host bits": (
        private("10.43.0.1/16"),
        f"{ROUTES}[0].network",
        "has bits set behind its prefix. Accepted: 10.43.0.0/16",
    ),
    "all of IPv4": (
        private("0.0.0.0/0"),
        f"{ROUTES}[0].network",
        "is a part of the internet, not a private network: the connector would",
    ),
    "all of IPv6": (
        private("::/0"),
        f"{ROUTES}[0].network",
        "is a part of the internet, not a private network: the connector would",
    ),
    "half of IPv4": (
        private("10.0.0.0/8", "128.0.0.0/1"),
        f"{ROUTES}[1].network",
        "is a part of the internet, not a private network: the connector would",
    ),
    "loopback": (
        private("127.0.0.1"),
        f"{ROUTES}[0].network",
        "holds loopback, link-local, multicast or reserved addresses (a cloud's",
    ),
    "cloud metadata": (
        private("169.254.169.254"),
        f"{ROUTES}[0].network",
        "is the metadata service of most clouds",
    ),
    "link-local IPv6": (
        private("fe80::/64"),
        f"{ROUTES}[0].network",
        "holds loopback, link-local, multicast or reserved addresses (a cloud's",
    ),
    "multicast": (
        private("224.0.0.251"),
        f"{ROUTES}[0].network",
        "holds loopback, link-local, multicast or reserved addresses (a cloud's",
    ),
    "a network twice": (private("10.43.0.0/16", "10.43.0.0/16"), ROUTES, "overlap, and both lead to this tunnel"),
    "a network within another": (
        private("10.43.0.0/16", "10.0.0.0/8"),
        ROUTES,
        "has networks that overlap, and both lead to this tunnel: routes[0] and",
    ),
    "a long comment": (private({"network": "10.43.0.0/16", "comment": "x" * 61}), f"{ROUTES}[0].comment", "at most 60"),
    "two lines of comment": (
        private({"network": "10.43.0.0/16", "comment": "a\nb"}),
        f"{ROUTES}[0].comment",
        "on one line",
    ),
    "no ports": (private({"network": "10.43.0.0/16", "ports": []}), f"{ROUTES}[0].ports", "must not be empty"),
    "port nought": (private({"network": "10.43.0.0/16", "ports": [0]}), f"{ROUTES}[0].ports[0]", "from 1 to 65535"),
    "a protocol of no ports": (
        private({"network": "10.43.0.0/16", "protocol": "UDP"}),
        f"{ROUTES}[0]",
        "has a protocol without ports: without ports every port of every",
    ),
    "another protocol": (
        private({"network": "10.43.0.0/16", "ports": [1], "protocol": "SCTP"}),
        f"{ROUTES}[0].protocol",
        "TCP or UDP",
    ),
    "UDP over HTTP/2": (
        udp("http2"),
        f"{ROUTES}[1].protocol",
        "is not carried over HTTP/2, which is the connector's protocol",
    ),
    "a virtual network of no name": (
        virtual(),
        "privateNetworks.virtualNetwork",
        "must have exactly one of name and id, but has none of them",
    ),
    "a virtual network by both": (
        virtual(name="a", id=ID),
        "privateNetworks.virtualNetwork",
        "must have exactly one of name and id, but has name and id",
    ),
    "an empty name": (virtual(name=""), "privateNetworks.virtualNetwork.name", "1 to 64 letters"),
    "a name with a space": (virtual(name="home lab"), "privateNetworks.virtualNetwork.name", "1 to 64 letters"),
    "a virtual network's name as its id": (virtual(id="homelab"), "privateNetworks.virtualNetwork.id", "a UUID"),
    "a default of one's own": (
        virtual(name="a", isDefault=True),
        "privateNetworks.virtualNetwork.isDefault",
        "isDefault",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)


def test_an_id_is_kept_in_lower_case() -> None:
    chosen = Settings.parse(virtual(id=ID.upper())).private_networks
    assert chosen
    assert chosen.virtual_network
    assert chosen.virtual_network.id == ID

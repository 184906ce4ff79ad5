"""Ports, protocols and ranges of IP addresses."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import AfterValidator, StrictInt

from settings import references
from settings.errors import reject
from settings.schema import Accepts, Example
from settings.types.cloud_metadata import metadata_service

MIN_PREFIX = 8
"""Shortest prefix: 10.0.0.0/8 is the largest private range; any wider one also holds a part of the internet."""
NON_ROUTABLE = tuple(
    map(ip_network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/8", "fe80::/10", "ff00::/8"))
)
IPV4_MAPPED = IPv6Network("::ffff:0:0/96")
MAX_DNS_SERVERS = 256
_LENGTHS = {4: (8, 16, 24), 6: (32, 48, 64)}
"""Usual lengths of ranges, by IP version."""


def require_length(text: str, network: IPv4Network | IPv6Network) -> None:
    """Reject the first address of a range without its length: other tools write 10.20.0.0 for 10.20.0.0/16, and alone
    it
    is a single address."""
    address = int(network.network_address)
    zeros = (address & -address).bit_length() - 1
    length = next((each for each in _LENGTHS[network.version] if network.max_prefixlen - each <= zeros), None)
    if "/" not in text and length:
        accepted = f"{network.network_address}/{length} for a range, {network} for this one address"
        reject("is the first address of a range, without the range's length", accepted, references.IP_ADDRESSES)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        bare = re.sub(r"^\[(.*?)\](.*)$", r"\1\2", text)
        reject("is not an IP address or a range of them", bare if bare != text else None)
    require_length(text, network)
    if isinstance(network, IPv6Network) and network.subnet_of(IPV4_MAPPED):
        # The API server rejects this notation in a network policy, and every other reader takes it for IPv4.
        plain = ip_network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
        reject("is in IPv4-mapped notation", str(plain), references.IP_ADDRESSES)
    if network.network_address != ip_interface(text).ip:
        reject("has bits set behind its prefix", str(network), references.IP_ADDRESSES)
    return network


def _routable(network: IPv4Network | IPv6Network) -> str:
    if metadata_service(network):
        return str(network)  # Reported between keys, unless networkPolicy.allowCloudMetadata confirms it.
    if any(network.version == other.version and network.overlaps(other) for other in NON_ROUTABLE):
        problem = "holds loopback, link-local, multicast or reserved addresses (a cloud's metadata service is at one)"
        reject(problem, source=references.IP_ADDRESSES)
    return str(network)


def destination_cidr(text: str) -> str:
    """A range that the network policy may allow besides the routes' backends."""
    network = _network(text)
    if network.prefixlen < MIN_PREFIX:
        problem = "is a part of the internet, not a single destination"
        accepted = "a range no wider than /8, or networkPolicy.preset: guide, which allows the internet"
        reject(problem, accepted, references.KUBERNETES_POLICIES)
    return _routable(network)


def private_network_cidr(text: str) -> str:
    """A network routed through the tunnel, as the API writes it: an address alone is a range of one."""
    network = _network(text)
    if network.prefixlen < MIN_PREFIX:
        reject("is a part of the internet, not a private network: the connector would become a way out to it")
    return _routable(network)


def dns_server_cidr(text: str) -> str:
    """The addresses of DNS servers."""
    network = _network(text)
    if network.num_addresses > MAX_DNS_SERVERS:
        reject(f"must hold at most {MAX_DNS_SERVERS} addresses of DNS servers", source=references.KUBERNETES_DNS)
    return str(network)


Port = Annotated[StrictInt, Ge(1), Le(65535), Example(443)]
Protocol = Annotated[Literal["TCP", "UDP"], Accepts("TCP or UDP", references.KUBERNETES_POLICIES, ("UDP",))]
_RANGE = "no wider than /8"
DestinationCidr = Annotated[
    str,
    AfterValidator(destination_cidr),
    Accepts(f"an address, or a range such as 10.20.0.0/16, {_RANGE}", references.IP_ADDRESSES, ("10.20.0.0/16",)),
]
PrivateNetworkCidr = Annotated[
    str,
    AfterValidator(private_network_cidr),
    Accepts(
        f"an address, or a range such as 10.43.0.0/16, {_RANGE}",
        references.CLOUDFLARE_ROUTES,
        ("10.43.0.0/16", "192.168.1.20"),
    ),
]
DnsServerCidr = Annotated[
    str,
    AfterValidator(dns_server_cidr),
    Accepts("an address, or a range such as 10.20.0.8/30", references.KUBERNETES_NODE_LOCAL_DNS, ("169.254.20.10",)),
]

"""Metadata services of clouds: the addresses and names at which a machine is given its credentials."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

Network = IPv4Network | IPv6Network

# AWS, Google Cloud, Azure, Oracle, OpenStack and most others use 169.254.169.254.
_IPV4 = {
    "169.254.169.254": "the metadata service of most clouds",
    "169.254.170.2": "the credentials of tasks on Amazon ECS",
    "169.254.170.23": "the credentials of pods on Amazon EKS",
    "169.254.0.23": "the metadata service of Tencent Cloud",
    "169.254.42.42": "the metadata service of Scaleway",
    "100.100.100.200": "the metadata service of Alibaba Cloud",
    "192.0.0.192": "the metadata service of Oracle Cloud",
    "168.63.129.16": "the platform service of Azure",
}
_IPV6 = {
    "fd00:ec2::254": "the metadata service of AWS",
    "fd00:ec2::23": "the credentials of pods on Amazon EKS",
    "fd20:ce::254": "the metadata service of Google Cloud",
    "fd00:42::42": "the metadata service of Scaleway",
    "fe80::a9fe:a9fe": "the metadata service of OpenStack",
}
LINK_LOCAL = {"169.254.0.0/16": "link-local, where clouds have their metadata services"}
NAMES = {
    "metadata": "Google Cloud",
    "metadata.google.internal": "Google Cloud",
    "metadata.goog": "Google Cloud",
    "instance-data": "AWS",
    "instance-data.ec2.internal": "AWS",
    "metadata.tencentyun.com": "Tencent Cloud",
}
"""Host names of metadata services, each with its cloud."""


def _translated(network: IPv4Network) -> Iterator[IPv6Network]:
    """An IPv4 range in IPv6 notation: IPv4-mapped (RFC 4291), NAT64 (RFC 6052) and 6to4 (RFC 3056)."""
    first, length = int(network.network_address), network.prefixlen
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        yield IPv6Network((int(IPv6Network(prefix).network_address) | first, 96 + length))
    yield IPv6Network((int(IPv6Network("2002::").network_address) | first << 80, 16 + length))


def _with_translations(known: dict[str, str]) -> dict[Network, str]:
    found: dict[Network, str] = {}
    for text, service in known.items():
        network = ip_network(text)
        found[network] = service
        if isinstance(network, IPv4Network):
            found |= dict.fromkeys(_translated(network), service)
    return found


# Where a NAT64 prefix for local use embeds the IPv4 address is decided by the network (RFC 8215).
_LOCAL_NAT64: dict[Network, str] = {ip_network("64:ff9b:1::/48"): "NAT64, behind which metadata services are"}
SERVICES: dict[Network, str] = {**_with_translations({**_IPV4, **_IPV6}), **_LOCAL_NAT64}
"""Addresses of metadata services, in each notation, with what is there."""
RANGES: dict[Network, str] = {**SERVICES, **_with_translations(LINK_LOCAL)}
"""`SERVICES`, and all link-local IPv4 addresses: DNS servers on a node are at such addresses too, other origins are
not."""


def metadata_service(network: Network, of: dict[Network, str] = RANGES) -> str:
    """What a range or an address is at a cloud, where all of it belongs to a metadata service; else empty."""
    return next((service for known, service in of.items() if _within(network, known)), "")


def metadata_within(network: Network) -> tuple[str, ...]:
    """The addresses of metadata services inside a range that has others too, sorted."""
    inside = [known for known in SERVICES if known != network and _within(known, network)]
    return tuple(map(str, collapse_addresses(inside)))  # pyright: ignore[reportArgumentType] - all of one version


def _within(network: Network, other: Network) -> bool:
    return network.version == other.version and network.subnet_of(other)  # pyright: ignore[reportArgumentType]

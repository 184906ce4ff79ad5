"""Flows that the connector's network policy allows, independent of the policy engine.

The modules `kubernetes`, `calico` and `cilium` render these flows as the policy of one engine. Flows are plain, sorted
values: reordering the routes of a stack file never changes a policy.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from components.network_policy.peers import DestinationArgs, ResolverArgs, check_peers
from components.network_policy.rejected import rejected
from settings.types.cloud_metadata import metadata_within

METRICS_PORT = 2000

# https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/configure-tunnels/tunnel-with-firewall/
# Port 7844 carries QUIC over UDP and HTTP/2 over TCP; the ranges hold the addresses of both regions.
EDGE_RANGES = ("198.41.192.0/24", "198.41.200.0/24", "2606:4700:a0::/48", "2606:4700:a8::/48")
# The region `us` has addresses of its own: https://developers.cloudflare.com/tunnel/configuration/#firewall-rules
US_EDGE_RANGES = ("198.41.218.0/24", "198.41.219.0/24", "2606:4700:a1::/48", "2606:4700:a9::/48")
EDGE_PORT = 7844
DNS_PORT = 53

# NodeLocal DNSCache listens on the node, where no selector matches it, at a link-local address:
# https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
NODE_LOCAL_DNS = "169.254.20.10/32"

# Ranges that are not globally reachable (https://www.iana.org/assignments/iana-ipv4-special-registry), and multicast
# (RFC 5771), the reserved block above it and the retired 6to4 relays (RFC 7526).
PRIVATE_IPV4 = (
    "0.0.0.0/8",  # this network
    "10.0.0.0/8",  # private
    "100.64.0.0/10",  # carrier NAT, the nodes and pods of some clouds, and the metadata of Alibaba's
    "127.0.0.0/8",  # loopback
    "169.254.0.0/16",  # link-local: cloud metadata
    "168.63.129.16/32",  # a public address, at which Azure serves each of its machines
    "172.16.0.0/12",  # private
    "192.0.0.0/24",  # protocol assignments, and the metadata of Oracle's cloud
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",  # 6to4 relays
    "192.168.0.0/16",  # private
    "198.18.0.0/15",  # benchmarks
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, broadcast
)

# The internet of IPv6: the only range that IANA allocates global addresses from. Outside it are unique local,
# link-local and multicast addresses, and with ::/8 the notations that embed private IPv4 addresses: IPv4-mapped and
# NAT64. https://www.iana.org/assignments/ipv6-address-space
GLOBAL_IPV6 = "2000::/3"

# The parts of it that are not global: https://www.iana.org/assignments/iana-ipv6-special-registry
SPECIAL_IPV6 = (
    "2001::/23",  # protocol assignments: Teredo, benchmarks
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4: wraps an IPv4 address
    "3fff::/20",  # documentation
)


@dataclass(frozen=True)
class Port:
    """One port, by its number or, of pods, by its name; `protocol` is TCP or UDP."""

    number: int | str
    protocol: str


@dataclass(frozen=True)
class Pods:
    """Pods of one namespace with all of `labels`; without labels, every pod."""

    namespace: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Addresses:
    """A range of addresses, except some ranges within it, all of one address family."""

    cidr: str
    excepted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Name:
    """The addresses that a DNS name resolves to."""

    name: str


@dataclass(frozen=True)
class Entity:
    """What Cilium knows by a name of its own."""

    name: str


Peer = Pods | Addresses | Name | Entity


@dataclass(frozen=True)
class Flow:
    """Traffic with any of `peers` on any of `ports`; without ports, on every port. `dns`: the peers are DNS servers."""

    peers: tuple[Peer, ...]
    ports: tuple[Port, ...] = ()
    dns: bool = False

    def __post_init__(self) -> None:
        if not self.peers:
            raise ValueError(f"a flow needs peers: ports {self.ports} without peers would allow every destination")


# Labels of CoreDNS in Kubernetes and most distributions; NodeLocal DNSCache has an address of the node and,
# where Cilium redirects to it, pods (https://docs.cilium.io/en/stable/network/kubernetes/local-redirect-policy/).
RESOLVERS: tuple[ResolverArgs, ...] = (
    {"namespace": "kube-system", "pod_selector": {"k8s-app": "kube-dns"}},
    {"namespace": "kube-system", "pod_selector": {"k8s-app": "node-local-dns"}},
    {"cidr": NODE_LOCAL_DNS},
)
_INTERNET = Flow((Addresses("0.0.0.0/0", PRIVATE_IPV4), Addresses(GLOBAL_IPV6, SPECIAL_IPV6)))


def egress(
    preset: str,
    namespace: str,
    destinations: Iterable[DestinationArgs],
    region: str | None = None,
    resolvers: Sequence[ResolverArgs] = (),
) -> tuple[Flow, ...]:
    """Egress of the connector in `namespace`.

    `strict`: Cloudflare's edge (of `region`, if set), cluster DNS, and each destination on its port. `guide`: the whole
    namespace, the internet except every private and special range, cluster DNS, and the destinations that none of these
    covers. `resolvers`: the cluster's DNS servers, if not `RESOLVERS`.
    Raises ArgumentError.
    """
    destinations = [*destinations]
    check_peers(destinations, resolvers)
    dns = _dns(resolvers or RESOLVERS)
    if preset == "strict":
        return (_edge(region), *dns, *_backends(destinations))
    if preset == "guide":
        home = Flow((Pods(namespace),))
        return (home, _INTERNET, *dns, *_backends(d for d in destinations if not _in_guide(d, namespace)))
    raise rejected(("preset", f"is {preset!r}; accepted: one of strict and guide"))


def _edge(region: str | None) -> Flow:
    if region not in (None, "us"):
        raise rejected(("region", f"is {region!r}; accepted: us"))
    ranges = US_EDGE_RANGES if region else EDGE_RANGES
    return Flow(tuple(Addresses(cidr) for cidr in ranges), (Port(EDGE_PORT, "UDP"), Port(EDGE_PORT, "TCP")))


def ingress(metrics_from: str | None) -> tuple[Flow, ...]:
    """Ingress of the connector: none, or its metrics from one namespace.

    The kubelet's probes come from the node, which no policy can block:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    if not metrics_from:
        return ()
    return (Flow((Pods(metrics_from),), (Port(METRICS_PORT, "TCP"),)),)


def _dns(resolvers: Sequence[ResolverArgs]) -> list[Flow]:
    ports = dict.fromkeys(resolver.get("port", DNS_PORT) for resolver in resolvers)
    peers = {port: tuple(_peer(each) for each in resolvers if each.get("port", DNS_PORT) == port) for port in ports}
    return [Flow(servers, (Port(port, "UDP"), Port(port, "TCP")), dns=True) for port, servers in peers.items()]


def _backends(destinations: Iterable[DestinationArgs]) -> list[Flow]:
    flows = {Flow((_peer(destination),), _ports(destination)) for destination in destinations}
    return sorted(flows, key=repr)


def _ports(destination: DestinationArgs) -> tuple[Port, ...]:
    port = destination.get("port") or destination.get("port_name")
    return (Port(port, destination.get("protocol", "TCP")),) if port else ()


def _peer(peer: DestinationArgs | ResolverArgs) -> Peer:
    if cidr := peer.get("cidr"):
        network = ip_network(cidr)
        # A cloud's metadata service is reached where it is named itself, never as part of a range.
        return Addresses(str(network), metadata_within(network))
    if name := peer.get("name"):
        return Name(str(name))
    if entity := peer.get("entity"):
        return Entity(str(entity))
    return Pods(str(peer.get("namespace")), _labels(peer.get("pod_selector", {})))


def _labels(selector: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(selector.items()))


def _in_guide(destination: DestinationArgs, namespace: str) -> bool:
    if "cidr" not in destination:
        # The addresses of a name are unknown, and may be private.
        return destination.get("namespace") == namespace
    network = ip_network(destination["cidr"])
    return any(_contains(peer, network) for peer in _INTERNET.peers if isinstance(peer, Addresses))


def _contains(addresses: Addresses, network: IPv4Network | IPv6Network) -> bool:
    everything, excepted = ip_network(addresses.cidr), map(ip_network, addresses.excepted)
    return (
        everything.version == network.version
        and network.subnet_of(everything)  # pyright: ignore[reportArgumentType] - of the same version
        and not any(network.overlaps(other) for other in excepted)
    )

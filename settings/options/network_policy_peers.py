"""What the network policy opens besides the routes' backends: destinations that are written down, and DNS servers."""

from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictInt, model_validator

from settings import references, types
from settings.errors import reject
from settings.schema import Options, setting

RANGE = "an address, or a range such as 10.20.0.0/16 that is no wider than /8"
RESOLVER_RANGE = "an address, or a range such as 10.20.0.8/30"
NAME = "a DNS name outside the cluster, such as db.example.net"
ONE_PEER = "exactly one of cidr, namespace and name"
ONE_RESOLVER = "exactly one of cidr and namespace"
PORT = "a whole number from 1 to 65535"
WIDEST = 8
"""Shortest prefix: 10.0.0.0/8 is the largest private range, and anything wider opens a part of the internet with it."""

NOWHERE = tuple(
    map(ip_network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/8", "fe80::/10", "ff00::/8"))
)

Port = Annotated[StrictInt, Field(ge=1, le=65535)]
NamespaceName = Annotated[str, AfterValidator(types.namespace_name)]
Labels = Annotated[dict[str, str], AfterValidator(types.labels)]


def _network(text: str, accepted: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        reject("it is no range of addresses", accepted, references.IP_ADDRESSES)
    if network.network_address != ip_interface(text).ip:
        reject("it has bits set behind its prefix", str(network), references.IP_ADDRESSES)
    return network


def _range(text: str) -> str:
    network = _network(text, RANGE)
    if network.prefixlen < WIDEST:
        why = "that is a part of the internet, and no single destination"
        reject(why, f"{RANGE}, or the preset guide, which opens the internet", references.KUBERNETES_POLICIES)
    return _somewhere(network)


def private_range(text: str) -> str:
    """A network that is routed through the tunnel, as the API writes it: an address alone is a range of one."""
    network = _network(text, RANGE)
    if network.prefixlen < WIDEST:
        why = "that is a part of the internet, and no private network: the connector would be everybody's way out"
        reject(why, RANGE, references.CLOUDFLARE_ROUTES)
    return _somewhere(network)


def _somewhere(network: IPv4Network | IPv6Network) -> str:
    if any(network.version == other.version and network.overlaps(other) for other in NOWHERE):
        why = "loopback, link-local, multicast and reserved addresses are no destinations (a cloud's metadata is at one of them)"
        reject(why, RANGE, references.IP_ADDRESSES)
    return str(network)


def _resolver(text: str) -> str:
    network = _network(text, RESOLVER_RANGE)
    if network.num_addresses > 256:
        reject("no cluster has so many DNS servers", RESOLVER_RANGE, references.KUBERNETES_DNS)
    return str(network)


def _name(text: str) -> str:
    name = types.domain_name(text, NAME)
    if name.endswith((".svc", ".cluster.local")):
        why = "a policy sees pods behind a Service, not the Service's name"
        reject(why, "namespace and pods in its place", references.KUBERNETES_POLICIES)
    return name


class AllowedPeer(Options):
    """A destination besides the routes' backends, on some ports."""

    cidr: Annotated[str, AfterValidator(_range)] | None = setting(
        "Addresses outside the cluster. What is private is open once it is written here.",
        RANGE,
        references.KUBERNETES_POLICIES,
        examples=["10.20.0.0/16"],
        default=None,
    )
    namespace: NamespaceName | None = setting(
        "Namespace of pods.",
        "the name of a namespace",
        references.KUBERNETES_NAMESPACES,
        examples=["shop"],
        default=None,
    )
    pods: Labels = setting(
        "Labels of the pods in that namespace. Left out, every pod of it.",
        "labels, each a name and a text, beside namespace",
        references.KUBERNETES_LABELS,
        examples=[{"app": "db"}],
        default={},
    )
    name: Annotated[str, AfterValidator(_name)] | None = setting(
        "A DNS name, where the engine has such: cilium.",
        NAME,
        references.CILIUM_POLICIES,
        examples=["db.example.net"],
        default=None,
    )
    ports: tuple[Port, ...] = setting(
        "Ports, as a policy sees them: the pods' own, not their Service's.",
        f"one or more, each {PORT}",
        references.KUBERNETES_POLICIES,
        examples=[[5432]],
        min_length=1,
    )
    protocol: Literal["TCP", "UDP"] = setting(
        "Protocol of these ports.",
        "TCP or UDP",
        references.KUBERNETES_POLICIES,
        examples=["UDP"],
        default="TCP",
    )

    @model_validator(mode="after")
    def _one_peer(self) -> "AllowedPeer":
        _one_of(self, [self.cidr, self.namespace, self.name], ONE_PEER)
        return self


class DnsServer(Options):
    """DNS servers that the cluster's pods ask, over UDP and TCP."""

    cidr: Annotated[str, AfterValidator(_resolver)] | None = setting(
        "Their addresses, where they are no pods: NodeLocal DNSCache listens on the node.",
        RESOLVER_RANGE,
        references.KUBERNETES_NODE_LOCAL_DNS,
        examples=["169.254.20.10"],
        default=None,
    )
    namespace: NamespaceName | None = setting(
        "Namespace of their pods.",
        "the name of a namespace",
        references.KUBERNETES_NAMESPACES,
        examples=["openshift-dns"],
        default=None,
    )
    pods: Labels = setting(
        "Labels of their pods in that namespace. Left out, every pod of it.",
        "labels, each a name and a text, beside namespace",
        references.KUBERNETES_LABELS,
        examples=[{"dns.operator.openshift.io/daemonset-dns": "default"}],
        default={},
    )
    port: Port = setting(
        "Port that they listen on, as a policy sees it: the pods' own, not their Service's.",
        PORT,
        references.KUBERNETES_DNS,
        examples=[5353],
        default=53,
    )

    @model_validator(mode="after")
    def _one_peer(self) -> "DnsServer":
        _one_of(self, [self.cidr, self.namespace], ONE_RESOLVER)
        return self


def _one_of(options: Any, peers: list[Any], accepted: str) -> None:
    given = [peer for peer in peers if peer is not None]
    if len(given) != 1:
        reject(f"it names {'none' if not given else 'more than one'}", accepted, references.KUBERNETES_POLICIES)
    if options.pods and options.namespace is None:
        reject("pods are those of a namespace", "pods beside namespace", references.KUBERNETES_LABELS)

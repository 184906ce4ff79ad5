"""Private networks that WARP clients reach through the tunnel."""

from ipaddress import ip_network
from typing import Annotated

from annotated_types import MinLen
from pydantic import AfterValidator, StrictBool, field_validator, model_validator

from settings import references
from settings.errors import reject, repeated, require_one
from settings.schema import Accepts, Example, Options
from settings.types.cloudflare import VirtualNetworkId
from settings.types.dns import domain_name
from settings.types.network import Port, PrivateNetworkCidr, Protocol


def _virtual_network_name(text: str) -> str:
    if not 1 <= len(text) <= 64 or not all(sign.isascii() and (sign.isalnum() or sign in "-_.") for sign in text):
        reject("is not a valid name of a virtual network")
    return text


def _comment(text: str) -> str:
    if len(text) > 60 or not text.isprintable():
        reject("is not a valid comment: the API stores 100 characters, of which project and stack come first")
    return text


VirtualNetworkName = Annotated[
    str,
    AfterValidator(_virtual_network_name),
    Accepts("1 to 64 letters, digits, hyphens, underscores and dots", examples=("homelab",)),
]
Comment = Annotated[
    str, AfterValidator(_comment), Accepts("at most 60 characters on one line", examples=("cluster services",))
]


PrivateHostname = Annotated[
    str,
    AfterValidator(domain_name),
    Accepts(
        "a DNS name such as wiki.internal.example", references.CLOUDFLARE_HOSTNAME_ROUTES, ("wiki.internal.example",)
    ),
]


class VirtualNetworkOptions(Options):
    """The virtual network of the routes: one that the stack creates, or one that exists."""

    SOURCE = references.CLOUDFLARE_VIRTUAL_NETWORKS

    name: VirtualNetworkName | None = None
    """Name of a virtual network that the stack creates, and deletes with itself; unique in the account. Users select it
    by this name in their client."""
    id: VirtualNetworkId | None = None
    """Id of a virtual network that exists outside the stack."""

    @model_validator(mode="after")
    def _one_network(self) -> "VirtualNetworkOptions":
        require_one({"name": self.name, "id": self.id})
        return self


class PrivateRouteOptions(Options):
    """A network reached through the tunnel, by its addresses or by a hostname, and the part of it that the network
    policy allows."""

    SOURCE = references.CLOUDFLARE_ROUTES

    network: PrivateNetworkCidr
    """Addresses that the connector dials: of the LAN, of pods, or of Services."""
    hostname: PrivateHostname | None = None
    """A private hostname, with the addresses that it may resolve to as `network`: only the hostname leads there, not
    the addresses. Gateway resolves it."""
    comment: Comment = ""
    """Comment of the route in the dashboard, after project and stack."""
    ports: Annotated[
        tuple[Port, ...],
        MinLen(1),
        Accepts("one or more, each a whole number from 1 to 65535", references.KUBERNETES_POLICIES, ([443],)),
    ] = ()
    """Ports of this network that the network policy allows. Omitted, every port of every protocol."""
    protocol: Annotated[Protocol, Accepts("TCP or UDP, with ports")] = "TCP"
    """Protocol of these ports."""

    @model_validator(mode="after")
    def _protocol_requires_ports(self) -> "PrivateRouteOptions":
        if "protocol" in self.model_fields_set and not self.ports:
            problem = "has a protocol without ports: without ports every port of every protocol is allowed"
            reject(problem, "protocol with ports", references.KUBERNETES_POLICIES)
        return self


class PrivateNetworksOptions(Options):
    """Networks that WARP clients reach by private addresses, through this tunnel."""

    SOURCE = references.CLOUDFLARE_ROUTES

    virtual_network: Annotated[
        VirtualNetworkOptions | None,
        Accepts("{name} or {id}", references.CLOUDFLARE_VIRTUAL_NETWORKS, ({"name": "homelab"},)),
    ] = None
    """Virtual network of the routes. Omitted, the account's default."""
    ping: StrictBool = False
    """Whether the networks answer pings: the pods may then send ICMP echo requests. Networks with ports do not, since
    a network policy with ports has none for ICMP."""
    routes: Annotated[
        tuple[PrivateRouteOptions, ...],
        MinLen(1),
        Example([{"network": "10.43.0.0/16", "comment": "cluster services", "ports": [443]}]),
    ]
    """The networks. The connector's network policy allows each of them."""

    @field_validator("routes")
    @classmethod
    def _disjoint(cls, routes: tuple[PrivateRouteOptions, ...]) -> tuple[PrivateRouteOptions, ...]:
        _require_unique_hostnames(routes)
        networks = [ip_network(route.network) for route in routes if not route.hostname]
        for number, network in enumerate(networks):
            for other, earlier in enumerate(networks[:number]):
                if network.version == earlier.version and network.overlaps(earlier):
                    problem = (
                        f"has networks that overlap, and both lead to this tunnel: routes[{other}] and routes[{number}]"
                    )
                    accepted = "networks that do not overlap; more of one can be allowed by networkPolicy.allow"
                    reject(f"{problem}, {earlier} and {network}", accepted)
        return routes


def _require_unique_hostnames(routes: tuple[PrivateRouteOptions, ...]) -> None:
    if duplicates := repeated(route.hostname for route in routes if route.hostname):
        reject(f"must have each hostname once; repeated: {', '.join(duplicates)}", source=references.CLOUDFLARE_ROUTES)

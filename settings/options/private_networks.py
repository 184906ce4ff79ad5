"""Private networks that people with the WARP client reach through the tunnel."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, field_validator, model_validator

from settings import references, types
from settings.derived.destinations import AddressDestination, Destination, NetworkDestination
from settings.errors import reject
from settings.options.network_policy_peers import PORT, Port, private_range
from settings.schema import Options, setting

NAME = "1 to 64 letters, digits, hyphens, underscores and dots"
ID = "the id of a virtual network, a UUID, from dashboard > Networks > Routes > Virtual networks"
COMMENT = "at most 60 characters on one line"
ONE_NETWORK = "exactly one of name and id"


def _name(text: str) -> str:
    if not 1 <= len(text) <= 64 or not all(sign.isascii() and (sign.isalnum() or sign in "-_.") for sign in text):
        reject("people choose it by this name in their client", NAME, references.CLOUDFLARE_VIRTUAL_NETWORKS)
    return text


def _id(text: str) -> str:
    if not types.is_uuid(text.lower()):
        reject("it is no id of a virtual network", ID, references.CLOUDFLARE_VIRTUAL_NETWORKS)
    return text.lower()


def _comment(text: str) -> str:
    if len(text) > 60 or not text.isprintable():
        reject("the API keeps 100 characters, and project and stack come first", COMMENT, references.CLOUDFLARE_ROUTES)
    return text


class VirtualNetworkOptions(Options):
    """The virtual network that the routes are in: one that the stack makes, or one that is there."""

    name: Annotated[str, AfterValidator(_name)] | None = setting(
        "Name of a virtual network that the stack makes, and deletes with itself; free in the account. People choose it by "
        "this name in their client.",
        NAME,
        references.CLOUDFLARE_VIRTUAL_NETWORKS,
        examples=["homelab"],
        default=None,
    )
    id: Annotated[str, AfterValidator(_id)] | None = setting(
        "Id of a virtual network that somebody else keeps.",
        ID,
        references.CLOUDFLARE_VIRTUAL_NETWORKS,
        examples=["f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"],
        default=None,
    )

    @model_validator(mode="after")
    def _one(self) -> "VirtualNetworkOptions":
        given = [each for each in (self.name, self.id) if each is not None]
        if len(given) != 1:
            why = f"it names {'none' if not given else 'both'}"
            reject(why, ONE_NETWORK, references.CLOUDFLARE_VIRTUAL_NETWORKS)
        return self


class PrivateRouteOptions(Options):
    """A network that is reached through the tunnel, and what the network policy opens of it."""

    network: Annotated[str, AfterValidator(private_range)] = setting(
        "Addresses as the connector dials them: of the LAN, of pods, or of Services.",
        "an address, or a range such as 10.43.0.0/16 that is no wider than /8",
        references.CLOUDFLARE_ROUTES,
        examples=["10.43.0.0/16", "192.168.1.20"],
    )
    comment: Annotated[str, AfterValidator(_comment)] = setting(
        "Shown beside the route in the dashboard, after project and stack.",
        COMMENT,
        references.CLOUDFLARE_ROUTES,
        examples=["cluster services"],
        default="",
    )
    ports: tuple[Port, ...] = setting(
        "Ports that the network policy opens of this network. Left out, every port of every protocol.",
        f"one or more, each {PORT}",
        references.KUBERNETES_POLICIES,
        examples=[[443]],
        default=(),
        min_length=1,
    )
    protocol: Literal["TCP", "UDP"] = setting(
        "Protocol of these ports.",
        "TCP or UDP, beside ports",
        references.KUBERNETES_POLICIES,
        examples=["UDP"],
        default="TCP",
    )

    @model_validator(mode="after")
    def _with_ports(self) -> "PrivateRouteOptions":
        if "protocol" in self.model_fields_set and not self.ports:
            why = "without ports everything of the network is open, whatever the protocol"
            reject(why, "protocol beside ports", references.KUBERNETES_POLICIES)
        return self


class PrivateNetworksOptions(Options):
    """What people with the WARP client reach by private addresses, through this tunnel."""

    virtual_network: VirtualNetworkOptions | None = setting(
        "The virtual network that the routes are in. Left out, the account's default one.",
        "{name} or {id}",
        references.CLOUDFLARE_VIRTUAL_NETWORKS,
        examples=[{"name": "homelab"}],
        default=None,
    )
    routes: tuple[PrivateRouteOptions, ...] = setting(
        "The networks. Each is also an opening in the connector's network policy.",
        "one or more of {network, comment, ports, protocol}",
        references.CLOUDFLARE_ROUTES,
        examples=[[{"network": "10.43.0.0/16", "comment": "cluster services", "ports": [443]}]],
        min_length=1,
    )

    @field_validator("routes")
    @classmethod
    def _apart(cls, routes: tuple[PrivateRouteOptions, ...]) -> tuple[PrivateRouteOptions, ...]:
        networks = [ip_network(route.network) for route in routes]
        for number, network in enumerate(networks):
            for other, before in enumerate(networks[:number]):
                if network.version == before.version and network.overlaps(before):
                    why = f"routes[{other}] and routes[{number}], {before} and {network}, overlap, and both lead to this tunnel"
                    accepted = "networks apart from each other; what else to open of one is said by networkPolicy.allow"
                    reject(why, accepted, references.CLOUDFLARE_ROUTES)
        return routes


def destinations(options: PrivateNetworksOptions | None) -> Iterable[Destination]:
    """What the connector must reach for these networks."""
    for route in options.routes if options else ():
        if not route.ports:
            yield NetworkDestination(route.network)
        yield from (AddressDestination(route.network, port, route.protocol) for port in route.ports)

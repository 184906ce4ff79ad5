"""No way from a connector to addresses inside, but those that somebody declared."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from policy import declared_settings
from policy.egress_rules import egress_rules
from policy.ingress_rules import rules_of
from policy.network_policies import selecting
from policy.pods import connectors
from policy.property_paths import at, each, known
from policy.rule import Options, Rule
from policy.stack import Resource, Stack

Network = IPv4Network | IPv6Network

# What https://www.iana.org/assignments/iana-ipv4-special-registry and its IPv6 twin call not globally reachable, as far as
# something may answer there; the last three wrap an IPv4 address.
INSIDE: tuple[Network, ...] = tuple(
    ip_network(cidr)
    for cidr in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "2002::/16",
    )
)
DNS = 53


@dataclass(frozen=True)
class _Declared:
    """What may be reached although it is inside."""

    origins: frozenset[tuple[str, int]] | None
    """Address and port of each; None while a rule of the tunnel is not known yet."""
    resolvers: tuple[Network, ...]
    ranges: tuple[Network, ...]
    openings: tuple[tuple[Network, frozenset[int]], ...]
    """Ranges and ports that the stack's settings allow besides, DNS servers among them."""

    def has(self, network: Network, ports: Any) -> bool:
        """Whether all of `network` may be reached on all of `ports` (as a policy's rule has them; without any, all)."""
        if any(_within(network, known) for known in self.ranges):
            return True
        numbers = [at(port, "port") for port in each(ports) if at(port, "endPort") is None]
        if not numbers or len(numbers) < len(each(ports)):
            return False
        if any(_within(network, known) for known in self.resolvers) and all(number == DNS for number in numbers):
            return True
        if any(_within(network, allowed) and set(numbers) <= open_ports for allowed, open_ports in self.openings):
            return True
        return network.num_addresses == 1 and (
            self.origins is None or all((str(network.network_address), number) in self.origins for number in numbers)
        )


def _judge(resource: Resource, stack: Stack, options: Options) -> Iterator[str]:
    if not any(resource in selecting(pod, stack) for pod in connectors(stack)):
        return
    declared = _declared(stack, options)
    for index, rule in enumerate(egress_rules(resource)):
        peers, ports = at(rule, "to"), at(rule, "ports")
        if not peers:
            yield f"egress rule {index} names nobody, which means everybody, inside and outside"
        for peer in each(peers):
            yield from (f"egress rule {index} reaches {what}" for what in _reached(peer, ports, declared))


def _reached(peer: Any, ports: Any, declared: _Declared) -> Iterator[str]:
    if entity := at(peer, "entity"):
        yield f"the entity {entity}, which is inside"
        return
    everywhere = at(peer, "namespaceSelector")
    if everywhere is not None and _selects_all(everywhere):
        if _selects_all(at(peer, "podSelector")):
            yield "every pod of every namespace"
        return
    cidr = at(peer, "ipBlock", "cidr")
    if not isinstance(cidr, str):
        return
    allowed, excepted = (
        ip_network(cidr, strict=False),
        [ip_network(text, strict=False) for text in each(at(peer, "ipBlock", "except"))],
    )
    if declared.has(allowed, ports):
        return
    for inside in INSIDE:
        if allowed.version == inside.version and allowed.overlaps(inside):
            common = max(allowed, inside, key=lambda network: network.prefixlen)
            if left := _less(common, excepted):
                yield f"{', '.join(str(network) for network in left[:3])}{' and more' if left[3:] else ''} by {cidr}"


def _less(network: Network, excepted: Iterable[Network]) -> list[Network]:
    """What is left of a range without others."""
    left = [network]
    for exception in excepted:
        left = [part for rest in left for part in _without(rest, exception)]
    return left


def _without(network: Network, exception: Network) -> list[Network]:
    if _within(network, exception):
        return []
    return list(network.address_exclude(exception)) if _within(exception, network) else [network]  # pyright: ignore[reportArgumentType]


def _within(network: Network, other: Network) -> bool:
    return network.version == other.version and network.subnet_of(other)  # pyright: ignore[reportArgumentType]


def _selects_all(selector: Any) -> bool:
    return not at(selector, "matchLabels") and not at(selector, "matchExpressions")


def _declared(stack: Stack, options: Options) -> _Declared:
    routes = [at(route.properties, "network") for route in stack.every("ZeroTrustTunnelCloudflaredRoute")]
    configurations = stack.every("ZeroTrustTunnelCloudflaredConfig")
    origins = frozenset(rule.address for tunnel in configurations for rule in rules_of(tunnel) if rule.address)
    return _Declared(
        origins if all(known(at(tunnel.properties, "config")) for tunnel in configurations) else None,
        tuple(ip_network(cidr) for cidr in options["resolvers"]),
        tuple(ip_network(cidr) for cidr in (*options["ranges"], *routes) if isinstance(cidr, str)),
        tuple(declared_settings.openings(stack)),
    )


EGRESS = Rule(
    name="egress-stays-outside",
    says="A connector reaches no private, link-local or loopback address that nobody declared. Declared is an origin that a rule "
    "of the stack's own tunnel names by address and port, what the settings allow besides (`networkPolicy.allow` and `dns`), and a network "
    "that the stack routes through the tunnel.",
    remedy="Except the private ranges from the policy's address block, or name the one address as the service of a route; for a range, "
    "add it to this rule's `ranges`.",
    judge=_judge,
    when="together",
    options={
        "ranges": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Private ranges that connectors may reach on every port, as 10.1.0.0/16.",
        },
        "resolvers": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["169.254.20.10/32"],
            "description": "Addresses of DNS servers inside, reachable on port 53 alone; NodeLocal DNSCache by default.",
        },
    },
)

"""Rule: connectors reach no private addresses except declared ones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from policy import declared_settings
from policy.egress_rules import egress_rules
from policy.ingress_rules import rules_of
from policy.network_policies import selecting
from policy.pods import connectors
from policy.property_paths import as_list, get_path, known
from policy.rule import Options, Rule
from policy.stack import Resource, Stack

Network = IPv4Network | IPv6Network

# Ranges that https://www.iana.org/assignments/iana-ipv4-special-registry and its IPv6 counterpart list as not globally
# reachable, if a host may answer there; 168.63.129.16 is global, but answers on the machines of Azure alone. The last
# three embed IPv4 addresses.
PRIVATE: tuple[Network, ...] = tuple(
    ip_network(cidr)
    for cidr in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
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
    """Private destinations that the stack declares."""

    origins: frozenset[tuple[str, int]] | None
    """Address and port of each origin; None while an ingress rule is unknown."""
    resolvers: tuple[Network, ...]
    ranges: tuple[Network, ...]
    allowed: tuple[tuple[Network, frozenset[int]], ...]
    """Ranges and ports of `networkPolicy.allow` and `networkPolicy.dns`."""

    def allows(self, network: Network, ports: Any) -> bool:
        """Whether the whole `network` is declared on all `ports` of a policy rule; no ports means every port."""
        if any(_within(network, known) for known in self.ranges):
            return True
        numbers = [get_path(port, "port") for port in as_list(ports) if get_path(port, "endPort") is None]
        if not numbers or len(numbers) < len(as_list(ports)):
            return False
        if any(_within(network, known) for known in self.resolvers) and all(number == DNS for number in numbers):
            return True
        if any(_within(network, declared) and set(numbers) <= open_ports for declared, open_ports in self.allowed):
            return True
        return network.num_addresses == 1 and (
            self.origins is None or all((str(network.network_address), number) in self.origins for number in numbers)
        )


def _validate(resource: Resource, stack: Stack, options: Options) -> Iterator[str]:
    if not any(resource in selecting(pod, stack) for pod in connectors(stack)):
        return
    declared = _declared(stack, options)
    for index, rule in enumerate(egress_rules(resource)):
        peers, ports = get_path(rule, "to"), get_path(rule, "ports")
        if not peers:
            yield f"egress rule {index} has no `to`, which allows every destination"
        for peer in as_list(peers):
            yield from (f"egress rule {index} reaches {what}" for what in _reached(peer, ports, declared))


def _reached(peer: Any, ports: Any, declared: _Declared) -> Iterator[str]:
    if entity := get_path(peer, "entity"):
        yield f"the entity {entity}, which is inside the cluster"
        return
    everywhere = get_path(peer, "namespaceSelector")
    if everywhere is not None and _selects_all(everywhere):
        if _selects_all(get_path(peer, "podSelector")):
            yield "every pod of every namespace"
        return
    cidr = get_path(peer, "ipBlock", "cidr")
    if not isinstance(cidr, str):
        return
    allowed, excepted = (
        ip_network(cidr, strict=False),
        [ip_network(text, strict=False) for text in as_list(get_path(peer, "ipBlock", "except"))],
    )
    if declared.allows(allowed, ports):
        return
    for private in PRIVATE:
        if allowed.version == private.version and allowed.overlaps(private):
            common = max(allowed, private, key=lambda network: network.prefixlen)
            if remaining := _subtract(common, excepted):
                shown = ", ".join(str(network) for network in remaining[:3])
                yield f"{shown}{' and more' if remaining[3:] else ''} by {cidr}"


def _subtract(network: Network, excepted: Iterable[Network]) -> list[Network]:
    """The parts of a range outside the excepted ranges."""
    remaining = [network]
    for exception in excepted:
        remaining = [part for rest in remaining for part in _without(rest, exception)]
    return remaining


def _without(network: Network, exception: Network) -> list[Network]:
    if _within(network, exception):
        return []
    return list(network.address_exclude(exception)) if _within(exception, network) else [network]  # pyright: ignore[reportArgumentType]


def _within(network: Network, other: Network) -> bool:
    return network.version == other.version and network.subnet_of(other)  # pyright: ignore[reportArgumentType]


def _selects_all(selector: Any) -> bool:
    return not get_path(selector, "matchLabels") and not get_path(selector, "matchExpressions")


def _declared(stack: Stack, options: Options) -> _Declared:
    routes = [get_path(route.properties, "network") for route in stack.every("ZeroTrustTunnelCloudflaredRoute")]
    configurations = stack.every("ZeroTrustTunnelCloudflaredConfig")
    origins = frozenset(rule.address for tunnel in configurations for rule in rules_of(tunnel) if rule.address)
    return _Declared(
        origins if all(known(get_path(tunnel.properties, "config")) for tunnel in configurations) else None,
        tuple(ip_network(cidr) for cidr in options["resolvers"]),
        tuple(ip_network(cidr) for cidr in (*options["ranges"], *routes) if isinstance(cidr, str)),
        tuple(declared_settings.allowed_ranges(stack)),
    )


EGRESS = Rule(
    name="no-private-egress",
    description="A connector reaches no private, link-local or loopback address unless the stack declares it: as an "
    "origin by address and port, under `networkPolicy.allow` or `networkPolicy.dns`, or as a private network routed "
    "through the tunnel.",
    remedy="Add the private ranges to the policy's `except`, or declare the address as the service of a route. Add a "
    "whole range to this rule's option `ranges`.",
    validate=_validate,
    scope="stack",
    options={
        "ranges": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Private ranges that connectors may reach on every port, such as 10.1.0.0/16.",
        },
        "resolvers": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["169.254.20.10/32"],
            "description": "Private addresses of DNS servers, reachable on port 53 only. The default is NodeLocal "
            "DNSCache.",
        },
    },
)

"""Destinations and DNS servers of a network policy, as arguments, and their check.

What is left out of a policy allows more, so nothing follows from a key that is absent: all pods and all ports must be
named.
"""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any, NotRequired, TypedDict

from components.argument_check import ArgumentMistake, argument_mistakes
from components.network_policy.rejected import rejected


class DestinationArgs(TypedDict):
    """Pods of a namespace, a range of addresses, a DNS name or an entity, on one port or on every one."""

    port: NotRequired[int]
    """Port that the pods listen on, not the Service's: a policy applies after the Service's address is translated."""
    port_name: NotRequired[str]
    """Name that the pods' specification gives the port, instead of `port`."""
    every_port: NotRequired[bool]
    """Allows every port of every protocol, instead of `port`."""
    namespace: NotRequired[str]
    """Namespace of the pods."""
    pod_selector: NotRequired[dict[str, str]]
    """Labels of the pods, at least one."""
    every_pod: NotRequired[bool]
    """Allows every pod of the namespace, instead of `pod_selector`."""
    cidr: NotRequired[str]
    """Addresses outside the cluster, instead of pods: `192.0.2.7/32`."""
    name: NotRequired[str]
    """A DNS name outside the cluster, instead of pods. Supported by the `cilium` engine only."""
    entity: NotRequired[str]
    """What Cilium knows by a name of its own, such as `kube-apiserver`, instead of pods. Supported by the `cilium`
    engine only."""
    protocol: NotRequired[str]
    """`TCP` (the default) or `UDP`."""


class ResolverArgs(TypedDict):
    """DNS servers: pods of a namespace, or a range of addresses, over UDP and TCP."""

    port: NotRequired[int]
    """Port that the pods listen on, not the Service's; 53 by default."""
    namespace: NotRequired[str]
    """Namespace of the pods."""
    pod_selector: NotRequired[dict[str, str]]
    """Labels of the pods, at least one."""
    every_pod: NotRequired[bool]
    """Allows every pod of the namespace, instead of `pod_selector`."""
    cidr: NotRequired[str]
    """Addresses, instead of pods: `169.254.20.10/32`."""


def check_peers(destinations: Any, resolvers: Any) -> None:
    """Check destinations and DNS servers. Raises ArgumentError; outputs, and what is in them, are not checked."""
    mistakes = [
        *_mistakes("destinations", destinations, DestinationArgs),
        *_mistakes("resolvers", resolvers, ResolverArgs),
    ]
    if mistakes:
        raise rejected(*mistakes)


def _mistakes(key: str, peers: Any, expected: Any) -> Iterator[ArgumentMistake]:
    found = list(argument_mistakes(peers, list[expected], key))
    yield from found
    if found or not isinstance(peers, Sequence):
        return
    kinds = [kind for kind in ("namespace", "cidr", "name", "entity") if kind in expected.__annotations__]
    for number, peer in enumerate(peers):
        if not isinstance(peer, Mapping):
            continue
        path = f"{key}[{number}]"
        yield from _one_of(path, peer, kinds)
        yield from _not_a_network(path, peer.get("cidr"))
        if peer.get("namespace"):
            yield from _one_of(path, peer, ["pod_selector", "every_pod"])
        if expected is DestinationArgs:
            yield from _one_of(path, peer, ["port", "port_name", "every_port"])


def _not_a_network(path: str, cidr: Any) -> Iterator[ArgumentMistake]:
    if isinstance(cidr, str) and cidr:
        try:
            ip_network(cidr)
        except ValueError:
            yield f"{path}.cidr", f"is {cidr!r}; accepted: a range of addresses from its first, such as 192.0.2.0/24"


def _one_of(path: str, peer: Mapping[str, Any], keys: list[str]) -> Iterator[ArgumentMistake]:
    # An empty selector would match every pod, and a switch that is off stands for nothing.
    present = [key for key in keys if peer.get(key)]
    if len(present) != 1:
        *others, last = keys
        found = " and ".join(present) or "none of them"
        yield path, f"must have exactly one of {', '.join(others)} and {last}, but has {found}"

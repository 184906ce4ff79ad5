"""What a stack's settings say about its hostnames: the engine hands them over with the resources."""

import json
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import idna

from policy.property_paths import at, each
from policy.stack import Stack


def public(stack: Stack) -> Counter[str]:
    """Hostname → how many of its routes say `public: true`: whoever asks for these is to be served. A fixed status needs no word."""
    routes = [route for route in _routes(stack) if not str(at(route[1], "service")).startswith("http_status:")]
    return Counter(hostname for hostname, route in routes if at(route, "public") is True)


def reasons(stack: Stack) -> dict[str, str]:
    """Hostname → why its origin's certificate is not verified: the `reason` beside `noTlsVerify`."""
    written = {hostname: at(route, "origin", "reason") for hostname, route in _routes(stack)}
    return {hostname: reason for hostname, reason in written.items() if isinstance(reason, str) and reason.strip()}


def openings(stack: Stack) -> Iterator[tuple[Any, frozenset[int]]]:
    """Ranges that the network policy opens because the settings say so, each with its ports: `allow`, and DNS servers."""
    policy = json.loads(stack.configuration.get("culvert:networkPolicy") or "{}")
    written = [(at(opening, "cidr"), each(at(opening, "ports"))) for opening in each(at(policy, "allow"))]
    written += [(at(resolver, "cidr"), [at(resolver, "port") or 53]) for resolver in each(at(policy, "dns"))]
    for cidr, ports in written:
        if isinstance(cidr, str):
            yield ip_network(cidr), frozenset(ports)


def _routes(stack: Stack) -> Iterator[tuple[str, Any]]:
    for route in each(json.loads(stack.configuration.get("culvert:routes") or "[]")):
        hostname = at(route, "hostname")
        if isinstance(hostname, str):
            yield _as_sent(hostname), route


def _as_sent(hostname: str) -> str:
    """A hostname as the tunnel's rules have it."""
    wildcard, rest = ("*.", hostname[2:]) if hostname.startswith("*.") else ("", hostname)
    try:
        return wildcard + idna.encode(rest, uts46=True).decode()
    except idna.IDNAError:
        return hostname.lower()

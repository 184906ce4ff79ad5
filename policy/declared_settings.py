"""The stack's own settings, which the engine passes to policy packs beside the resources."""

import json
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import idna

from policy.property_paths import as_list, get_path
from policy.stack import Stack


def public(stack: Stack) -> Counter[str]:
    """Hostname → number of its routes with `public: true`. Routes with a fixed status do not count."""
    routes = [route for route in _routes(stack) if not str(get_path(route[1], "service")).startswith("http_status:")]
    return Counter(hostname for hostname, route in routes if get_path(route, "public") is True)


def reasons(stack: Stack) -> dict[str, str]:
    """Hostname → `reason` beside `noTlsVerify`: why the origin's certificate is not verified."""
    declared = {hostname: get_path(route, "origin", "reason") for hostname, route in _routes(stack)}
    return {hostname: reason for hostname, reason in declared.items() if isinstance(reason, str) and reason.strip()}


def allowed_ranges(stack: Stack) -> Iterator[tuple[Any, frozenset[int]]]:
    """CIDRs with their ports that `networkPolicy.allow` and `networkPolicy.dns` declare."""
    policy = json.loads(stack.configuration.get("culvert:networkPolicy") or "{}")
    declared = [
        (get_path(peer, "cidr"), as_list(get_path(peer, "ports"))) for peer in as_list(get_path(policy, "allow"))
    ]
    declared += [
        (get_path(resolver, "cidr"), [get_path(resolver, "port") or 53])
        for resolver in as_list(get_path(policy, "dns"))
    ]
    for cidr, ports in declared:
        if isinstance(cidr, str):
            yield ip_network(cidr), frozenset(ports)


def _routes(stack: Stack) -> Iterator[tuple[str, Any]]:
    for route in as_list(json.loads(stack.configuration.get("culvert:routes") or "[]")):
        hostname = get_path(route, "hostname")
        if isinstance(hostname, str):
            yield _normalize_hostname(hostname), route


def _normalize_hostname(hostname: str) -> str:
    """A hostname as the tunnel's ingress rules spell it: lower case, punycode."""
    hostname = hostname.removesuffix(".")
    wildcard, rest = ("*.", hostname[2:]) if hostname.startswith("*.") else ("", hostname)
    try:
        return wildcard + idna.encode(rest, uts46=True).decode()
    except idna.IDNAError:
        return hostname.lower()

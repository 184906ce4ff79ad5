"""What the policies of all engines have in common: ranges of addresses, and rules that cannot be evaluated."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any


class Unsupported(Exception):
    """A verdict depends on a field that is not evaluated here; the message names the field."""


def any_of(rules: Iterable[Any], matches: Callable[[Any], bool]) -> bool:
    """Whether a rule matches. Raises Unsupported only if none does and one could not be evaluated."""
    unsupported: Unsupported | None = None
    for rule in rules:
        try:
            if matches(rule):
                return True
        except Unsupported as error:
            unsupported = unsupported or error
    if unsupported:
        raise unsupported
    return False


def all_of(conditions: Iterable[Callable[[], bool]]) -> bool:
    """Whether all conditions hold. Raises Unsupported only if one could not be evaluated and all others hold."""
    unsupported: Unsupported | None = None
    for condition in conditions:
        try:
            if not condition():
                return False
        except Unsupported as error:
            unsupported = unsupported or error
    if unsupported:
        raise unsupported
    return True


def unsupported(field: str, present: object = True) -> bool:
    """A condition that holds where the field is absent."""
    if present:
        raise Unsupported(f"the field {field} is not evaluated")
    return True


def within(ip: str, cidrs: Iterable[str]) -> bool:
    """Whether an address is in one of these ranges; one of another family, or one that is not known, is in none."""
    return bool(ip) and any(_address(ip) in _network(cidr) for cidr in cidrs)


@lru_cache(4096)
def _address(text: str) -> IPv4Address | IPv6Address:
    return ip_address(text)


@lru_cache(4096)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)

"""Routes that now receive other requests: cloudflared applies the rules of a file in its order, a stack the most
specific first; and what a rule that is left out received, a wider route does."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import re2
from pydantic_core import PydanticCustomError

from ops.migrate.existing_setup import IngressRule, LeftOut, SkippedItem
from settings import Route, Settings
from settings.options.paths import QUIET, common_prefix
from settings.types.dns import normalize_hostname

_LITERAL = 200
"""Characters of a path's literal beginning that are compared."""
_Position = tuple[int, Route]


class _FirstRoutes:
    """The first route of a hostname whose paths may be those that begin with a text: by the literal of the routes, and
    by each beginning of it."""

    def __init__(self) -> None:
        self._by_literal: dict[tuple[str, str], _Position] = {}
        self._by_beginning: dict[tuple[str, str], _Position] = {}

    def add(self, hostname: str, literal: str, position: int, route: Route) -> None:
        for beginning in _beginnings(literal):
            _note(self._by_beginning, (hostname, beginning), position, route)
        _note(self._by_literal, (hostname, literal), position, route)

    def first(self, hostname: str, literal: str) -> _Position | None:
        found = [self._by_literal.get((hostname, each)) for each in _beginnings(literal)]
        return min(filter(None, [*found, self._by_beginning.get((hostname, literal))]), default=None, key=_position)


def reordered_routes(settings: Settings, rules: list[IngressRule]) -> list[SkippedItem]:
    """Each route that another may precede now that it preceded before, with the first one of these. `rules` are those
    of the routes."""
    positions = _positions(settings)
    hostnames = {route.hostname for route in settings.routes}
    later = _FirstRoutes()
    found: list[SkippedItem] = []
    for route, rule in reversed(list(zip(settings.routes, rules, strict=True))):
        position, literal = positions[route.hostname, route.paths.pattern], _literal(route)
        first = later.first(route.hostname, literal)
        if first and first[0] < position:
            reason = (
                f"it came before {first[1].requests}, which now comes first: exact hostnames and longer paths precede"
            )
            remedy = "check that requests which match both may go to the second"
            found.append(SkippedItem(route.requests, reason, remedy, rule.place))
        for hostname in _covering(route.hostname, hostnames):
            later.add(hostname, literal, position, route)
    return found[::-1]


def with_receivers(left_out: Iterable[LeftOut], settings: Settings) -> list[SkippedItem]:
    """The items of rules that are left out, each with the route that receives the rule's requests instead."""
    positions, routes = _positions(settings), _FirstRoutes()
    for route in settings.routes:
        routes.add(route.hostname, _literal(route), positions[route.hostname, route.paths.pattern], route)
    hostnames = {route.hostname for route in settings.routes}
    return [_with_receiver(each, routes, hostnames) for each in left_out]


def _with_receiver(left_out: LeftOut, routes: _FirstRoutes, hostnames: set[str]) -> SkippedItem:
    try:
        hostname = normalize_hostname(left_out.rule.hostname)
    except PydanticCustomError:
        return left_out.item
    literal = _literal_of(left_out.rule.path)
    found = [routes.first(each, literal) for each in _covering(hostname, hostnames)]
    first = min(filter(None, found), default=None, key=_position)
    # The second of two equal rules received none.
    if first is None or (first[1].hostname, first[1].paths.pattern) == (hostname, left_out.rule.path or None):
        return left_out.item
    reason = f"{left_out.item.reason}. Its requests now go to {first[1].requests}"
    return replace(left_out.item, reason=reason)


def _positions(settings: Settings) -> dict[tuple[str | None, str | None], int]:
    rules = settings.ingress_rules("default")
    return {(rule.get("hostname"), rule.get("path")): index for index, rule in enumerate(rules)}


def _position(found: _Position) -> int:
    return found[0]


def _note(positions: dict[tuple[str, str], _Position], key: tuple[str, str], position: int, route: Route) -> None:
    if key not in positions or position < positions[key][0]:
        positions[key] = (position, route)


def _literal(route: Route) -> str:
    """What every path that a route matches begins with; empty where it matches any, as an expression may."""
    return "" if route.paths.pattern is None else route.paths.literal[:_LITERAL]


def _literal_of(path: str) -> str:
    """The same for an expression that may not be valid."""
    try:
        return common_prefix(path)[:_LITERAL] if path and re2.compile(path, QUIET) else ""
    except re2.error:
        return ""


def _beginnings(text: str) -> Iterator[str]:
    return (text[:end] for end in range(len(text) + 1))


def _covering(hostname: str, hostnames: set[str]) -> list[str]:
    """The hostname itself, and those wildcards among `hostnames` that match every request for it."""
    labels = hostname.removeprefix("*.").split(".")
    start = 1 if not hostname.startswith("*.") else 0
    wildcards = {f"*.{'.'.join(labels[index:])}" for index in range(start, len(labels))}
    return [hostname, *sorted((wildcards & hostnames) - {hostname})]

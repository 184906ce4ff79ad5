"""Routes whose order changes: cloudflared applies the rules of a file in its order, a stack the most specific first."""

from collections.abc import Iterator

from ops.migrate.existing_setup import SkippedItem
from settings import Route, Settings

_LITERAL = 200
"""Characters of a path's literal beginning that are compared."""
_Position = tuple[int, Route]


def reordered_routes(settings: Settings) -> list[SkippedItem]:
    """Each route that another may precede now that it preceded before, with the first one of these."""
    rules = [(rule.get("hostname"), rule.get("path")) for rule in settings.ingress_rules("default")]
    positions = {rule: index for index, rule in enumerate(rules)}
    hostnames = {route.hostname for route in settings.routes}
    # The first position of the later routes of a hostname: by their literal, and by each beginning of it.
    by_literal: dict[tuple[str, str], _Position] = {}
    by_beginning: dict[tuple[str, str], _Position] = {}
    found: list[SkippedItem] = []
    for route in reversed(settings.routes):
        position, literal = positions[route.hostname, route.paths.pattern], _literal(route)
        later = [by_literal.get((route.hostname, each)) for each in _beginnings(literal)]
        later.append(by_beginning.get((route.hostname, literal)))
        first = min(filter(None, later), default=None, key=lambda each: each[0])
        if first and first[0] < position:
            found.append(_item(route, first[1]))
        for hostname in _covering(route.hostname, hostnames):
            for beginning in _beginnings(literal):
                _note(by_beginning, (hostname, beginning), position, route)
            _note(by_literal, (hostname, literal), position, route)
    return found[::-1]


def _item(route: Route, other: Route) -> SkippedItem:
    reason = f"it came before {other.requests}, which now comes first: exact hostnames and longer paths precede"
    return SkippedItem(route.requests, reason, "check that requests which match both may go to the second")


def _note(positions: dict[tuple[str, str], _Position], key: tuple[str, str], position: int, route: Route) -> None:
    if key not in positions or position < positions[key][0]:
        positions[key] = (position, route)


def _literal(route: Route) -> str:
    """What every path that a route matches begins with; empty where it matches any, as an expression may."""
    return "" if route.paths.pattern is None else route.paths.literal[:_LITERAL]


def _beginnings(text: str) -> Iterator[str]:
    return (text[:end] for end in range(len(text) + 1))


def _covering(hostname: str, hostnames: set[str]) -> list[str]:
    """The hostname itself, and those wildcards among `hostnames` that match every request for it."""
    labels = hostname.removeprefix("*.").split(".")
    start = 1 if not hostname.startswith("*.") else 0
    wildcards = {f"*.{'.'.join(labels[index:])}" for index in range(start, len(labels))}
    return [hostname, *sorted((wildcards & hostnames) - {hostname})]

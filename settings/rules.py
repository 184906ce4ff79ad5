"""The connector's ingress rules: their order, and the routes that no request would reach."""

from collections.abc import Iterable
from typing import Any

from settings import sources
from settings.mistakes import NOTHING, PREFIX, Mistake
from settings.routes import Route

Numbered = tuple[int, Route]
"""A route and its place among those declared."""
CATCH_ALL = {"service": "http_status:404"}


def place(route: Route) -> tuple[Any, ...]:
    """Where a route stands among those of its hostname, the first of which that matches a request takes it.

    Longer paths first, where an expression is as long as what all its matches begin with; at the same length exact,
    expression, prefix; every path last.
    """
    path = route.paths
    kind = 0 if path.exact is not None else 1 if path.regex is not None else 2
    return (path.pattern is None, -len(path.literal), kind)


def ordered(routes: Iterable[Numbered]) -> list[Numbered]:
    """The routes in the order of their rules: exact hostnames, then wildcards with more labels first, and the paths of
    each hostname together. Between equals the order declared decides."""
    routes = list(routes)
    first = {route.hostname: number for number, route in reversed(routes)}

    def key(numbered: Numbered) -> tuple[Any, ...]:
        hostname = numbered[1].hostname
        wildcard = hostname.startswith("*.")
        return (wildcard, -hostname.count(".") if wildcard else 0, first[hostname], place(numbered[1]))

    return sorted(routes, key=key)


def ingress_rules(routes: Iterable[Route], namespace: str) -> list[dict[str, Any]]:
    """The rules as pulumi_cloudflare takes them: the routes sorted and spelled out, then 404 for everything else."""
    rules: list[dict[str, Any]] = []
    for _, route in ordered(enumerate(routes)):
        path = {"path": route.paths.pattern} if route.paths.pattern else {}
        rules.append({"hostname": route.hostname, **path, "service": route.origin.spelled(namespace)})
    return [*rules, dict(CATCH_ALL)]


def unreachable(routes: Iterable[Numbered]) -> list[Mistake]:
    """Routes that repeat another, and routes whose every request an earlier rule takes.

    Only a rule of the same hostname can stand in the way: sorting puts an exact hostname before the wildcards around it,
    and a deeper wildcard before a wider one.
    """
    mistakes: list[Mistake] = []
    earlier: dict[str, list[Numbered]] = {}
    for number, route in ordered(routes):
        before = earlier.setdefault(route.hostname, [])
        taker = next((rule for rule in before if rule[1].paths.takes_all_of(route.paths)), None)
        if taker is not None:
            mistakes.append(_unreachable((number, route), taker))
        before.append((number, route))
    return mistakes


def _unreachable(hidden: Numbered, taker: Numbered) -> Mistake:
    number, route = hidden
    other, rule = taker
    if rule.paths.pattern == route.paths.pattern:
        first, second = sorted((other, number))
        why = f"routes[{first}] takes the same requests"
        accepted = "each hostname and path once"
        return Mistake.of(f"{PREFIX}routes[{second}]", route.requests, why, accepted, sources.CONNECTOR_RULES)
    value = route.path.model_dump(exclude_none=True) if route.path else NOTHING
    why = f"no request reaches this route, for routes[{other}] ({rule.requests}) comes before it and takes them all"
    accepted = f"a path that routes[{other}] does not take"
    return Mistake.of(f"{PREFIX}routes[{number}].path", value, why, accepted, sources.CONNECTOR_RULES)

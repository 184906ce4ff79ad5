"""The connector's ingress rules: their order, and the routes that no request would reach."""

from collections.abc import Iterable
from typing import Any

from settings import references
from settings.derived.rule_index import RuleIndex
from settings.errors import MISSING, PREFIX, SettingIssue
from settings.options.origins import OriginDefaults, sent
from settings.options.routes import Route

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


def ingress_rules(
    routes: Iterable[Route], namespace: str, defaults: OriginDefaults | None = None
) -> list[dict[str, Any]]:
    """The rules as pulumi_cloudflare takes them: the routes sorted and spelled out, then 404 for everything else.

    Defaults are written into each rule rather than beside all of them: what a rule says is what happens, and none gets an
    option that its service has no use for.
    """
    rules: list[dict[str, Any]] = []
    for _, route in ordered(enumerate(routes)):
        path = {"path": route.paths.pattern} if route.paths.pattern else {}
        options = sent(route.origin_in_force(defaults or OriginDefaults()))
        request = {"origin_request": options} if options else {}
        rules.append({"hostname": route.hostname, **path, "service": route.origin.spelled(namespace), **request})
    return [*rules, dict(CATCH_ALL)]


def unreachable(routes: Iterable[Numbered]) -> list[SettingIssue]:
    """Routes that repeat another, and routes whose every request is taken by earlier rules.

    Only rules of the same hostname can stand in the way: sorting puts an exact hostname before the wildcards around it,
    and a deeper wildcard before a wider one.
    """
    mistakes: list[SettingIssue] = []
    earlier: dict[str, RuleIndex] = {}
    for number, route in ordered(routes):
        before = earlier.setdefault(route.hostname, RuleIndex())
        same = before.same(route)
        if same is not None:
            mistakes.append(_repeated(route, *sorted((same, number))))
        elif takers := _takers(route, before):
            mistakes.append(_hidden(number, route, takers))
        before.add(number, route)
    return mistakes


def _takers(route: Route, before: RuleIndex) -> list[int]:
    """The earlier rules that together take every path of a route, none where some path may be left over."""
    takers: list[int] = []
    for part in route.paths.parts:
        taker = before.taker(*part)
        if taker is None:
            return []
        takers.append(taker)
    return list(dict.fromkeys(takers))


def _repeated(route: Route, first: int, second: int) -> SettingIssue:
    key, why = f"{PREFIX}routes[{second}]", f"routes[{first}] takes the same requests"
    return SettingIssue.of(key, route.requests, why, "each hostname and path once", references.CONNECTOR_RULES)


def _hidden(number: int, route: Route, takers: list[int]) -> SettingIssue:
    others = " and ".join(f"routes[{taker}]" for taker in takers)
    value = route.path.model_dump(exclude_none=True) if route.path else MISSING
    why = f"no request reaches it, for the rules of {others} come first and take them all"
    accepted = f"a path that {others} leave{'s' if len(takers) == 1 else ''} over"
    return SettingIssue.of(f"{PREFIX}routes[{number}].path", value, why, accepted, references.CONNECTOR_RULES)

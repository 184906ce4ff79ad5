"""The connector's ingress rules and their order."""

from collections.abc import Iterable
from typing import Any

from settings.options.origins import OriginDefaults, to_api
from settings.options.routes import Route

Numbered = tuple[int, Route]
"""A route and its index in the stack file."""
CATCH_ALL = {"service": "http_status:404"}


def precedence(route: Route) -> tuple[Any, ...]:
    """Sort key of a route among those of its hostname; the first rule that matches a request applies.

    Longer paths come first, where an expression is as long as the common prefix of its matches; at the same length
    exact, expression, prefix; a route for every path comes last.
    """
    path = route.paths
    return (path.pattern is None, -len(path.literal), path.exact is None, path.regex is None)


def sort_routes(routes: Iterable[Numbered]) -> list[Numbered]:
    """The routes in the order of their rules: exact hostnames, then wildcards with more labels first, and the paths of
    each hostname together. Equal ones keep the order of the stack file."""
    routes = list(routes)
    first = {route.hostname: number for number, route in reversed(routes)}

    def key(numbered: Numbered) -> tuple[Any, ...]:
        hostname = numbered[1].hostname
        wildcard = hostname.startswith("*.")
        return (wildcard, wildcard and -hostname.count("."), first[hostname], precedence(numbered[1]))

    return sorted(routes, key=key)


def ingress_rules(
    routes: Iterable[Route], namespace: str, defaults: OriginDefaults | None = None
) -> list[dict[str, Any]]:
    """The rules as pulumi_cloudflare expects them: the sorted routes, with services in full, then 404 for everything
    else.

    Defaults are written into each rule rather than beside all rules: a rule then shows everything that applies to it,
    and none gets an option that has no effect with its scheme.
    """
    rules: list[dict[str, Any]] = []
    for _, route in sort_routes(enumerate(routes)):
        path = {"path": route.paths.pattern} if route.paths.pattern else {}
        options = to_api(route.effective_origin_options(defaults or OriginDefaults.defaults()))
        request = {"origin_request": options} if options else {}
        rules.append({"hostname": route.hostname, **path, "service": route.origin.render(namespace), **request})
    return [*rules, dict(CATCH_ALL)]

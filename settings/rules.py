"""The connector's ingress rules: their order, and the rules that would never be reached."""

from collections.abc import Iterable
from typing import Any

from settings import sources
from settings.mistakes import PREFIX, Mistake
from settings.paths import PathOptions
from settings.routes import Route

CATCH_ALL = {"service": "http_status:404"}
EVERY_PATH = PathOptions(prefix="/")


def place(route: Route) -> tuple[Any, ...]:
    """Where a route stands among the rules: the first that matches a request takes it.

    Exact hostnames, then wildcards with more labels first; within a hostname longer paths first (an expression counts as long as what all its
    matches begin with) and the rule for every path last; at the same length exact, expression, prefix; else as declared.
    """
    wildcard = route.hostname.startswith("*.")
    depth = -route.hostname.count(".") if wildcard else 0
    path = route.path or EVERY_PATH
    kind = 0 if path.exact is not None else 1 if path.regex is not None else 2
    return (wildcard, depth, route.pattern is None, -len(path.literal), kind)


def ordered(routes: Iterable[tuple[int, Route]]) -> list[tuple[int, Route]]:
    """Numbered routes in the order of their rules; sorting is stable, so the order declared decides between equals."""
    return sorted(routes, key=lambda numbered: place(numbered[1]))


def ingress_rules(routes: Iterable[Route], namespace: str) -> list[dict[str, Any]]:
    """The rules as pulumi_cloudflare takes them: the routes sorted and spelled out, then the one that answers 404 to everything else."""
    rules: list[dict[str, Any]] = []
    for _, route in ordered(enumerate(routes)):
        path = {"path": route.pattern} if route.pattern else {}
        rules.append({"hostname": route.hostname, **path, "service": route.origin.spelled(namespace)})
    return [*rules, dict(CATCH_ALL)]


def unreachable(routes: Iterable[tuple[int, Route]]) -> list[Mistake]:
    """Routes that repeat another, and routes whose every request an earlier rule takes.

    Only a rule for the same hostname can stand in the way: an exact hostname comes before the wildcards that hold it, a deeper wildcard before a wider.
    """
    mistakes: list[Mistake] = []
    seen: dict[str, list[tuple[int, Route]]] = {}
    for number, route in ordered(routes):
        earlier = seen.setdefault(route.hostname, [])
        for other, rule in earlier:
            if not (rule.path or EVERY_PATH).takes_every(route.path):
                continue
            first, second = sorted((other, number))
            if rule.pattern == route.pattern:
                key, value = f"{PREFIX}routes[{second}]", f"{route.hostname}{_shown(route)}"
                why = f"routes[{first}] has the same hostname and path"
                accepted = "each hostname and path once"
            else:
                key, value = f"{PREFIX}routes[{number}].path", _written(route)
                why = f"no request ever reaches it, because routes[{other}] ({route.hostname}{_shown(rule)}) comes before it and takes them all"
                accepted = f"a path that routes[{other}] leaves over"
            mistakes.append(Mistake.of(key, value, why, accepted, sources.CONNECTOR_RULES))
            break
        earlier.append((number, route))
    return mistakes


def _shown(route: Route) -> str:
    return f" {route.pattern}" if route.pattern else ""


def _written(route: Route) -> Any:
    return route.path.model_dump(exclude_none=True) if route.path else None

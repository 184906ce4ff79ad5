"""Checks of routes: rules that no request reaches, options without effect, and contradictions."""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from settings import references
from settings.checks.partial import Numbered
from settings.derived.ingress_rules import sort_routes
from settings.derived.rule_index import RuleIndex
from settings.errors import MISSING, PREFIX, SettingIssue
from settings.options import origins
from settings.options.routes import Route


def shadowed_routes(routes: Iterable[Numbered]) -> Iterator[SettingIssue]:
    """Routes that repeat another, and routes of which earlier rules match every request.

    Only rules of the same hostname can shadow a route: sorting puts an exact hostname before the wildcards around it,
    and a deeper wildcard before a wider one.
    """
    earlier: dict[str, RuleIndex] = {}
    for number, route in sort_routes(routes):
        index = earlier.setdefault(route.hostname, RuleIndex())
        duplicate = index.duplicate_of(route)
        if duplicate is not None:
            yield _duplicate(route, *sorted((duplicate, number)))
        elif matches := _matches(route, index):
            yield _shadowed(number, route, matches)
        index.add(number, route)


def _matches(route: Route, index: RuleIndex) -> list[int]:
    """The earlier rules that together match every path of a route; none where a path may be left over."""
    matches: list[int] = []
    for part in route.paths.parts:
        match = index.first_match(*part)
        if match is None:
            return []
        matches.append(match)
    return list(dict.fromkeys(matches))


def _duplicate(route: Route, first: int, second: int) -> SettingIssue:
    key, problem = f"{PREFIX}routes[{second}]", f"has the same hostname and path as routes[{first}]"
    return SettingIssue.of(key, route.requests, problem, "each hostname and path once", references.CONNECTOR_RULES)


def _shadowed(number: int, route: Route, matches: list[int]) -> SettingIssue:
    others = " and ".join(f"routes[{match}]" for match in matches)
    value = route.path.model_dump(exclude_none=True) if route.path else MISSING
    shadow = f"the rules of {others} come first and match every request"
    problem = f"no request reaches the route: {shadow}" if value is MISSING else f"is never reached: {shadow}"
    accepted = f"a path that {others} do{'es' if len(matches) == 1 else ''} not match"
    return SettingIssue.of(f"{PREFIX}routes[{number}].path", value, problem, accepted, references.CONNECTOR_RULES)


def unsupported_origin_options(routes: Iterable[Numbered]) -> Iterator[SettingIssue]:
    """Origin options of a route that do not apply to the scheme of its service."""
    for number, route in routes:
        scheme = route.origin.scheme
        for option, value in origins.explicit(route.origin_options).items():
            schemes, key = origins.SUPPORTED_SCHEMES[option], origins.yaml_key(option)
            if scheme not in schemes:
                shown = value.model_dump(by_alias=True, exclude_none=True) if isinstance(value, BaseModel) else value
                yield SettingIssue.of(
                    f"{PREFIX}routes[{number}].origin.{key}",
                    shown,
                    f"has no effect with the scheme {scheme}",
                    f"{key} with {', '.join(schemes)}",
                    references.CONNECTOR_ORIGINS,
                )


def inconsistent_dns(routes: Iterable[Numbered]) -> Iterator[SettingIssue]:
    """Hostnames to which one route gives a DNS record and another does not."""
    first: dict[str, Numbered] = {}
    for number, route in routes:
        other, earlier = first.setdefault(route.hostname, (number, route))
        if earlier.dns != route.dns:
            problem = f"contradicts routes[{other}], which has {earlier.dns} for the same hostname"
            key, accepted = f"{PREFIX}routes[{number}].dns", f"{earlier.dns}, or the same in both"
            yield SettingIssue.of(key, route.dns, problem, accepted, references.CLOUDFLARE_RECORDS)

"""What was found in somebody's files, and what of it fits into a stack file: `Settings` is the judge, part by part."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from settings import Route, Settings, SettingsError
from settings.errors import truncate

Values = dict[str, Any]


@dataclass(frozen=True)
class Left:
    """Something that was not carried over as it was: what it is, why, and what to do about it."""

    what: str
    why: str
    do: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}\n  What to do: {self.do}"


@dataclass(frozen=True)
class Candidate:
    """A route that somebody has: its keys as a stack file has them, and others that may not all fit, by their path
    (`origin.connectTimeout`)."""

    route: Values
    options: Values = field(default_factory=dict)

    @property
    def name(self) -> str:
        path = self.route.get("path") or {}
        return f"{self.route['hostname']} {path.get('regex', '')}".strip()


@dataclass
class Found:
    """All that was found; `options` are by path too (`connector.protocol`)."""

    account_id: str | None = None
    zones: dict[str, str | None] = field(default_factory=dict)
    routes: list[Candidate] = field(default_factory=list)
    options: Values = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)


def fitted(found: Found) -> tuple[Values, list[Left]]:
    """The settings, all of them good, and what was left out besides. Raises SettingsError where account or zones are no good
    themselves, or where no route fits."""
    left: list[Left] = []
    base: Values = {"accountId": found.account_id, "zones": found.zones}
    routes: list[Values] = []
    refusal: SettingsError | None = None
    for candidate in found.routes:
        route, refused = _first_that_fits(base, routes, candidate)
        if route is None:
            refusal = refused
            left.append(_refused(candidate.name, refused))
            continue
        if route.get("advancedCertificate"):
            why = "Universal SSL covers one label below a zone, so it takes a certificate of its own"
            left.append(Left(candidate.name, why, "see that the zone has one: advancedCertificate says so"))
        routes.append(route)
        for path, value in candidate.options.items():
            better = _with(route, path, value)
            problem = _problem({**base, "routes": [*routes[:-1], better]})
            if problem:
                left.append(_refused(f"{candidate.name}, {path}", problem))
            else:
                route = routes[-1] = better
    settings = {**base, "routes": routes}
    if not routes:
        raise refusal or SettingsError([])
    for path, value in found.options.items():
        better = _with(settings, path, value)
        if problem := _problem(better):
            left.append(_refused(path, problem))
        else:
            settings = better
    return settings, [*left, *_reordered(settings)]


def _first_that_fits(
    base: Values, routes: list[Values], candidate: Candidate
) -> tuple[Values | None, SettingsError | None]:
    """The route, if it goes with the others; a hostname too deep for Universal SSL worked, so it has a certificate."""
    problem = None
    for more in ({}, {"advancedCertificate": True}):
        route = {**candidate.route, **more}
        again = _problem({**base, "routes": [*routes, route]})
        if not again:
            return route, None
        problem = problem or again
    return None, problem


def _problem(values: Values) -> SettingsError | None:
    try:
        Settings.parse(values)
    except SettingsError as error:
        return error
    return None


def _refused(what: str, error: SettingsError | None) -> Left:
    if error is None:
        return Left(what, "it does not fit", "leave it out")
    first = error.mistakes[0]
    said = first.message.removesuffix(f"; accepted: {first.accepted}.")
    return Left(what, said.removeprefix(f"{first.key} is {truncate(first.value)}: "), f"give {first.accepted}")


def _with(values: Mapping[str, Any], path: str, value: Any) -> Values:
    """A copy with one more key. A `reason` goes with what it is for: `value` may be several keys at once."""
    key, _, rest = path.partition(".")
    inner = values.get(key) or {}
    if rest:
        return {**values, key: _with(inner, rest, value)}
    if isinstance(inner, list):
        return {**values, key: [*inner, *value]}
    return {**values, **value} if isinstance(value, dict) and key in value else {**values, key: value}


def _reordered(values: Values) -> Iterable[Left]:
    """Rules of which another one comes first than did, where one request may be for either."""
    settings = Settings.parse(values)
    rules = [(rule.get("hostname"), rule.get("path")) for rule in settings.ingress_rules("default")]
    place = {rule: number for number, rule in enumerate(rules)}
    for first, second in combinations(settings.routes, 2):
        mine, other = ((route.hostname, route.paths.pattern) for route in (first, second))
        if place[mine] > place[other] and _meet(first, second):
            why = f"it came before {second.requests}, and the stack's rules try that one first: exact hostnames, longer paths"
            yield Left(first.requests, why, "see that requests which both would take may go to the second")


def _meet(one: Route, other: Route) -> bool:
    """Whether one request may be for both: where nothing says otherwise, it may."""
    hosts = sorted((one.hostname, other.hostname), key=len)
    wild = [host for host in hosts if host.startswith("*.")]
    if one.hostname != other.hostname and not any(
        re.fullmatch(rf".+{re.escape(host[1:])}", two) for host in wild for two in hosts if two != host
    ):
        return False
    first, second = one.paths.literal, other.paths.literal
    return not (first and second) or first.startswith(second) or second.startswith(first)

"""Conversion of an existing setup to settings: `Settings` validates each part, and what it rejects is skipped."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from settings import Route, Settings, SettingsError

Values = dict[str, Any]


@dataclass(frozen=True)
class SkippedItem:
    """An item that was not migrated as is, with the reason and what to do about it."""

    item: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.item}: {self.reason}\n  What to do: {self.remedy}"


@dataclass(frozen=True)
class CandidateRoute:
    """A route of the existing setup, with the keys of a stack file.

    `options` are further keys that may not all be valid, by their path (`origin.connectTimeout`).
    """

    route: Values
    options: Values = field(default_factory=dict)

    @property
    def name(self) -> str:
        path = self.route.get("path") or {}
        return f"{self.route['hostname']} {path.get('regex', '')}".strip()


@dataclass
class ExistingSetup:
    """Everything that the input files contain. `options` are by path too (`connector.protocol`)."""

    account_id: str | None = None
    zones: dict[str, str | None] = field(default_factory=dict)
    routes: list[CandidateRoute] = field(default_factory=list)
    options: Values = field(default_factory=dict)
    skipped: list[SkippedItem] = field(default_factory=list)


def convert(setup: ExistingSetup) -> tuple[Values, list[SkippedItem]]:
    """Valid settings, and what was skipped for them.

    Raises SettingsError if the account or the zones are invalid themselves, or if no route is valid.
    """
    skipped: list[SkippedItem] = []
    base: Values = {"accountId": setup.account_id, "zones": setup.zones}
    routes: list[Values] = []
    last_error: SettingsError | None = None
    for candidate in setup.routes:
        route, error = _valid_route(base, routes, candidate)
        if route is None:
            last_error = error
            skipped.append(_rejected(candidate.name, error))
            continue
        if route.get("advancedCertificate"):
            reason = "Universal SSL covers one label below a zone, so the hostname needs a certificate of its own"
            remedy = "make sure that the zone has one, as advancedCertificate states"
            skipped.append(SkippedItem(candidate.name, reason, remedy))
        routes.append(route)
        for path, value in candidate.options.items():
            extended = _with(route, path, value)
            error = _error({**base, "routes": [*routes[:-1], extended]})
            if error:
                skipped.append(_rejected(f"{candidate.name}, {path}", error))
            else:
                route = routes[-1] = extended
    settings = {**base, "routes": routes}
    if not routes:
        raise last_error or SettingsError([])
    for path, value in setup.options.items():
        extended = _with(settings, path, value)
        if error := _error(extended):
            skipped.append(_rejected(path, error))
        else:
            settings = extended
    return settings, [*skipped, *_reordered(settings)]


def _valid_route(
    base: Values, routes: list[Values], candidate: CandidateRoute
) -> tuple[Values | None, SettingsError | None]:
    """The route if it is valid beside the others, else the error.

    A hostname too deep for Universal SSL worked before, so it has an advanced certificate.
    """
    first_error = None
    for extra in ({}, {"advancedCertificate": True}):
        route = {**candidate.route, **extra}
        error = _error({**base, "routes": [*routes, route]})
        if not error:
            return route, None
        first_error = first_error or error
    return None, first_error


def _error(values: Values) -> SettingsError | None:
    try:
        Settings.parse(values)
    except SettingsError as error:
        return error
    return None


def _rejected(item: str, error: SettingsError | None) -> SkippedItem:
    if error is None:
        return SkippedItem(item, "it is not valid", "leave it out")
    first = error.issues[0]
    return SkippedItem(item, first.problem, f"use {first.accepted}")


def _with(values: Mapping[str, Any], path: str, value: Any) -> Values:
    """A copy with one more key. An option that needs a `reason` is given as several keys at once, in a mapping."""
    key, _, rest = path.partition(".")
    inner = values.get(key) or {}
    if rest:
        return {**values, key: _with(inner, rest, value)}
    if isinstance(inner, list):
        return {**values, key: [*inner, *value]}
    return {**values, **value} if isinstance(value, dict) and key in value else {**values, key: value}


def _reordered(values: Values) -> Iterable[SkippedItem]:
    """Pairs of routes that match the same request and whose order changes."""
    settings = Settings.parse(values)
    rules = [(rule.get("hostname"), rule.get("path")) for rule in settings.ingress_rules("default")]
    position = {rule: index for index, rule in enumerate(rules)}
    for first, second in combinations(settings.routes, 2):
        own, other = ((route.hostname, route.paths.pattern) for route in (first, second))
        if position[own] > position[other] and _may_overlap(first, second):
            reason = (
                f"it came before {second.requests}, which now comes first: exact hostnames and longer paths precede"
            )
            remedy = "check that requests which match both may go to the second"
            yield SkippedItem(first.requests, reason, remedy)


def _may_overlap(one: Route, other: Route) -> bool:
    """Whether a request may match both routes. Regular expressions are taken to overlap."""
    hosts = sorted((one.hostname, other.hostname), key=len)
    wildcards = [host for host in hosts if host.startswith("*.")]
    if one.hostname != other.hostname and not any(
        re.fullmatch(rf".+{re.escape(wildcard[1:])}", host)
        for wildcard in wildcards
        for host in hosts
        if host != wildcard
    ):
        return False
    first, second = one.paths.literal, other.paths.literal
    return not (first and second) or first.startswith(second) or second.startswith(first)

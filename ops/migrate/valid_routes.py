"""The routes of an existing setup that are valid together, with those of their options that are.

Each step validates all routes at once: thousands of rules take seconds.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ops.migrate.existing_setup import CandidateRoute, LeftOut, SkippedItem, Values, with_value
from settings import SettingIssue, Settings, SettingsError
from settings.errors import PREFIX

_ROUTE = re.compile(rf"{PREFIX}routes\[([0-9]+)\]\.?(.*)", re.DOTALL)


@dataclass
class _Attempt:
    """A candidate with the options that are left. `route` is None once it is rejected."""

    candidate: CandidateRoute
    route: Values | None
    options: Values

    def values(self) -> Values:
        found = self.route or {}
        for path, value in self.options.items():
            found = with_value(found, path, value)
        return found


@dataclass(frozen=True)
class ValidRoutes:
    """`routes` are the valid ones, each with the candidate that it is of; `left_out` the rules of the others."""

    routes: list[tuple[CandidateRoute, Values]]
    left_out: list[LeftOut]
    skipped: list[SkippedItem]


def valid_routes(base: Values, candidates: Iterable[CandidateRoute], *, zones_known: bool = True) -> ValidRoutes:
    """The valid routes, and what was skipped of the others and of their options.

    All options are tried together, and those that an error is about are removed until there is none: in which order
    they are given makes no difference. Of routes that contradict each other, the one is left out that the error is
    about. Raises SettingsError if `base` is not valid itself.
    """
    attempts = [_Attempt(each, dict(each.route), dict(each.options)) for each in candidates]
    left_out, skipped = list[LeftOut](), list[SkippedItem]()
    while found := _issues(base, present := [each for each in attempts if each.route]):
        for attempt, issues in found:
            issues = [_with_rules_named(issue, present) for issue in issues]
            rule = attempt.candidate.rule
            named = {path: issue for issue in issues for path in attempt.options if _concerns(issue, path)}
            for path, issue in named.items():
                del attempt.options[path]
                place = next((each.place for each in rule.settings if each.key == path), rule.place)
                skipped.append(SkippedItem.rejected(f"{rule.name}, {path}", issue, place))
            if named:
                continue
            if "advancedCertificate" in issues[0].accepted and zones_known:
                # It worked before, in a zone that is known.
                attempt.route = {**(attempt.route or {}), "advancedCertificate": True}
                reason = "Universal SSL covers one label below a zone, so the hostname needs a certificate of its own"
                remedy = "make sure that the zone has one, as advancedCertificate states"
                skipped.append(SkippedItem(rule.name, reason, remedy, rule.place))
            else:
                attempt.route = None
                left_out.append(LeftOut(rule, _rejected(rule.name, issues[0], attempt.candidate)))
    return ValidRoutes([(each.candidate, each.values()) for each in attempts if each.route], left_out, skipped)


def _rejected(name: str, issue: SettingIssue, candidate: CandidateRoute) -> SkippedItem:
    place = candidate.rule.place
    if "advancedCertificate" in issue.accepted:
        reason = "Universal SSL covers one label below a zone, and which zone it is in is a guess"
        remedy = "set the zone with --zone NAME=ID; if the hostname is deeper, its route states advancedCertificate"
        return SkippedItem(name, reason, remedy, place)
    if "none of the zones" in issue.problem:
        return SkippedItem(name, issue.problem, f"set its zone with --zone NAME=ID, or use {issue.accepted}", place)
    return SkippedItem.rejected(name, issue, place)


def _with_rules_named(issue: SettingIssue, present: list[_Attempt]) -> SettingIssue:
    """The issue with the user's rules in place of the routes that it mentions by their index."""

    def named(match: re.Match[str]) -> str:
        rule = present[int(match[1])].candidate.rule
        return f"the rule {rule.name} ({rule.place})" if rule.place.line else f"the rule {rule.name}"

    return replace(issue, problem=re.sub(r"(?<!\S)routes\[([0-9]+)\]", named, issue.problem))


def _concerns(issue: SettingIssue, path: str) -> bool:
    """Whether an issue is about the option at a path of its route (`origin.connectTimeout`), or about a part of it."""
    match = _ROUTE.fullmatch(issue.key)
    return bool(match) and re.match(rf"{re.escape(path)}(?![^.\[])", match[2]) is not None


def _issues(base: Values, present: list[_Attempt]) -> list[tuple[_Attempt, list[SettingIssue]]]:
    """The issues of each route that has any. Raises SettingsError for issues that are not a route's."""
    if not present:
        return []
    try:
        Settings.parse({**base, "routes": [each.values() for each in present]})
    except SettingsError as error:
        found: dict[int, list[SettingIssue]] = {}
        for issue in error.issues:
            if match := _ROUTE.fullmatch(issue.key):
                found.setdefault(int(match[1]), []).append(issue)
        others = [issue for issue in error.issues if not _ROUTE.fullmatch(issue.key)]
        if others:
            raise SettingsError(others) from None
        return [(present[index], issues) for index, issues in found.items()]
    return []

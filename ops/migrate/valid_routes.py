"""The routes of an existing setup that are valid together, with those of their options that are.

Each step validates all routes at once: thousands of rules take seconds.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ops.migrate.existing_setup import CandidateRoute, SkippedItem, Values, with_value
from settings import SettingIssue, Settings, SettingsError
from settings.errors import PREFIX

_ROUTE = re.compile(rf"{PREFIX}routes\[([0-9]+)\]\.?(.*)", re.DOTALL)


@dataclass
class _Attempt:
    """A candidate with the options kept so far, and what was skipped of it. `route` is None once it is rejected."""

    candidate: CandidateRoute
    route: Values | None
    kept: Values = field(default_factory=dict)
    skipped: list[SkippedItem] = field(default_factory=list)

    def with_options(self, *more: str) -> Values:
        """The route with the options kept, and with `more` of the candidate's."""
        route = self.route or {}
        for path, value in {**self.kept, **{path: self.candidate.options[path] for path in more}}.items():
            route = with_value(route, path, value)
        return route

    def reject(self, issue: SettingIssue) -> None:
        self.route, self.kept = None, {}
        self.skipped = [SkippedItem.rejected(self.candidate.name, issue)]

    def skip(self, path: str, issue: SettingIssue) -> None:
        self.kept.pop(path, None)
        self.skipped.append(SkippedItem.rejected(f"{self.candidate.name}, {path}", issue))


def valid_routes(base: Values, candidates: Iterable[CandidateRoute]) -> tuple[list[Values], list[SkippedItem]]:
    """The valid routes, and what was skipped of the others and of their options.

    Of routes that contradict each other, the one is skipped that the error is about. Raises SettingsError if `base` is
    not valid itself, or if no route is.
    """
    attempts = [_Attempt(each, dict(each.route), dict(each.options)) for each in candidates]
    accepted = attempts
    if _issues(base, attempts, _Attempt.with_options):
        for attempt in attempts:
            attempt.kept = {}
        _reject_invalid(base, attempts)
        accepted = [each for each in attempts if each.route]
        _keep_valid_options(base, accepted)
    return [each.with_options() for each in accepted if each.route], [one for each in attempts for one in each.skipped]


def _reject_invalid(base: Values, attempts: list[_Attempt]) -> None:
    """Rejects routes that are not valid without options.

    A hostname too deep for Universal SSL worked before, so it has an advanced certificate.
    """
    while found := _issues(base, attempts, _Attempt.with_options):
        for attempt, issues in found:
            if "advancedCertificate" in issues[0].accepted and "advancedCertificate" not in (attempt.route or {}):
                attempt.route = {**(attempt.route or {}), "advancedCertificate": True}
                reason = "Universal SSL covers one label below a zone, so the hostname needs a certificate of its own"
                remedy = "make sure that the zone has one, as advancedCertificate states"
                attempt.skipped = [SkippedItem(attempt.candidate.name, reason, remedy)]
            else:
                attempt.reject(issues[0])
        if not any(each.route for each in attempts):
            raise SettingsError([issue for _, issues in found for issue in issues])


def _keep_valid_options(base: Values, attempts: list[_Attempt]) -> None:
    """All options of most routes are valid; of the others, those that an error names are not, or else each is tried."""
    for attempt in attempts:
        attempt.kept = dict(attempt.candidate.options)
    unclear: list[_Attempt] = []
    for attempt, issues in _issues(base, attempts, _Attempt.with_options):
        named = {path: issue for issue in issues for path in attempt.kept if _concerns(issue, path)}
        for path, issue in named.items():
            attempt.skip(path, issue)
        if not named:
            attempt.kept = {}
            unclear.append(attempt)
    for index in range(max((len(each.candidate.options) for each in unclear), default=0)):
        trying = {id(each): list(each.candidate.options)[index : index + 1] for each in unclear}
        rejected = _issues(base, unclear, lambda each, trying=trying: each.with_options(*trying[id(each)]))
        issue_of = {id(attempt): issues[0] for attempt, issues in rejected}
        for each in unclear:
            for path in trying[id(each)]:
                if id(each) in issue_of:
                    each.skip(path, issue_of[id(each)])
                else:
                    each.kept[path] = each.candidate.options[path]
    # What is valid by itself may not be in the end, beside the others: then less is kept.
    while found := _issues(base, attempts, _Attempt.with_options):
        for attempt, issues in found:
            if attempt.kept:
                attempt.skip(list(attempt.kept)[-1], issues[0])
            else:
                attempt.reject(issues[0])


def _concerns(issue: SettingIssue, path: str) -> bool:
    """Whether an issue is about the option at a path of its route (`origin.connectTimeout`), or about a part of it."""
    match = _ROUTE.fullmatch(issue.key)
    return bool(match) and re.match(rf"{re.escape(path)}(?![^.\[])", match[2]) is not None


def _issues(
    base: Values, attempts: Iterable[_Attempt], route_of: Callable[[_Attempt], Values]
) -> list[tuple[_Attempt, list[SettingIssue]]]:
    """The issues of each route that has any, where `route_of` gives the routes to validate. Raises SettingsError for
    issues that are not a route's."""
    present = [each for each in attempts if each.route]
    try:
        Settings.parse({**base, "routes": [route_of(each) for each in present]})
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

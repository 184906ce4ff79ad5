"""Checks of Cloudflare Access: routes that another route's application would cover, and the team."""

from collections.abc import Iterable, Iterator

from settings import references
from settings.checks.partial import Numbered, PartialSettings
from settings.derived.access_applications import (
    AccessApplication,
    AccessByDomain,
    access_applications,
    access_by_domain,
    covering,
    domain_of,
    host_of,
)
from settings.errors import MISSING, PREFIX, SettingIssue
from settings.options.routes import Route
from settings.schema import accepts
from settings.types.cloudflare import TeamName

MAX_DOMAINS = 5
"""https://developers.cloudflare.com/cloudflare-one/account-limits/"""
SOURCE = references.CLOUDFLARE_APP_PATHS


def access_conflicts(routes: Iterable[Numbered]) -> Iterator[SettingIssue]:
    """Routes that the application of another would cover, and applications that Access cannot tell apart."""
    routes = list(routes)
    by_domain = access_by_domain([route for _, route in routes])
    protected = {domain for domain, access in by_domain.items() if access}
    conflicts = [issue for number, route in routes for issue in _conflicts_of(number, route, by_domain, protected)]
    yield from conflicts
    if not conflicts:
        for application in access_applications(route for _, route in routes):
            if len(application.domains) > MAX_DOMAINS:
                yield _too_many_domains(application)


def _conflicts_of(number: int, route: Route, by_domain: AccessByDomain, protected: set[str]) -> Iterator[SettingIssue]:
    key, domain = f"{PREFIX}routes[{number}]", domain_of(route)
    if route.access and "*" in domain.partition("/")[2]:
        problem = "has a *, which Access treats as a wildcard"
        yield SettingIssue.of(f"{key}.path", route.paths.literal, problem, "a path without *", SOURCE)
    if route.access and by_domain[domain] != route.access:
        problem = f"has other access than another route at {domain}, and Access cannot tell the two apart"
        yield SettingIssue.of(key, route.requests, problem, "the same access for both", SOURCE)
    if route.access or route.origin.scheme == "http_status":
        return
    # That of the hostname comes before that of a wildcard, and of one hostname's each is the beginning of the next.
    around = max(covering(domain, protected), default=None)
    if around and not route.public:
        problem = f"would be covered by the access of {around}"
        yield SettingIssue.of(key, route.requests, problem, "access of its own, or public: true", SOURCE)
    elif around and (domain in protected or route.paths.regex is not None):
        problem = f"cannot be public: Access cannot tell it from {around}, which has access"
        yield SettingIssue.of(key, route.requests, problem, "a path as exact or prefix", SOURCE)


def _too_many_domains(application: AccessApplication) -> SettingIssue:
    problem = f"has access for {len(application.domains)} paths, but an application has at most {MAX_DOMAINS}"
    accepted = "access for the whole hostname, with public: true on the paths that are open"
    hostname = host_of(application.domains[0])
    return SettingIssue.of(f"{PREFIX}routes", hostname, problem, accepted, references.CLOUDFLARE_LIMITS)


def missing_access_team(partial: PartialSettings) -> Iterator[SettingIssue]:
    """Routes with access, but no team whose JWTs the connector verifies."""
    protected = [number for number, route in partial.routes if route.access]
    if protected and not partial.get("accessTeam"):
        problem = f"routes[{protected[0]}] has access, and the connector verifies which team signed a JWT"
        team = accepts(TeamName)
        yield SettingIssue.of(f"{PREFIX}accessTeam", MISSING, problem, team.accepted, team.source)

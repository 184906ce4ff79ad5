"""The Access applications that stand before routes, and where they would stand in each other's way.

An application covers a path with all that lies below, or a whole hostname; `*.` covers one label. Of several that cover a
request the most specific one counts alone: https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from settings import references
from settings.errors import PREFIX, SettingIssue
from settings.options.access import AccessOptions
from settings.options.routes import Route

MOST_DOMAINS = 5
"""https://developers.cloudflare.com/cloudflare-one/account-limits/"""
SPOKEN_FOR = "access of its own, or public: true"
Numbered = tuple[int, Route]


@dataclass(frozen=True)
class AccessApplication:
    """One application. `name` is unique and stays as long as its routes do, `domains` are `host` or `host/path`, the shortest
    first. Without `access` it lets everybody pass, before paths of a hostname that is guarded otherwise."""

    name: str
    domains: tuple[str, ...]
    access: AccessOptions | None

    def parts(self) -> dict[str, Any]:
        """Its parts by their names in Python, without those that say nothing."""
        if self.access is None:
            return {"domains": [*self.domains], "public": True}
        said = self.access.model_dump()
        lists = {**said.pop("allow"), "countries": said["countries"], "service_tokens": said["service_tokens"]}
        given = {key: [*value] for key, value in lists.items() if value}
        return {"domains": [*self.domains], **given, "session_duration": self.access.session_duration}


def access_applications(routes: Iterable[Route]) -> tuple[AccessApplication, ...]:
    """One for each hostname, and one more for each other set of people who may pass there."""
    said = _said(list(routes))
    groups: dict[tuple[str, AccessOptions | None], list[str]] = {}
    for domain, access in said.items():
        groups.setdefault((_host(domain), access), []).append(domain)
    found: list[AccessApplication] = []
    named: set[str] = set()
    for (host, access), domains in groups.items():
        # By place among the hostname's, not by path: a path that changes leaves the application what it is.
        name = f"{host}-public" if access is None else host if host not in named else domains[0]
        named.add(name)
        needed = [domain for domain in domains if not _inherits(domain, said)]
        found.append(AccessApplication(name, tuple(sorted(needed, key=len)), access))
    return tuple(found)


def application_of(route: Route, all_applications: Iterable[AccessApplication]) -> AccessApplication:
    """The application of a route with access."""
    mine = [
        application
        for application in all_applications
        if application.access == route.access and _host(application.domains[0]) == route.hostname
    ]
    return mine[0]


def ticketed(
    rules: list[dict[str, Any]], routes: Iterable[Route], team: str | None, audiences: Mapping[AccessApplication, Any]
) -> list[dict[str, Any]]:
    """The rules of these routes, in their order, with the catch-all after them; those of routes with access have the connector
    ask for a ticket that `team` signed for the application's audience."""
    checked = list(rules)
    for place, route in enumerate(routes):
        if route.access:
            asked = {"required": True, "team_name": team, "aud_tags": [audiences[application_of(route, audiences)]]}
            options = {**rules[place].get("origin_request", {}), "access": asked}
            checked[place] = {**rules[place], "origin_request": options}
    return checked


def misguarded(routes: Iterable[Numbered]) -> list[SettingIssue]:
    """Routes that another's application would stand before, and applications that cannot be told apart."""
    routes = list(routes)
    said = _said([route for _, route in routes])
    closed = [domain for domain, access in said.items() if access]
    mistakes: list[SettingIssue] = []
    for number, route in routes:
        key, domain = f"{PREFIX}routes[{number}]", _domain(route)
        if route.access and "*" in domain.partition("/")[2]:
            why = "Access takes * in a path for a wildcard"
            mistakes.append(
                SettingIssue.of(
                    f"{key}.path", route.paths.literal, why, "a path without *", references.CLOUDFLARE_APP_PATHS
                )
            )
        if route.access and said[domain] != route.access:
            why = f"another route lets other people pass at {domain}, and Access cannot tell the two apart"
            mistakes.append(
                SettingIssue.of(key, route.requests, why, "the same access for both", references.CLOUDFLARE_APP_PATHS)
            )
        if route.access or route.origin.scheme == "http_status":
            continue
        over = [each for each in closed if _covers(each, domain)]
        if over and not route.public:
            why = f"the access of {max(over, key=len)} would stand before it, too"
            mistakes.append(SettingIssue.of(key, route.requests, why, SPOKEN_FOR, references.CLOUDFLARE_APP_PATHS))
        elif over and (domain in closed or route.paths.regex is not None):
            why = f"Access cannot tell it from what is guarded at {max(over, key=len)}"
            mistakes.append(
                SettingIssue.of(key, route.requests, why, "a path as exact or prefix", references.CLOUDFLARE_APP_PATHS)
            )
    if not mistakes:
        mistakes += [
            _too_many(application)
            for application in access_applications(route for _, route in routes)
            if len(application.domains) > MOST_DOMAINS
        ]
    return mistakes


def _too_many(application: AccessApplication) -> SettingIssue:
    why = f"its access has {len(application.domains)} paths, and an application has {MOST_DOMAINS} at most"
    accepted = "access for the whole hostname, with public: true on what is not guarded"
    return SettingIssue.of(
        f"{PREFIX}routes", _host(application.domains[0]), why, accepted, references.CLOUDFLARE_LIMITS
    )


def _said(routes: Sequence[Route]) -> dict[str, AccessOptions | None]:
    """What is said for each domain that needs a word at Cloudflare; the first word counts."""
    said: dict[str, AccessOptions | None] = {}
    for route in routes:
        if route.access:
            said.setdefault(_domain(route), route.access)
    closed = list(said)
    for route in routes:
        if route.public and any(_covers(domain, _domain(route)) for domain in closed):
            said.setdefault(_domain(route), None)
    return said


def _domain(route: Route) -> str:
    """Hostname and path of an application that covers every request of a route."""
    literal = route.paths.literal
    if route.paths.regex is not None:
        literal = literal.rpartition("/")[0]
    return route.hostname + literal.rstrip("/")


def _host(domain: str) -> str:
    return domain.partition("/")[0]


def _covers(domain: str, other: str) -> bool:
    (host, _, path), (inner, _, below) = domain.partition("/"), other.partition("/")
    same = host == inner or (host.startswith("*.") and inner.partition(".")[2] == host[2:])
    return same and (not path or f"{below}/".startswith(f"{path}/"))


def _inherits(domain: str, said: dict[str, AccessOptions | None]) -> bool:
    """Whether the application around a domain says the same of it."""
    around = [each for each in said if each != domain and _covers(each, domain) and _host(each) == _host(domain)]
    return bool(around) and said[max(around, key=len)] == said[domain]

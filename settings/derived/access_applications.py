"""The Cloudflare Access applications of the routes.

An application covers a path with everything below, or a whole hostname; `*.` covers one label. Of several that cover a
request, only the most specific one applies:
https://developers.cloudflare.com/cloudflare-one/access-controls/policies/app-paths/.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from settings.options.access import AccessOptions
from settings.options.routes import Route

AccessByDomain = dict[str, AccessOptions | None]
"""Access of each domain (`host` or `host/path`); None for a public one below a protected one."""


@dataclass(frozen=True)
class AccessApplication:
    """One application. `name` is unique and stable as long as its routes exist; `domains` are `host` or `host/path`,
    the shortest first. Without `access` it lets everyone through, for public paths of a protected hostname."""

    name: str
    domains: tuple[str, ...]
    access: AccessOptions | None


def access_applications(routes: Iterable[Route]) -> tuple[AccessApplication, ...]:
    """One application a hostname, and another for each different access below it."""
    by_domain = access_by_domain(list(routes))
    groups: dict[tuple[str, AccessOptions | None], list[str]] = {}
    for domain, access in by_domain.items():
        groups.setdefault((host_of(domain), access), []).append(domain)
    applications: list[AccessApplication] = []
    named: set[str] = set()
    for (host, access), domains in groups.items():
        # The first of a hostname is named after the hostname alone, so that a change of its path keeps the application.
        name = f"{host}-public" if access is None else host if host not in named else domains[0]
        named.add(name)
        needed = [domain for domain in domains if not _inherits(domain, by_domain)]
        applications.append(AccessApplication(name, tuple(sorted(needed, key=len)), access))
    return tuple(applications)


def _by_route(applications: Iterable[AccessApplication]) -> dict[tuple[str, AccessOptions | None], AccessApplication]:
    """Applications by the hostname and the access of their routes."""
    return {(host_of(each.domains[0]), each.access): each for each in applications}


def require_access_jwt(
    rules: list[dict[str, Any]], routes: Iterable[Route], team: str | None, audiences: Mapping[AccessApplication, Any]
) -> list[dict[str, Any]]:
    """The rules of these routes, in their order, with the catch-all after them; for a route with access, the connector
    requires a JWT that `team` signed for the application's audience."""
    verified, by_route = list(rules), _by_route(audiences)
    for position, route in enumerate(routes):
        if route.access:
            audience = audiences[by_route[route.hostname, route.access]]
            access = {"required": True, "team_name": team, "aud_tags": [audience]}
            request = {**rules[position].get("origin_request", {}), "access": access}
            verified[position] = {**rules[position], "origin_request": request}
    return verified


def access_by_domain(routes: Sequence[Route]) -> AccessByDomain:
    """The access of each domain that Cloudflare needs an application for. Of two routes with one domain, the first."""
    by_domain: AccessByDomain = {}
    for route in routes:
        if route.access:
            by_domain.setdefault(domain_of(route), route.access)
    protected = set(by_domain)
    for route in routes:
        if route.public and covering(domain_of(route), protected):
            by_domain.setdefault(domain_of(route), None)
    return by_domain


def domain_of(route: Route) -> str:
    """Hostname and path of an application that covers every request of a route."""
    literal = route.paths.literal
    if route.paths.regex is not None:
        literal = literal.rpartition("/")[0]
    return route.hostname + literal.rstrip("/")


def host_of(domain: str) -> str:
    """The hostname of an application's domain."""
    return domain.partition("/")[0]


def covering(domain: str, domains: Container[str]) -> list[str]:
    """Those of `domains` whose application covers another domain, or is its own."""
    host, _, path = domain.partition("/")
    ends = [end for end, character in enumerate(f"{path}/") if character == "/"]
    beginnings = dict.fromkeys(["", *(f"/{path[:end]}" for end in ends if end)])
    hosts = dict.fromkeys([host, f"*.{host.partition('.')[2]}"])
    return [found for each in hosts for beginning in beginnings if (found := each + beginning) in domains]


def _inherits(domain: str, by_domain: AccessByDomain) -> bool:
    """Whether the next application around a domain has the same access."""
    around = [other for other in covering(domain, by_domain) if other != domain and host_of(other) == host_of(domain)]
    # Each is the beginning of the next.
    return bool(around) and by_domain[max(around)] == by_domain[domain]

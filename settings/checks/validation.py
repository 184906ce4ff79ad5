"""All checks at once: the model's own, and those between settings, as far as these can be made."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from settings import references, shorthand
from settings.checks import waf
from settings.derived import access_applications, adoption, ingress_rules
from settings.errors import MISSING, PREFIX, SettingIssue, SettingsError
from settings.options import origins, zones
from settings.options.access import TEAM
from settings.options.routes import Route
from settings.options.waf import WafOptions
from settings.pydantic_errors import translated

Model = TypeVar("Model", bound=BaseModel)

_CALICO = "Calico's policies know pods and addresses, DNS names only in its paid editions"
NAMELESS = {
    "kubernetes": ("Kubernetes' policies know pods and addresses", references.KUBERNETES_POLICIES),
    "calico": (_CALICO, references.CALICO_POLICIES),
    "calico-crd": (_CALICO, references.CALICO_POLICIES),
}
"""Engines without DNS names, why, and where that is said."""


def checked(model: type[Model], data: Any, handler: Callable[[Any], Model]) -> Model:
    """The settings that `handler` makes of `data`. Raises SettingsError with every mistake in them.

    The checks between settings see the data itself, part by part: one broken route must not hide what is wrong with the
    next.
    """
    settings, mistakes = None, []
    try:
        settings = handler(data)
    except ValidationError as error:
        mistakes = translated(model, data, error)
    routes, known = list(_routes(data)), list(_zones(data))
    mistakes += zones.repeated(known)
    if known and len(known) == len(_identities(data)):
        mistakes += zones.misplaced(routes, {zone for _, zone in known})
    mistakes += zones.confused(*_ids(data))
    mistakes += ingress_rules.unreachable(routes)
    mistakes += adoption.unclear(routes)
    mistakes += [*_idle_options(routes), *_undecided(routes)]
    mistakes += access_applications.misguarded(routes)
    if guarded := [number for number, route in routes if route.access]:
        mistakes += _teamless(data, guarded[0])
    mistakes += list(_unfenceable(routes, _group(data, "networkPolicy")))
    mistakes += _unscraped(data)
    mistakes += _unanswered(data, routes)
    mistakes += _uncarried(data)
    mistakes += _at_the_edge(data, routes, {zone: written for written, zone in known})
    if settings is None or mistakes:
        raise SettingsError(mistakes)
    return settings


def _unfenceable(routes: Iterable[tuple[int, Route]], policy: dict[Any, Any]) -> Iterable[SettingIssue]:
    """DNS names outside the cluster where the policy's engine has none: origins under `strict`, which opens nothing else,
    and what is allowed besides."""
    engine = policy.get("engine", "kubernetes")
    if engine not in NAMELESS:
        return
    why, source = NAMELESS[engine]
    for number, route in routes:
        if route.origin.external and policy.get("preset", "strict") == "strict":
            yield SettingIssue.of(
                f"{PREFIX}routes[{number}].service",
                route.service,
                f"a strict network policy cannot open a DNS name outside the cluster: {why}",
                "service.namespace.svc.cluster.local, an IP address, or networkPolicy: {preset: guide} or {engine: cilium}",
                source,
            )
    allowed = policy.get("allow")
    for number, opening in enumerate(allowed if isinstance(allowed, (list, tuple)) else ()):
        if isinstance(opening, dict) and opening.get("name"):
            key, accepted = f"{PREFIX}networkPolicy.allow[{number}].name", "cidr or namespace, or {engine: cilium}"
            yield SettingIssue.of(key, opening["name"], why, accepted, source)


def _idle_options(routes: Iterable[tuple[int, Route]]) -> Iterable[SettingIssue]:
    """Options of a route that its service has no use for."""
    for number, route in routes:
        scheme = route.origin.scheme
        for option, value in origins.given(route.origin_options).items():
            if scheme not in origins.USES[option]:
                key = origins.written(option)
                shown = value.model_dump(by_alias=True, exclude_none=True) if isinstance(value, BaseModel) else value
                yield SettingIssue.of(
                    f"{PREFIX}routes[{number}].origin.{key}",
                    shown,
                    f"the connector has no use for it with {scheme}",
                    f"{key} with {', '.join(origins.USES[option])}",
                    references.CONNECTOR_ORIGINS,
                )


def _undecided(routes: Iterable[tuple[int, Route]]) -> Iterable[SettingIssue]:
    """Hostnames that one route gives a record and another does not."""
    first: dict[str, tuple[int, Route]] = {}
    for number, route in routes:
        other, before = first.setdefault(route.hostname, (number, route))
        if before.dns != route.dns:
            why = f"routes[{other}] says {before.dns} for the same hostname, which has one record or none"
            accepted = f"{before.dns}, or the same in both"
            yield SettingIssue.of(
                f"{PREFIX}routes[{number}].dns", route.dns, why, accepted, references.CLOUDFLARE_RECORDS
            )


def _unscraped(data: Any) -> Iterable[SettingIssue]:
    """A monitor behind a fence without a door. Who may come in is said in one place, so the monitor does not open it."""
    wanted = data.get("monitoring") if isinstance(data, dict) else None
    group = {} if wanted is True else wanted
    if isinstance(group, dict) and group.get("monitor", "pod") in ("pod", "service"):
        fence = data.get("networkPolicy") or {}
        if isinstance(fence, dict) and fence.get("metricsFrom") is None:
            why = "monitoring has Prometheus scrape the connectors, and the network policy lets nobody in"
            accepted = "the namespace that Prometheus runs in, or monitoring: {monitor: none}"
            key, source = f"{PREFIX}networkPolicy.metricsFrom", references.KUBERNETES_POLICIES
            yield SettingIssue.of(key, MISSING, why, accepted, source)


def _unanswered(data: Any, routes: Sequence[tuple[int, Route]]) -> Iterable[SettingIssue]:
    """A load balancer that sends visitors of a hostname to a tunnel without a rule for it."""
    hostname = _group(data, "loadBalancer").get("hostname")
    known = {route.hostname for _, route in routes if route.dns == "record"}
    if isinstance(hostname, str) and routes and hostname.lower() not in known and not hostname.startswith("*"):
        why = "no route of this stack is for it, so that its own tunnel would answer 404, or the route says dns: none"
        accepted, key = (
            " or ".join(sorted(known)) or "the hostname of a route with a record",
            f"{PREFIX}loadBalancer.hostname",
        )
        yield SettingIssue.of(key, hostname, why, accepted, references.CLOUDFLARE_BALANCERS)


def _uncarried(data: Any) -> Iterable[SettingIssue]:
    """UDP that is asked of a connector which speaks HTTP/2, where there is none."""
    listed = _group(data, "privateNetworks").get("routes")
    if _group(data, "connector").get("protocol") != "http2" or not isinstance(listed, (list, tuple)):
        return
    for number, route in enumerate(listed):
        if isinstance(route, dict) and route.get("protocol") == "UDP":
            key = f"{PREFIX}privateNetworks.routes[{number}].protocol"
            why = "the connector's protocol is http2, over which it carries no UDP"
            yield SettingIssue.of(key, "UDP", why, "TCP, or connector: {protocol: quic}", references.CLOUDFLARE_ROUTES)


def _at_the_edge(data: Any, routes: Sequence[tuple[int, Route]], known: dict[str, str]) -> Iterable[SettingIssue]:
    """What the edge's rules ask for and the stack does not have; said once every route is a good one."""
    listed = data.get("routes") if isinstance(data, dict) else None
    if not isinstance(listed, (list, tuple)) or len(routes) < len(listed):
        return ()
    try:
        edge = WafOptions.model_validate(_group(data, "waf"))
    except ValidationError:
        return ()
    return waf.mistakes(edge, zones.placed((route for _, route in routes), known), known)


def _teamless(data: Any, number: int) -> Iterable[SettingIssue]:
    if not isinstance(data, dict) or not data.get("accessTeam"):
        why = f"routes[{number}] has access, and the connector checks who signed the ticket"
        yield SettingIssue.of(f"{PREFIX}accessTeam", MISSING, why, TEAM, references.CLOUDFLARE_TEAM)


def _routes(data: Any) -> Iterable[tuple[int, Route]]:
    routes = shorthand.routes(data.get("routes")) if isinstance(data, dict) else None
    for number, value in enumerate(routes if isinstance(routes, (list, tuple)) else ()):
        try:
            yield number, Route.model_validate(shorthand.route(value))
        except ValidationError:
            continue


def _zones(data: Any) -> Iterable[tuple[str, str]]:
    """The zones with a good name: as written, and as sent."""
    for name in _identities(data):
        try:
            yield name, zones.zone_name(name)
        except (PydanticCustomError, AttributeError):
            continue


def _ids(data: Any) -> tuple[dict[str, str], str]:
    account = data.get("accountId") if isinstance(data, dict) else None
    identities = {name: value.lower() for name, value in _identities(data).items() if value and isinstance(value, str)}
    return identities, account.lower() if isinstance(account, str) else ""


def _identities(data: Any) -> dict[Any, Any]:
    zones = shorthand.zones(data.get("zones")) if isinstance(data, dict) else None
    return zones if isinstance(zones, dict) else {}


def _group(data: Any, key: str) -> dict[Any, Any]:
    group = data.get(key) if isinstance(data, dict) else None
    return group if isinstance(group, dict) else {}

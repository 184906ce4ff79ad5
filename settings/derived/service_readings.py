"""Services that routes name: which of them to read from the cluster, and what the settings are once they are read."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from settings import references
from settings.derived.destination_kinds import AddressDestination, Destination
from settings.derived.destinations import of_route
from settings.derived.external_names import unsupported_name
from settings.derived.kubernetes_services import KubernetesService, UnusableService
from settings.derived.service_warnings import unknown_services
from settings.errors import PREFIX, SettingIssue, SettingsError
from settings.options.network_policy import NetworkPolicyOptions
from settings.options.routes import Route
from settings.types.cloud_metadata import metadata_service

Readings = Mapping[str, KubernetesService | str]
"""What was read, by `namespace/name`: a Service, or why it is not known: NOT_FOUND, or the reason as
the rest of a sentence ("cannot be read: …")."""


@dataclass(frozen=True)
class Resolved:
    """Routes and Services once the cluster was asked; `warnings` are sentences about what is assumed."""

    routes: tuple[Route, ...]
    services: Mapping[str, KubernetesService]
    warnings: tuple[str, ...]


def remembered_services(outputs: Mapping[str, Any]) -> dict[str, KubernetesService]:
    """The Services that an earlier run read, from its stack's outputs; nothing that these do not hold as it should
    be."""
    stored = outputs.get("services")
    found: dict[str, KubernetesService] = {}
    for key, value in stored.items() if isinstance(stored, Mapping) else ():
        namespace, _, name = key.partition("/")
        if service := KubernetesService.from_output(namespace, name, value):
            found[key] = service
    return found


def services_to_read(routes: Iterable[Route], namespace: str, own: Collection[str]) -> dict[str, tuple[str, str]]:
    """Namespace and name of each Service that routes depend on, once, by `namespace/name`.

    Not those in `own`, which the stack creates itself in its `namespace`, and none for a route whose backend declares
    both target port and selector.
    """
    found: dict[str, tuple[str, str]] = {}
    for route in routes:
        service = _service_of(route, namespace)
        if service and not (service[0] == namespace and service[1] in own):
            found["/".join(service)] = service
    return found


def resolve(
    routes: Iterable[Route],
    namespace: str,
    policy: NetworkPolicyOptions,
    readings: Readings,
    remembered: Mapping[str, KubernetesService],
) -> Resolved:
    """The routes and Services after `readings`, which has every Service of `services_to_read`.

    A Service that could not be read, or has no address for the moment, is as an earlier run read it, where it did:
    `remembered`. Raises SettingsError for a port that a Service does not have, for an alias of a name outside, and for
    a name of two labels that may be a Service or a DNS name outside, where the Service is not known.
    """
    services: dict[str, KubernetesService] = {}
    warnings: list[str] = []
    for key, found in readings.items():
        previous = remembered.get(key)
        if isinstance(found, str):
            services |= {key: previous} if previous else {}
        elif found.needs_slices and not found.spec.get("selector") and not _has_addresses(found):
            kept = previous if previous and _has_addresses(previous) else None
            services[key] = replace(found, slices=kept.slices) if kept else found
            outcome = "kept are the addresses that an earlier run read" if kept else "nothing is allowed for it"
            warnings.append(f"Service {key} has no selector, and no address for the moment: {outcome}.")
        else:
            services[key] = found
    issues: list[SettingIssue] = []
    resolved: list[Route] = []
    for number, route in enumerate(routes):
        issue, after = _resolve_route(number, route, namespace, policy, readings, services)
        issues += issue
        resolved.append(after)
    if issues:
        raise SettingsError(issues)
    unknown = _unknown(resolved, namespace, policy, readings, services)
    return Resolved(tuple(resolved), services, (*unknown_services(unknown), *warnings))


def _service_of(route: Route, namespace: str) -> tuple[str, str] | None:
    """Namespace and name of the Service that a route depends on, or may depend on; None for one that is declared."""
    origin, backend = route.origin, route.backend
    if backend and backend.target_port is not None and backend.pod_selector is not None:
        return None
    if origin.candidate:
        service, its_namespace = origin.candidate
        return its_namespace, service
    return (origin.namespace or namespace, origin.service) if origin.service else None


def _key(route: Route, namespace: str) -> str:
    return "/".join(_service_of(route, namespace) or ())


def _resolve_route(
    number: int,
    route: Route,
    namespace: str,
    policy: NetworkPolicyOptions,
    readings: Readings,
    services: Mapping[str, KubernetesService],
) -> tuple[list[SettingIssue], Route]:
    key = _key(route, namespace)
    if route.origin.candidate and key in readings:
        if key not in services:
            return _undecided(number, route, key, readings[key], policy), route
        route = route.with_origin(route.origin.as_service())
    found = readings.get(key)
    if not isinstance(found, KubernetesService) or route.origin.port is None:
        return [], route
    backend = route.backend
    where = f"{PREFIX}routes[{number}].{'backend' if backend else 'service'}"
    value = backend.model_dump(by_alias=True, exclude_none=True) if backend else route.service
    try:
        destinations = found.destinations(
            route.origin.port,
            target_port=backend.target_port if backend else None,
            pod_selector=backend.pod_selector if backend else None,
        )
    except UnusableService as error:
        problem = f"names Service {key}, which {error.problem}"
        return [SettingIssue.of(where, value, problem, error.accepted, references.KUBERNETES_SERVICES)], route
    if not policy.allow_cloud_metadata:
        for address in (each.cidr for each in destinations if isinstance(each, AddressDestination)):
            if metadata := metadata_service(ip_network(address)):
                problem = f"names Service {key}, whose EndpointSlices lead to {metadata}, {address}"
                accepted = "another Service, or that address as service, with networkPolicy: {allowCloudMetadata: true}"
                return [SettingIssue.of(where, value, problem, accepted, references.CLOUD_METADATA)], route
    return [], route


def _undecided(
    number: int, route: Route, key: str, found: KubernetesService | str, policy: NetworkPolicyOptions
) -> list[SettingIssue]:
    origin, where = route.origin, f"{PREFIX}routes[{number}].service"
    port = f":{origin.port}"
    if origin.external:
        issue = unsupported_name(number, route, policy.engine, policy.preset)
        return [issue] if issue else []
    problem = (
        f"may be Service {key}, which {found}, or a DNS name outside the cluster; which of the two must be visible"
    )
    accepted = (
        f"{origin.scheme}://{origin.host}.svc{port} for the Service, {origin.scheme}://{origin.host}.{port}, with a "
        "final dot, for the DNS name"
    )
    return [SettingIssue.of(where, route.service, problem, accepted, references.KUBERNETES_SERVICE_NAMES)]


def _unknown(
    routes: Iterable[Route],
    namespace: str,
    policy: NetworkPolicyOptions,
    readings: Readings,
    services: Mapping[str, KubernetesService],
) -> dict[tuple[str, bool], dict[str, list[Destination]]]:
    """What is allowed for each Service that could not be read, by the reason and whether an earlier run read it."""
    groups: dict[tuple[str, bool], dict[str, list[Destination]]] = {}
    for route in routes:
        key = _key(route, namespace)
        reason = readings.get(key)
        if isinstance(reason, str) and route.origin.service:
            group = groups.setdefault((reason, key in services), {})
            group.setdefault(key, []).extend(of_route(route, namespace, services, policy))
    return groups


def _has_addresses(service: KubernetesService) -> bool:
    return any(each["addresses"] for each in service.slices)

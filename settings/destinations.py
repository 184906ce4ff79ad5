"""What the connector must be able to reach: the network policy is made from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from settings.routes import Route


@dataclass(frozen=True)
class PodDestination:
    """Pods behind a Service, and the port they listen on. An empty selector is every pod of the namespace."""

    namespace: str
    pod_selector: dict[str, str]
    port: int


@dataclass(frozen=True)
class AddressDestination:
    """One IP address, written as a range of one, and a port."""

    cidr: str
    port: int


Destination = PodDestination | AddressDestination


def destinations(
    routes: Iterable[Route], namespace: str, target_ports: Mapping[tuple[str, int], int]
) -> tuple[Destination, ...]:
    """Each destination once, in the order of the routes; a DNS name outside the cluster is none, no policy can name it.

    `target_ports` says where the pods behind a Service and port of the stack's namespace listen; of other Services the
    pods listen on the backend's `targetPort`, or else on the port of the Service.
    """
    found: list[Destination] = []
    for route in routes:
        origin, backend = route.origin, route.backend
        if origin.port is None or origin.external:
            continue
        if origin.address is not None:
            found.append(AddressDestination(f"{origin.address}/{origin.address.max_prefixlen}", origin.port))
            continue
        where = origin.namespace or namespace
        known = target_ports.get((origin.service, origin.port)) if where == namespace else None
        selector = backend.pod_selector if backend else None
        port = (backend.target_port if backend else None) or known or origin.port
        found.append(PodDestination(where, selector or {}, port))
    return tuple(destination for index, destination in enumerate(found) if destination not in found[:index])

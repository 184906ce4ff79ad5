"""What the connector must be able to reach: the network policy is made from it."""

from collections.abc import Iterable
from dataclasses import dataclass

from settings.routes import Route


@dataclass(frozen=True)
class PodDestination:
    """Pods behind a Service, on the port they listen on. An empty selector is every pod of the namespace."""

    namespace: str
    pod_selector: dict[str, str]
    port: int


@dataclass(frozen=True)
class AddressDestination:
    """One IP address, as a range of one, and a port."""

    cidr: str
    port: int


Destination = PodDestination | AddressDestination


def destinations(
    routes: Iterable[Route], namespace: str, target_ports: dict[tuple[str, int], int]
) -> tuple[Destination, ...]:
    """Each destination once, in the order of the routes; DNS names outside the cluster cannot be named by a policy, and are left out.

    `target_ports` says where the pods behind a Service and port of the stack's namespace listen; otherwise a URL's port is taken to be theirs.
    """
    found: list[Destination] = []
    for route in routes:
        origin = route.origin
        if origin.port is None:
            continue
        if origin.address is not None:
            found.append(AddressDestination(f"{origin.address}/{origin.address.max_prefixlen}", origin.port))
        elif origin.service:
            where = origin.namespace or namespace
            selector = (route.backend.pod_selector or {}) if route.backend else {}
            declared = route.backend.target_port if route.backend else None
            known = target_ports.get((origin.service, origin.port)) if where == namespace else None
            found.append(PodDestination(where, selector, declared or known or origin.port))
    return tuple(destination for index, destination in enumerate(found) if destination not in found[:index])

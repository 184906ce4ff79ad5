"""What the connector must be able to reach: the network policy is made from it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from settings.options.network_policy import NetworkPolicyOptions
from settings.options.network_policy_peers import AllowedPeer
from settings.options.routes import Route


@dataclass(frozen=True)
class PodDestination:
    """Pods behind a Service, and the port they listen on. An empty selector is every pod of the namespace."""

    namespace: str
    pod_selector: dict[str, str]
    port: int
    protocol: str = "TCP"


@dataclass(frozen=True)
class AddressDestination:
    """A range of IP addresses, a route's being a range of one, and a port."""

    cidr: str
    port: int
    protocol: str = "TCP"


@dataclass(frozen=True)
class NetworkDestination:
    """A range of IP addresses on every port of every protocol."""

    cidr: str
    every_port: bool = True


@dataclass(frozen=True)
class NameDestination:
    """A DNS name outside the cluster, and a port."""

    name: str
    port: int
    protocol: str = "TCP"


Destination = PodDestination | AddressDestination | NetworkDestination | NameDestination


def destinations(
    routes: Iterable[Route],
    namespace: str,
    target_ports: Mapping[tuple[str, int], int],
    policy: NetworkPolicyOptions,
) -> tuple[Destination, ...]:
    """Each destination once, the routes' in their order, then those that `policy` allows besides. A DNS name outside the
    cluster is none where the policy's engine has no names.

    `target_ports` says where the pods behind a Service and port of the stack's namespace listen; of other Services the
    pods listen on the backend's `targetPort`, or else on the port of the Service.
    """
    found: list[Destination] = []
    for route in routes:
        origin, backend = route.origin, route.backend
        if origin.port is None or (origin.external and policy.engine != "cilium"):
            continue
        if origin.external:
            found.append(NameDestination(origin.host, origin.port))
            continue
        if origin.address is not None:
            found.append(AddressDestination(f"{origin.address}/{origin.address.max_prefixlen}", origin.port))
            continue
        where = origin.namespace or namespace
        known = target_ports.get((origin.service, origin.port)) if where == namespace else None
        selector = backend.pod_selector if backend else None
        port = (backend.target_port if backend else None) or known or origin.port
        found.append(PodDestination(where, selector or {}, port))
    found += [destination for opening in policy.allow for destination in _opened(opening)]
    return tuple(destination for index, destination in enumerate(found) if destination not in found[:index])


def _opened(opening: AllowedPeer) -> Iterator[Destination]:
    for port in opening.ports:
        if opening.cidr:
            yield AddressDestination(opening.cidr, port, opening.protocol)
        elif opening.name:
            yield NameDestination(opening.name, port, opening.protocol)
        else:
            yield PodDestination(opening.namespace or "", opening.pods, port, opening.protocol)

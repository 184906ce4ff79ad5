"""Destinations of the connector besides Cloudflare and cluster DNS; the network policy is made from them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from settings.options.access import SIGNING_KEY_ADDRESSES
from settings.options.network_policy import NetworkPolicyOptions
from settings.options.network_policy_peers import AllowedPeer
from settings.options.private_networks import PrivateNetworksOptions
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
    """A range of IP addresses (of one address for a route), and a port."""

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
    private_networks: PrivateNetworksOptions | None = None,
) -> tuple[Destination, ...]:
    """Each destination once: the routes' in their order, then those that `policy` allows, then the signing keys of
    Access where a route has access, then the private networks. A DNS name outside the cluster is omitted where the
    policy's engine does not support names.

    `target_ports` has the port of the pods behind a Service and port of the stack's namespace; the pods of other
    Services listen on the backend's `targetPort`, or else on the port of the Service.
    """
    routes = list(routes)
    found = [destination for route in routes for destination in _of_route(route, namespace, target_ports, policy)]
    found += [destination for peer in policy.allow for destination in _of_peer(peer)]
    if any(route.access for route in routes):
        found += [AddressDestination(address, 443) for address in SIGNING_KEY_ADDRESSES]
    found += _of_private_networks(private_networks)
    return tuple(destination for index, destination in enumerate(found) if destination not in found[:index])


def _of_route(
    route: Route, namespace: str, target_ports: Mapping[tuple[str, int], int], policy: NetworkPolicyOptions
) -> Iterator[Destination]:
    origin, backend = route.origin, route.backend
    if origin.port is None:
        return
    if origin.external:
        if policy.engine == "cilium":
            yield NameDestination(origin.host, origin.port)
    elif origin.address is not None:
        yield AddressDestination(f"{origin.address}/{origin.address.max_prefixlen}", origin.port)
    else:
        service_namespace = origin.namespace or namespace
        target = target_ports.get((origin.service, origin.port)) if service_namespace == namespace else None
        port = (backend.target_port if backend else None) or target or origin.port
        yield PodDestination(service_namespace, (backend.pod_selector if backend else None) or {}, port)


def _of_peer(peer: AllowedPeer) -> Iterator[Destination]:
    for port in peer.ports:
        if peer.cidr:
            yield AddressDestination(peer.cidr, port, peer.protocol)
        elif peer.name:
            yield NameDestination(peer.name, port, peer.protocol)
        else:
            yield PodDestination(peer.namespace or "", peer.pods, port, peer.protocol)


def _of_private_networks(options: PrivateNetworksOptions | None) -> Iterator[Destination]:
    for route in options.routes if options else ():
        if not route.ports:
            yield NetworkDestination(route.network)
        yield from (AddressDestination(route.network, port, route.protocol) for port in route.ports)

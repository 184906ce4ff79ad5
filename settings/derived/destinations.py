"""Destinations of the connector besides Cloudflare and cluster DNS; the network policy is made from them."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network

from settings.derived.destination_kinds import (
    AddressDestination,
    Destination,
    EntityDestination,
    NameDestination,
    NetworkDestination,
    PodDestination,
)
from settings.derived.kubernetes_services import KubernetesService, UnusableService
from settings.options.access import SIGNING_KEY_ADDRESSES
from settings.options.connector import ConnectorOptions
from settings.options.network_policy import NetworkPolicyOptions
from settings.options.network_policy_peers import AllowedPeer
from settings.options.private_networks import PrivateNetworksOptions
from settings.options.routes import Route


def destinations(
    routes: Iterable[Route],
    namespace: str,
    services: Mapping[str, KubernetesService],
    policy: NetworkPolicyOptions,
    private_networks: PrivateNetworksOptions | None = None,
    target_ports: Mapping[tuple[str, int], int] | None = None,
    connector: ConnectorOptions | None = None,
) -> tuple[Destination, ...]:
    """Each destination once: the routes' in their order, then those that `policy` allows, then the signing keys of
    Access where a route has access, then the private networks, then the name servers of `connector`. A DNS name outside
    the cluster is omitted where the policy's engine does not support names.

    `services` are those that are known, by `namespace/name`. Of another, the assumption is that every pod of its
    namespace is behind it and that they listen on the Service's port, except where the route's backend says otherwise.
    `target_ports` has the port of the pods behind a Service and port that the stack creates in its namespace.
    """
    routes = list(routes)
    found = [
        destination for route in routes for destination in of_route(route, namespace, services, policy, target_ports)
    ]
    found += [destination for peer in policy.allow for destination in _of_peer(peer)]
    if any(route.access for route in routes):
        found += [AddressDestination(address, 443) for address in SIGNING_KEY_ADDRESSES]
    found += _of_private_networks(private_networks)
    for server in connector.dns_config.nameservers if connector else ():
        found += [AddressDestination(str(ip_network(server)), 53, protocol) for protocol in ("UDP", "TCP")]
    return tuple(destination for index, destination in enumerate(found) if destination not in found[:index])


def of_route(
    route: Route,
    namespace: str,
    services: Mapping[str, KubernetesService],
    policy: NetworkPolicyOptions,
    target_ports: Mapping[tuple[str, int], int] | None = None,
) -> Iterator[Destination]:
    """The destinations of one route; see `destinations`."""
    origin, backend = route.origin, route.backend
    if origin.port is None:
        return
    if origin.external:
        if policy.engine == "cilium":
            yield NameDestination(origin.host, origin.port)
        return
    if origin.address is not None:
        yield AddressDestination(f"{origin.address}/{origin.address.max_prefixlen}", origin.port)
        return
    target_port = backend.target_port if backend else None
    pod_selector = backend.pod_selector if backend else None
    service_namespace = origin.namespace or namespace
    if service := services.get(f"{service_namespace}/{origin.service}"):
        try:
            yield from service.destinations(
                origin.port, policy.engine, target_port=target_port, pod_selector=pod_selector
            )
            return
        except UnusableService:
            # Where the Service was read, this is an error already; one that is only remembered may have changed since.
            pass
    own = (target_ports or {}).get((origin.service, origin.port)) if service_namespace == namespace else None
    yield PodDestination(service_namespace, pod_selector or {}, target_port or own or origin.port)


def _of_peer(peer: AllowedPeer) -> Iterator[Destination]:
    for port in peer.ports:
        if peer.cidr:
            yield AddressDestination(peer.cidr, port, peer.protocol)
        elif peer.name:
            yield NameDestination(peer.name, port, peer.protocol)
        elif peer.entity:
            yield EntityDestination(peer.entity, port, peer.protocol)
        elif peer.namespace:
            yield PodDestination(peer.namespace, peer.pods, port, peer.protocol)


def _of_private_networks(options: PrivateNetworksOptions | None) -> Iterator[Destination]:
    for route in options.routes if options else ():
        if not route.ports:
            yield NetworkDestination(route.network)
        yield from (AddressDestination(route.network, port, route.protocol) for port in route.ports)

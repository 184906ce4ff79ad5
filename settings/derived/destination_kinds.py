"""Kinds of destination that the connector's network policy can allow."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PodDestination:
    """Pods behind a Service, and the port they listen on, by its number or its name in the pods' specification. An
    empty selector is every pod of the namespace."""

    namespace: str
    pod_selector: dict[str, str]
    port: int | str
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


@dataclass(frozen=True)
class EntityDestination:
    """What Cilium knows by a name of its own, such as `kube-apiserver`, and a port."""

    entity: str
    port: int
    protocol: str = "TCP"


Destination = PodDestination | AddressDestination | NetworkDestination | NameDestination | EntityDestination

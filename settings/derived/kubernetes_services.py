"""Services of the cluster as the network policy sees them: from a Service and its EndpointSlices to destinations."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self

from settings.derived.destination_kinds import AddressDestination, Destination, EntityDestination, PodDestination
from settings.options.network_policy import DEFAULT_ENGINE

Object = Mapping[str, Any]
"""A Kubernetes object in the API's own spelling."""
API_SERVER = ("default", "kubernetes")
"""Namespace and name of the Service of the Kubernetes API, which every cluster has, without a selector."""


class UnusableService(Exception):
    """A Service that a route cannot use. `problem` continues a sentence that begins with the Service, `accepted` says
    what the route may name instead."""

    def __init__(self, problem: str, accepted: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.accepted = accepted


@dataclass(frozen=True)
class KubernetesService:
    """A Service and its EndpointSlices, without the fields that a network policy does not depend on.

    EndpointSlices matter only where the Service has no selector or is headless: see `needs_slices`.
    https://kubernetes.io/docs/concepts/services-networking/service/
    """

    namespace: str
    name: str
    spec: Object
    slices: tuple[Object, ...] = ()

    @classmethod
    def of(cls, service: Object, slices: Iterable[Object] = ()) -> Self:
        """From the objects that the API server returns."""
        metadata, spec = service["metadata"], service.get("spec") or {}
        kept = {key: spec[key] for key in ("type", "selector", "externalName") if spec.get(key)}
        if spec.get("clusterIP") == "None":
            kept["clusterIP"] = "None"
        kept["ports"] = _ports(spec.get("ports"), "name", "port", "targetPort")
        reduced = [found for each in slices if (found := _slice(each))]
        return cls(metadata.get("namespace", ""), metadata["name"], kept, tuple(sorted(reduced, key=repr)))

    @classmethod
    def from_output(cls, namespace: str, name: str, value: Any) -> Self | None:
        """From a stack's output, as `to_output` makes it; None for any other value."""
        if not isinstance(value, Mapping) or not isinstance(value.get("spec"), Mapping):
            return None
        try:
            return cls.of({"metadata": {"namespace": namespace, "name": name}, **value}, value.get("slices") or ())
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    def to_output(self) -> dict[str, Any]:
        """Plain values for a stack's output."""
        return {"spec": dict(self.spec), **({"slices": [dict(each) for each in self.slices]} if self.slices else {})}

    @property
    def key(self) -> str:
        """Namespace and name: `shop/api`."""
        return f"{self.namespace}/{self.name}"

    @property
    def headless(self) -> bool:
        """Whether the Service's name resolves to the addresses of the pods themselves."""
        return self.spec.get("clusterIP") == "None"

    @property
    def needs_slices(self) -> bool:
        """Whether destinations follow from the EndpointSlices too."""
        return self.spec.get("type") != "ExternalName" and (self.headless or not self.spec.get("selector"))

    def destinations(
        self,
        port: int,
        engine: str = DEFAULT_ENGINE,
        *,
        target_port: int | None = None,
        pod_selector: Mapping[str, str] | None = None,
    ) -> tuple[Destination, ...]:
        """Where connections to `port` of the Service arrive, as the policies of `engine` name it.

        That is the pods that the selector selects, on the target port; for a Service without a selector, the addresses
        of its EndpointSlices, of which there may be none. `target_port` and `pod_selector` are a route's own, and
        precede the Service's. Raises UnusableService for a port that the Service does not have, and for an alias of a
        name outside the cluster.
        """
        if self.spec.get("type") == "ExternalName":
            name = str(self.spec.get("externalName", "")).removesuffix(".")
            problem = f"is an alias (type ExternalName) of {name}, which no network policy can follow"
            raise UnusableService(problem, f"a route to {name}:{port} itself, or to its IP address")
        declared = self._declared(port, target_port)
        target = target_port or declared.get("targetPort") or port
        selector = self.spec.get("selector") if pod_selector is None else pod_selector
        if selector or pod_selector is not None:
            return (PodDestination(self.namespace, dict(selector or {}), target),)
        found = list(dict.fromkeys(self._addresses(declared, target, target_port)))
        if engine == "cilium" and (self.namespace, self.name) == API_SERVER:
            # Cilium's ranges of addresses do not match nodes, which is where most API servers run.
            return tuple(EntityDestination("kube-apiserver", each) for each in dict.fromkeys(p for _, p in found))
        return tuple(AddressDestination(f"{address}/{address.max_prefixlen}", number) for address, number in found)

    def _declared(self, port: int, target_port: int | None) -> Object:
        """The Service's port; empty for a port of the pods themselves, which a headless Service's name leads to."""
        ports: list[Object] = list(self.spec["ports"])
        if not self.headless:
            found = next((each for each in ports if each["port"] == port), None)
            if found is None:
                numbers = [each["port"] for each in ports]
                raise UnusableService(f"has no TCP port {port}", _one_of("its port", numbers))
            return found
        own = {each.get("targetPort", each["port"]) for each in ports}
        own |= {each["port"] for one in self.slices for each in one["ports"]}
        numbers = sorted(each for each in own if isinstance(each, int))
        unknown = not numbers or (len(own) > len(numbers) and not self.slices)
        if target_port or port in numbers or unknown:
            return {}
        problem = (
            f"is headless: its name resolves to the addresses of its pods, which do not listen on port {port}, "
            "and no target port is applied"
        )
        raise UnusableService(problem, _one_of("the pods' own port", numbers))

    def _addresses(self, declared: Object, target: int | str, target_port: int | None) -> Iterator[tuple[Any, int]]:
        for one in self.slices:
            ports = [each["port"] for each in one["ports"] if each.get("name", "") == declared.get("name", "")]
            if self.headless or target_port:
                ports = [target]
            for address in one["addresses"]:
                yield from ((ip_address(address), number) for number in ports if isinstance(number, int))


def _slice(endpoint_slice: Object) -> Object | None:
    """Addresses and TCP ports of an EndpointSlice, also of endpoints that are not ready: they may be in a moment."""
    if endpoint_slice.get("addressType") == "FQDN":
        return None
    endpoints = endpoint_slice.get("endpoints") or []
    addresses = endpoint_slice.get("addresses") or [each for one in endpoints for each in one.get("addresses") or []]
    ports = [each for each in _ports(endpoint_slice.get("ports"), "name", "port") if "port" in each]
    return {"addresses": sorted({str(ip_address(each)) for each in addresses}), "ports": sorted(ports, key=repr)}


def _ports(listed: Iterable[Object] | None, *fields: str) -> list[dict[str, Any]]:
    """The TCP ports of a list, with these fields alone. Numbers that an engine returns are floats."""
    return [
        {
            field: int(each[field]) if isinstance(each[field], float) else each[field]
            for field in fields
            if each.get(field)
        }
        for each in listed or []
        if each.get("protocol", "TCP") == "TCP"
    ]


def _one_of(what: str, numbers: list[int]) -> str:
    return f"{what}{'s' if len(numbers) > 1 else ''} {' or '.join(map(str, numbers))}" if numbers else "another Service"

"""Where a connection to a Service arrives, as the cluster's DNS and kube-proxy lead it.

https://kubernetes.io/docs/reference/networking/virtual-ips/, and `pkg/proxy/endpointslicecache.go` of Kubernetes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeVar

from traffic.flow import Object

Service = TypeVar("Service", bound=Object)


class NoEndpoint(Exception):
    """The address has no endpoint; the message says why."""


@dataclass(frozen=True)
class Endpoint:
    """One address behind a Service; `pod` is the namespace and name of its pod, if it is one."""

    address: str
    port: int
    pod: tuple[str, str] | None = None


@dataclass(frozen=True)
class ServiceName:
    """A name of the cluster's DNS: a Service's, or with `hostname` that of one pod of a headless Service."""

    namespace: str
    name: str
    hostname: str = ""


def parse_name(host: str, namespace: str) -> ServiceName:
    """The Service that a pod of `namespace` means by `blog`, `blog.shop` or `blog.shop.svc.cluster.local`.

    The cluster's domain may be any. Raises NoEndpoint for every other name.
    """
    labels = host.rstrip(".").split(".")
    if "svc" in labels[2:]:
        count = labels.index("svc", 2)
        hostname, labels = ".".join(labels[: count - 2]), labels[count - 2 : count]
        if hostname.count(".") == 0:
            return ServiceName(labels[1], labels[0], hostname)
    elif 1 <= len(labels) <= 2 and all(labels):
        return ServiceName((labels[1:] or [namespace])[0], labels[0])
    raise NoEndpoint(f"{host} is not a Service of this cluster, and nothing else can be reached from it")


def service_at(services: Iterable[Service], address: str, port: int, protocol: str = "TCP") -> Service | None:
    """The Service to whose endpoints nodes translate a pod's connection to an address, if there is one.

    That is the Service with this cluster IP address, or with this external or load balancer's address and the port; of
    these, other ports reach the address itself.
    """
    ip = ip_address(address)
    for service in services:
        spec = service.get("spec") or {}
        if ip in map(_ip, spec.get("clusterIPs") or [spec.get("clusterIP")]):
            return service
        balancer = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
        # A load balancer of the mode Proxy gets the connection itself.
        balanced = [each.get("ip") for each in balancer if each.get("ipMode") != "Proxy"]
        ports = {(each["port"], each.get("protocol", "TCP")) for each in spec.get("ports") or []}
        if ip in map(_ip, [*(spec.get("externalIPs") or []), *balanced]) and (port, protocol) in ports:
            return service
    return None


def _ip(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text or "")
    except ValueError:  # `None` of a headless Service
        return None


def endpoints(
    service: Object, slices: Iterable[Object], port: int, protocol: str = "TCP", *, hostname: str = "", node: str = ""
) -> list[Endpoint]:
    """The endpoints of a Service that a connection to `port` may arrive at, from its EndpointSlices; at least one.

    `node` is the node of the client, on which internalTrafficPolicy may depend. Raises NoEndpoint.
    """
    spec, metadata = service.get("spec") or {}, service["metadata"]
    name = f"Service {metadata['name']} of {metadata['namespace']}"
    if spec.get("type") == "ExternalName":
        raise NoEndpoint(f"{name} is an alias of {spec.get('externalName')}, outside the cluster")
    headless = spec.get("clusterIP") == "None"
    declared = [one for one in spec.get("ports") or [] if (one["port"], one.get("protocol", "TCP")) == (port, protocol)]
    if not declared and not headless:
        raise NoEndpoint(f"{name} has no port {port}" + (f" over {protocol}" if protocol != "TCP" else ""))
    families = None if headless else spec.get("ipFamilies")
    found: list[tuple[Object, Endpoint]] = []
    for one in slices:
        if one.get("addressType") == "FQDN" or (families and one.get("addressType", "IPv4") not in families):
            continue
        # A headless Service's name leads to the endpoints themselves, whatever port the client dials there.
        numbers = [port] if headless else list(_numbers(one, declared[0].get("name") or "", protocol))
        for endpoint in one.get("endpoints") or []:
            if hostname and endpoint.get("hostname") != hostname:
                continue
            pod = _pod(endpoint, metadata["namespace"])
            found += [
                (endpoint, Endpoint(address, number, pod))
                for address in endpoint["addresses"][:1]  # all others mean the same
                for number in numbers
            ]
    local = spec.get("internalTrafficPolicy") == "Local" and not headless and node
    if local:
        found = [(each, to) for each, to in found if each.get("nodeName") == node]
    usable = [to for each, to in found if _is(each, "ready", True)]
    if not usable and not headless:
        usable = [to for each, to in found if _is(each, "serving", False) and _is(each, "terminating", False)]
    if not usable:
        where = f" on node {node}, and internalTrafficPolicy Local admits no other" if local else ""
        raise NoEndpoint(f"{name} has no ready {_wanted(spec, port if headless else declared[0])}{where}")
    return list(dict.fromkeys(usable))


def _wanted(spec: Object, port: Object | int) -> str:
    """What a Service leads to, in words: `pod labelled app=api with port 8080`."""
    if not spec.get("selector"):
        return "endpoint"
    labels = ",".join(f"{key}={value}" for key, value in spec["selector"].items())
    target = port if isinstance(port, int) else port.get("targetPort") or port["port"]
    return f"pod labelled {labels} with port {target}"


def _numbers(endpoint_slice: Object, name: str, protocol: str) -> Iterator[int]:
    for port in endpoint_slice.get("ports") or []:
        if (port.get("name") or "", port.get("protocol", "TCP")) == (name, protocol) and port.get("port"):
            yield port["port"]


def _pod(endpoint: Object, namespace: str) -> tuple[str, str] | None:
    target = endpoint.get("targetRef") or {}
    return (target.get("namespace") or namespace, target["name"]) if target.get("kind") == "Pod" else None


def _is(endpoint: Object, condition: str, default: bool) -> bool:
    """A condition of an endpoint; what is not known counts as `default`."""
    value = (endpoint.get("conditions") or {}).get(condition)
    return default if value is None else bool(value)

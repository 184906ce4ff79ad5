"""Warnings about Services that could not be read: what the network policy allows in their place."""

from collections.abc import Iterable, Iterator, Mapping

from settings.derived.destination_kinds import AddressDestination, Destination, EntityDestination, PodDestination

NOT_FOUND = "does not exist"


def unknown_services(groups: Mapping[tuple[str, bool], Mapping[str, Iterable[Destination]]]) -> Iterator[str]:
    """A sentence for all Services that are unknown for the same reason.

    `groups` has, by that reason and by whether an earlier run read them, the Services (`namespace/name`) with their
    destinations.
    """
    for (reason, kept), found in groups.items():
        many = "s" if len(found) > 1 else ""
        allowed = dict.fromkeys(describe(each) for destinations in found.values() for each in destinations)
        basis = "as an earlier run read it" if kept else "which is an assumption"
        advice = "" if kept else ", or give the route a backend with targetPort and podSelector"
        problem = reason.replace(NOT_FOUND, "do not exist") if many else reason
        yield (
            f"Service{many} {', '.join(found)} {problem}. The network policy allows {'; '.join(allowed) or 'nothing'}, "
            f"{basis}. Run pulumi up again once the Service{many} can be read{advice}."
        )


def describe(destination: Destination) -> str:
    """A destination in words: `pods labelled app=api in namespace shop on port 8080`."""
    match destination:
        case PodDestination(namespace, selector, port):
            labels = ",".join(f"{key}={value}" for key, value in selector.items())
            pods = f"pods labelled {labels} in" if labels else "every pod of"
            return f"{pods} namespace {namespace} on port {port}"
        case AddressDestination(cidr, port):
            return f"{cidr} on port {port}"
        case EntityDestination(entity, port):
            return f"{entity} on port {port}"
        case _:
            return str(destination)

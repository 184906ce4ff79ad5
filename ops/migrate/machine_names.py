"""Services that a rule names from where cloudflared runs: that machine itself, its sockets, and names on its
network."""

import re
from contextlib import suppress

from pydantic_core import PydanticCustomError

from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from settings.options.services import ServiceUrl, parse

LOCALHOST = re.compile(
    r"(?<=://)(localhost|127\.[0-9.]+|\[::1\]|0\.0\.0\.0|host\.(docker|containers)\.internal)(?=[:/]|$)", re.IGNORECASE
)
"""The machine on which cloudflared runs, in a service."""
_NO_PORT = re.compile(r"tcp://(?:\[[^]]*\]|[^:/?#\[\]@]+)/?", re.IGNORECASE)


def unsuitable(rule: IngressRule, localhost: str | None) -> SkippedItem | None:
    """Why a rule's service is out of reach for a pod."""
    service = with_address(rule.service, localhost)
    if not LOCALHOST.search(service) and not re.match(r"unix(\+tls)?:", service):
        return None
    where = "is in the pod of cloudflared" if rule.namespace else "is on the machine that runs cloudflared"
    reason = f"{shown_service(service)} {where}; in the cluster it would be the connector's own pod"
    remedy = "use the Service that replaces it; or, if pods can reach the machine, its address: --localhost ADDRESS"
    return SkippedItem(rule.name, reason, remedy, rule.place)


def service_of(rule: IngressRule, localhost: str | None, setup: ExistingSetup) -> str:
    """The rule's service as a route names it. What that changes is added to `setup.skipped`."""
    skipped = setup.skipped
    service = with_address(rule.service, localhost)
    if _NO_PORT.fullmatch(service):
        service = f"{service.rstrip('/')}:7864"
        remedy = "set the port of the service"
        skipped.append(SkippedItem(rule.name, f"its service has no port, so it is {service}", remedy, rule.place))
    url: ServiceUrl | None = None
    with suppress(PydanticCustomError):  # which is rejected with the settings
        url = parse(service)
    if url is None or rule.namespace:
        return service
    if url.candidate and not url.external:
        # To a machine, a name of two labels is one of DNS; the final dot says so.
        service = re.sub(rf"(?i)(?<=://){re.escape(url.host)}", f"{url.host}.", service)
        reason = f"{url.host} is a DNS name of the machine's network, which the default network policy cannot allow"
        remedy = "use its IP address, or a networkPolicy that allows names: {engine: cilium} or {preset: guide}"
        skipped.append(SkippedItem(rule.name, reason, remedy, rule.place))
    elif url.service and not url.namespace:
        reason = (
            f"{url.host} is a name on the machine's network; in a stack it is a Service of the connector's own "
            "namespace, where no application belongs"
        )
        known = [key.partition("/")[0] for key in setup.services if key.endswith(f"/{url.service}")]
        named = " or ".join(f"{url.scheme}://{url.service}.{name}.svc:{url.port}" for name in known or ["NAMESPACE"])
        remedy = (
            f"name the Service with its namespace{' in the input' if known else ''}, {named}, or an IP address; if "
            "cloudflared runs in a cluster, --namespace NAME says in which namespace"
        )
        skipped.append(SkippedItem(rule.name, reason, remedy, rule.place))
    return service


def with_address(service: str, localhost: str | None) -> str:
    """The service with the address of the machine in place of its names for itself."""
    return LOCALHOST.sub(lambda _: localhost, service) if localhost else service


def shown_service(service: str) -> str:
    """The service for a message, without a password."""
    return re.sub(r"(?<=://)[^/@]*@", "", service)

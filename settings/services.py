"""A service URL: what the connector is told to connect to."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from settings import names, sources
from settings.mistakes import refuse

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ssh": 22, "rdp": 3389, "smb": 445, "tcp": None}
SCHEMES = tuple(DEFAULT_PORTS)
ACCEPTED = "scheme://host[:port] with http, https, ws, wss, tcp, ssh, rdp or smb, unix:/path, unix+tls:/path, http_status:404 or hello_world"
IN_CLUSTER = re.compile(r"(?P<service>[^.]+)\.(?P<namespace>[^.]+)\.svc(\.cluster\.local)?")


@dataclass(frozen=True)
class ServiceUrl:
    """A parsed service. `scheme` and `host` are lower-case; `host` is "" and `port` None where nothing is connected to over the network.

    `service` and `namespace` are set where the host is a Service of the cluster (`namespace` "" for the stack's own); `address` where it is an IP address.
    """

    text: str
    scheme: str
    host: str = ""
    port: int | None = None
    service: str = ""
    namespace: str = ""
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None = None

    @property
    def external(self) -> bool:
        """Whether the host is a DNS name outside the cluster."""
        return bool(self.host) and not self.service and self.address is None

    def spelled(self, namespace: str) -> str:
        """The service as it is sent: Services of the cluster by their full name and port, anything else as written."""
        if not self.service:
            return self.text
        return f"{self.scheme}://{self.service}.{self.namespace or namespace}.svc.cluster.local:{self.port}"


def parse(text: str) -> ServiceUrl:
    """Read a service, or refuse it for what the connector would refuse or should never be told."""
    if text == "hello_world":
        return ServiceUrl(text, "hello_world")
    if text == "bastion" or text.startswith("bastion:"):
        refuse(
            "with a bastion the visitor chooses the destination, so no policy can fence it",
            ACCEPTED,
            sources.CONNECTOR_RULES,
        )
    if text == "socks-proxy":
        refuse(
            "through a SOCKS proxy the visitor chooses the destination, so no policy can fence it",
            ACCEPTED,
            sources.CONNECTOR_RULES,
        )
    if text.startswith("http_status:"):
        status = text.removeprefix("http_status:")
        if not re.fullmatch(r"[1-9][0-9]{2}", status):
            refuse("it is no HTTP status", "http_status: and a number from 100 to 999", sources.CONNECTOR_RULES)
        return ServiceUrl(text, "http_status")
    for scheme in ("unix+tls", "unix"):
        if text.startswith(f"{scheme}:"):
            path = text.removeprefix(f"{scheme}:")
            if not re.fullmatch(r"/(?!/)[^\x00-\x1f]+", path):
                refuse("a socket is named by its absolute path", f"{scheme}:/run/app.sock", sources.CONNECTOR_RULES)
            return ServiceUrl(text, scheme)
    return _url(text)


def _url(text: str) -> ServiceUrl:
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if not match:
        refuse("it is no address with a scheme and a host", ACCEPTED, sources.CONNECTOR_RULES)
    scheme = match[1].lower()
    if scheme not in DEFAULT_PORTS:
        refuse(f"the connector knows no scheme {scheme}", ACCEPTED, sources.CONNECTOR_RULES)
    plain = f"{scheme}://host:port and nothing more"
    try:
        url = urlsplit(text)
        host, port, odd = url.hostname or "", url.port, url.username is not None or url.password is not None
    except ValueError as error:
        refuse(
            f"it is no address ({error})", f"{scheme}://host:port with a port from 1 to 65535", sources.CONNECTOR_RULES
        )
    if odd:
        refuse(
            "credentials in an address would be readable in the tunnel's rules",
            plain,
            sources.CONNECTOR_RULES,
            value="[hidden]",
        )
    if "?" in text or "#" in text:
        refuse("the connector sends the visitor's own query", plain, sources.CONNECTOR_RULES)
    if url.path:
        refuse("the connector sends the visitor's own path, and refuses another", plain, sources.CONNECTOR_RULES)
    if not host:
        refuse("it has no host", ACCEPTED, sources.CONNECTOR_RULES)
    if url.netloc.endswith(":") or port == 0:
        refuse("it has no usable port", f"{scheme}://host:port with a port from 1 to 65535", sources.CONNECTOR_RULES)
    port = port or DEFAULT_PORTS[scheme]
    if port is None:
        refuse(
            "there is no usual port for tcp, and the connector would take 7864",
            "tcp://host:port",
            sources.CONNECTOR_ORIGINS,
        )
    if address := names.address(host):
        _check_address(address)
        return ServiceUrl(text, scheme, host, port, address=address)
    return _named(text, scheme, host, port)


def _named(text: str, scheme: str, host: str, port: int) -> ServiceUrl:
    if host == "localhost" or host.endswith(".localhost"):
        refuse(
            "in the connector's pod that is the connector itself",
            "a Service, a DNS name or an address outside the pod",
            sources.KUBERNETES_SERVICES,
        )
    if "." not in host:
        names.service_name(host)
        return ServiceUrl(text, scheme, host, port, service=host)
    if match := IN_CLUSTER.fullmatch(host):
        names.service_name(match["service"])
        names.dns_label(match["namespace"])
        return ServiceUrl(text, scheme, host, port, service=match["service"], namespace=match["namespace"])
    names.domain_name(host, "a Service's name, service.namespace.svc.cluster.local, a DNS name or an IP address")
    return ServiceUrl(text, scheme, host, port)


def _check_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if address.is_loopback or address.is_unspecified:
        refuse(
            "in the connector's pod that is the connector itself",
            "an address outside the pod",
            sources.KUBERNETES_SERVICES,
        )
    if address.is_link_local or address.is_multicast or (address.version == 4 and address.is_reserved):
        refuse(
            "link-local, multicast and reserved addresses are no origins (a cloud's metadata service is one of them)",
            "an address that is routed",
            "https://www.iana.org/assignments/iana-ipv4-special-registry/",
        )

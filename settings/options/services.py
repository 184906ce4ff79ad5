"""A service URL: what the connector is told to connect to."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from settings import references, types
from settings.errors import REDACTED, reject

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ssh": 22, "rdp": 3389, "smb": 445, "tcp": None}
"""Schemes with a host, and the port each has where none is written."""
SCHEMES = "http, https, ws, wss, tcp, ssh, rdp or smb"
ACCEPTED = f"scheme://host[:port] with {SCHEMES}, unix:/path, unix+tls:/path, http_status:404 or hello_world"
HOST = "the name of a Service, service.namespace.svc.cluster.local, a DNS name or an IP address"
IN_CLUSTER = re.compile(r"(?P<service>[^.]+)\.(?P<namespace>[^.]+)\.svc(\.cluster\.local)?")


@dataclass(frozen=True)
class ServiceUrl:
    """A service by its parts.

    `host` is empty and `port` None where nothing is reached over the network (`unix`, `http_status`, `hello_world`).
    `service` and `namespace` are set where the host is a Service of the cluster (`namespace` is empty for the stack's
    own), `address` where it is an IP address. `text` is what is sent, but for Services of the cluster.
    """

    text: str
    scheme: str
    host: str = ""
    port: int | None = None
    service: str = ""
    namespace: str = ""
    address: IPv4Address | IPv6Address | None = None

    @property
    def external(self) -> bool:
        """Whether the host is a DNS name outside the cluster."""
        return bool(self.host) and not self.service and self.address is None

    def spelled(self, namespace: str) -> str:
        """The service as it is sent: Services of the cluster by full name and port, which no search path can bend."""
        if not self.service:
            return self.text
        return f"{self.scheme}://{self.service}.{self.namespace or namespace}.svc.cluster.local:{self.port}"


def parse(text: str) -> ServiceUrl:
    """Read a service; reject what the connector would reject, and what it should never be told."""
    if text == "hello_world":
        return ServiceUrl(text, "hello_world")
    if re.match(r"bastion\b|socks-proxy\b", text):
        why = "there the visitor chooses the destination, so no network policy can fence it"
        reject(why, ACCEPTED, references.CONNECTOR_RULES)
    if text.startswith("http_status:"):
        if not re.fullmatch(r"http_status:[1-9][0-9]{2}", text):
            reject("it is no HTTP status", "http_status: and a number from 100 to 999", references.CONNECTOR_RULES)
        return ServiceUrl(text, "http_status")
    if match := re.match(r"(unix|unix\+tls):", text):
        if not re.fullmatch(r"/[^/\x00-\x20]+(/[^/\x00-\x20]+)*", text.removeprefix(match[0])):
            reject("a socket is named by its absolute path", f"{match[0]}/run/app.sock", references.CONNECTOR_RULES)
        return ServiceUrl(text, match[1])
    return _url(text)


def _url(text: str) -> ServiceUrl:
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if not match:
        reject("it has no scheme", ACCEPTED, references.CONNECTOR_RULES)
    scheme = match[1].lower()
    if scheme not in PORTS:
        reject(f"the connector knows no scheme {scheme}", ACCEPTED, references.CONNECTOR_RULES)
    bare, with_port = f"{scheme}://host:port and nothing more", f"{scheme}://host:port with a port from 1 to 65535"
    try:
        url = urlsplit(text)
        written, host = url.port, url.hostname or ""
    except ValueError as error:
        reject(f"it is no address ({error})", with_port, references.CONNECTOR_RULES)
    _plain(text, url, bare)
    if not host:
        reject("it has no host", ACCEPTED, references.CONNECTOR_RULES)
    if url.netloc.endswith(":") or written == 0:
        reject("it has no usable port", with_port, references.CONNECTOR_RULES)
    port = written or PORTS[scheme]
    if port is None:
        why = "tcp has no usual port, and the connector would take 7864"
        reject(why, with_port, references.CONNECTOR_ORIGINS)
    return _destination(scheme, host, port, "" if written is None else f":{written}")


def _plain(text: str, url: SplitResult, bare: str) -> None:
    if "@" in url.netloc:
        reject("its password would be readable in the tunnel's rules", bare, references.CONNECTOR_RULES, value=REDACTED)
    if "?" in text or "#" in text:
        reject("the connector sends the visitor's own query", bare, references.CONNECTOR_RULES)
    if url.path:
        reject("the connector sends the visitor's own path, and refuses another", bare, references.CONNECTOR_RULES)
    if re.search(r"[\s\\%]", text):
        reject("it has characters that no address has", bare, references.CONNECTOR_RULES)


def _destination(scheme: str, host: str, port: int, suffix: str) -> ServiceUrl:
    try:
        address = ip_address(host)
    except ValueError:
        return _named(scheme, host, port, suffix)
    _routed(address)
    shown = f"[{address}]" if address.version == 6 else str(address)
    return ServiceUrl(f"{scheme}://{shown}{suffix}", scheme, host, port, address=address)


def _named(scheme: str, host: str, port: int, suffix: str) -> ServiceUrl:
    if host == "localhost" or host.endswith(".localhost"):
        reject("in the connector's pod that is the connector itself", HOST, references.KUBERNETES_SERVICES)
    match = IN_CLUSTER.fullmatch(host)
    if "." not in host or match:
        service, namespace = (match["service"], match["namespace"]) if match else (host, "")
        types.service_name(service)
        if namespace:
            types.namespace_name(namespace)
        return ServiceUrl(f"{scheme}://{host}{suffix}", scheme, host, port, service, namespace)
    host = types.domain_name(host, HOST)
    return ServiceUrl(f"{scheme}://{host}{suffix}", scheme, host, port)


def _routed(address: IPv4Address | IPv6Address) -> None:
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        reject(
            "it is an IPv4 address in disguise", f"the address {address.ipv4_mapped} itself", references.IP_ADDRESSES
        )
    if address.is_loopback or address.is_unspecified:
        reject("in the connector's pod that is the connector itself", HOST, references.KUBERNETES_SERVICES)
    if address.is_link_local or address.is_multicast or (address.version == 4 and address.is_reserved):
        why = "link-local, multicast and reserved addresses are no origins (a cloud's metadata is at one of them)"
        reject(why, "an IP address that is routed", references.IP_ADDRESSES)

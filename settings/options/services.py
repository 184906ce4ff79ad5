"""Service URLs: the addresses that the connector connects to."""

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

from settings import references
from settings.errors import REDACTED, reject
from settings.schema import Accepts
from settings.types.cloud_metadata import metadata_service
from settings.types.dns import CLUSTER_DOMAIN, LABEL, domain_name
from settings.types.kubernetes import namespace_name, service_name

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ssh": 22, "rdp": 3389, "smb": 445, "tcp": None}
"""Schemes with a host, and the default port of each."""
HOST = "the name of a Service, service.namespace.svc, a DNS name or an IP address"
ITSELF = "is the connector itself: the address is inside its own pod"
_OTHER_SCHEMES = {
    **dict.fromkeys(("http2", "h2", "h2c", "grpc", "grpcs"), "https://host:port with origin: {http2Origin: true}"),
    **dict.fromkeys(("ftp", "sftp", "postgres", "postgresql", "mysql", "redis", "mongodb", "udp"), "tcp://host:port"),
}
"""Schemes of other tools, with the one to write instead."""
IN_CLUSTER = re.compile(r"(?P<service>[^.]+)\.(?P<namespace>[^.]+)\.svc(\.(?P<domain>.+))?")


@dataclass(frozen=True)
class ServiceUrl:
    """A service URL, parsed.

    `host` is empty and `port` None where nothing is reached over the network (`unix`, `http_status`, `hello_world`).
    `service` and `namespace` are set where the host is a Service of the cluster (`namespace` is empty for the stack's
    own), `address` where it is an IP address. `text` is what is sent, except for a Service of the cluster, which is
    sent by its full name in the cluster's DNS domain, `domain`.

    `candidate` is the Service and namespace of a name with two labels, which may also be a DNS name outside: whether
    the Service exists decides. Until that is known, `api.shop` is taken for the Service, and `api.shop.`, with the
    final dot of a full DNS name, for a name outside.
    """

    text: str
    scheme: str
    host: str = ""
    port: int | None = None
    service: str = ""
    namespace: str = ""
    address: IPv4Address | IPv6Address | None = None
    domain: str = CLUSTER_DOMAIN
    candidate: tuple[str, str] | None = None

    @property
    def external(self) -> bool:
        """Whether the host is a DNS name outside the cluster."""
        return bool(self.host) and not self.service and self.address is None

    def render(self, namespace: str) -> str:
        """The URL that is sent: a Service of the cluster by its full name and port, independent of DNS search paths."""
        if not self.service:
            return self.text
        return f"{self.scheme}://{self.service}.{self.namespace or namespace}.svc.{self.domain}:{self.port}"

    def in_domain(self, domain: str) -> "ServiceUrl":
        """The URL in a cluster with this DNS domain, whose Services `service.namespace.svc.<domain>` names."""
        match = IN_CLUSTER.fullmatch(self.host)
        if match and match["domain"] == domain and _is_service(match["service"], match["namespace"]):
            return replace(self, service=match["service"], namespace=match["namespace"], domain=domain)
        return replace(self, domain=domain)

    def at(self, address: str) -> "ServiceUrl":
        """The URL of a host whose IP address the pods' /etc/hosts has."""
        return replace(self, service="", namespace="", candidate=None, address=ip_address(address))

    def as_service(self) -> "ServiceUrl":
        """The URL with its `candidate` as a Service of the cluster."""
        service, namespace = self.candidate or (self.service, self.namespace)
        return replace(self, service=service, namespace=namespace)


def parse(text: str) -> ServiceUrl:
    """Parse a service URL; reject what the connector rejects, and origins that it must never have."""
    if re.fullmatch(r"hello[_-]world", text, re.IGNORECASE):
        return ServiceUrl("hello_world", "hello_world")
    if re.match(r"bastion\b|socks-proxy\b", text):
        reject("lets the visitor choose the destination, which no network policy can restrict")
    if re.match(r"http[_-]?status\b", text, re.IGNORECASE):
        if not re.fullmatch(r"http_status:[1-9][0-9]{2}", text):
            reject("is not an HTTP status", "http_status: and a number from 100 to 999, such as http_status:404")
        return ServiceUrl(text, "http_status")
    if match := re.match(r"(unix|unix\+tls):", text):
        if not re.fullmatch(r"/[^/\x00-\x20]+(/[^/\x00-\x20]+)*", text.removeprefix(match[0])):
            path = re.sub("/{2,}", "/", text.removeprefix(match[0]).strip()) or "/run/app.sock"
            reject("must have the absolute path of a socket", f"{match[0]}/{path.strip('/')}")
        return ServiceUrl(text, match[1])
    return _parse_url(text)


def _parse_url(text: str) -> ServiceUrl:
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if not match:
        reject("has no scheme", f"http://{text.strip('/')}" if text.strip("/") else None)
    scheme = match[1].lower()
    if scheme not in PORTS:
        reject(f"has the scheme {scheme}, which the connector does not support", _OTHER_SCHEMES.get(scheme))
    with_port = f"{scheme}://host:port with a port from 1 to 65535"
    try:
        url = urlsplit(text)
        explicit_port, host = url.port, url.hostname or ""
    except ValueError as error:
        bare = text.removeprefix(match[0]).rstrip("/")
        reject(f"is not a URL ({error})", f"{scheme}://[{bare}]" if _is_ipv6(bare) else with_port)
    if not host:
        reject("has no host")
    _require_bare(text, url, f"{scheme}://{url.netloc.rpartition('@')[2]} and nothing more")
    if url.netloc.endswith(":") or explicit_port == 0:
        reject("has an invalid port", with_port)
    port = explicit_port or PORTS[scheme]
    if port is None:
        reject(
            "must have a port: tcp has no default, and the connector would use 7864",
            with_port,
            references.CONNECTOR_ORIGINS,
        )
    return _host(scheme, host, port, "" if explicit_port is None else f":{explicit_port}")


def _require_bare(text: str, url: SplitResult, accepted: str) -> None:
    if "@" in url.netloc:
        reject("must not have a password, which would be readable in the tunnel's rules", accepted, value=REDACTED)
    if "?" in text or "#" in text:
        reject("must not have a query or a fragment: the connector sends the visitor's own query", accepted)
    if url.path not in ("", "/"):
        reject("must not have a path: the connector sends the visitor's own path", accepted)
    if re.search(r"[\s\\%]", text):
        reject("has characters that are not allowed in a URL", accepted)


def _is_ipv6(text: str) -> bool:
    try:
        return ip_address(text).version == 6
    except ValueError:
        return False


def _host(scheme: str, host: str, port: int, suffix: str) -> ServiceUrl:
    try:
        address = ip_address(host)
    except ValueError:
        return _named_host(scheme, host, port, suffix)
    _require_routable(address)
    shown = f"[{address}]" if address.version == 6 else str(address)
    return ServiceUrl(f"{scheme}://{shown}{suffix}", scheme, host, port, address=address)


def _named_host(scheme: str, host: str, port: int, suffix: str) -> ServiceUrl:
    absolute, name = host.endswith("."), host.removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        reject(ITSELF, HOST, references.KUBERNETES_SERVICES)
    text = f"{scheme}://{host}{suffix}"
    if "." not in host:
        return ServiceUrl(text, scheme, name, port, service_name(name))
    match = IN_CLUSTER.fullmatch(name)
    if match and match["domain"] in (None, CLUSTER_DOMAIN):
        service, namespace = service_name(match["service"]), namespace_name(match["namespace"])
        return ServiceUrl(text, scheme, name, port, service, namespace)
    external = domain_name(name)
    url = ServiceUrl(f"{scheme}://{external}{'.' if absolute else ''}{suffix}", scheme, external, port)
    service, _, namespace = name.partition(".")
    if not _is_service(service, namespace):
        return url
    url = replace(url, candidate=(service, namespace))
    return url if absolute else url.as_service()


def _is_service(name: str, namespace: str) -> bool:
    """Whether a Service could have this name and namespace."""
    return bool(LABEL.fullmatch(name)) and name[0].isalpha() and bool(LABEL.fullmatch(namespace))


def _require_routable(address: IPv4Address | IPv6Address) -> None:
    source = references.IP_ADDRESSES
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        reject("is an IPv4 address mapped to IPv6", f"the address {address.ipv4_mapped} itself", source)
    if address.is_loopback or address.is_unspecified:
        reject(ITSELF, HOST, references.KUBERNETES_SERVICES)
    if metadata_service(ip_network(address)):
        return  # Reported between keys, unless networkPolicy.allowCloudMetadata confirms it.
    if address.is_link_local or address.is_multicast or (address.version == 4 and address.is_reserved):
        problem = "is a link-local, multicast or reserved address (a cloud's metadata service is at one of them)"
        reject(problem, "a routable IP address", source)


def _service(text: str) -> str:
    parse(text)
    return text


Service = Annotated[
    str,
    AfterValidator(_service),
    Accepts(
        "scheme://host[:port] with http, https, ws, wss, tcp, ssh, rdp or smb, unix:/path, unix+tls:/path, "
        f"http_status:404 or hello_world; host is {HOST}",
        references.CONNECTOR_RULES,
        ("http://blog", "https://10.0.0.5:8443", "http_status:503"),
    ),
]

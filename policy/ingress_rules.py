"""A tunnel's ingress rules: which requests go to which origin, and how the connector speaks to it."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from policy.property_paths import at, each, known
from policy.stack import Resource

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443, "ssh": 22, "rdp": 3389, "smb": 445}


@dataclass(frozen=True)
class IngressRule:
    """One rule, known in all of its parts. `hostname` and `path` are empty where it takes every one."""

    hostname: str
    path: str
    service: str
    options: tuple[Any, Any]
    """The rule's origin options and, beneath them, those of the whole tunnel."""

    def option(self, *path: str) -> Any:
        """The rule's own value of an origin option, else the tunnel's."""
        own = at(self.options[0], *path)
        return at(self.options[1], *path) if own is None else own

    @property
    def requests(self) -> str:
        """The requests taken, for people."""
        return f"{self.hostname or 'every hostname'} {self.path}".strip()

    @property
    def scheme(self) -> str:
        """`https` of `https://…`, `http_status` of `http_status:404`."""
        return self.service.split(":", 1)[0]

    @property
    def address(self) -> tuple[str, int] | None:
        """Address and port of an origin that is named by its address."""
        try:
            url = urlsplit(self.service)
            return str(ip_address(url.hostname or "")), url.port or _PORTS.get(url.scheme, 0)
        except ValueError:
            return None


def rules_of(resource: Resource) -> list[IngressRule]:
    """The rules of a tunnel's configuration; none of any other resource."""
    if resource.kind != "ZeroTrustTunnelCloudflaredConfig":
        return []
    config = at(resource.properties, "config")
    shared = at(config, "originRequest")
    return [
        IngressRule(
            at(rule, "hostname") or "",
            at(rule, "path") or "",
            at(rule, "service") or "",
            (at(rule, "originRequest"), shared),
        )
        for rule in each(at(config, "ingresses"))
        if known(rule) and known(shared)
    ]

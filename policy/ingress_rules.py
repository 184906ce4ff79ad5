"""A tunnel's ingress rules: requests, origins and origin options."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from policy.property_paths import as_list, get_path, known
from policy.stack import Resource

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443, "ssh": 22, "rdp": 3389, "smb": 445}


@dataclass(frozen=True)
class IngressRule:
    """One rule without unknown values. An empty `hostname` or `path` matches all."""

    hostname: str
    path: str
    service: str
    options: tuple[Any, Any]
    """The origin options of the rule and of the whole tunnel; the rule's own win."""

    def option(self, *path: str) -> Any:
        """The rule's own value of an origin option, else the tunnel's."""
        own = get_path(self.options[0], *path)
        return get_path(self.options[1], *path) if own is None else own

    @property
    def requests(self) -> str:
        """The matched requests, for messages."""
        return f"{self.hostname or 'every hostname'} {self.path}".strip()

    @property
    def scheme(self) -> str:
        """`https` of `https://…`, `http_status` of `http_status:404`."""
        return self.service.split(":", 1)[0]

    @property
    def address(self) -> tuple[str, int] | None:
        """Address and port of an origin given by IP address, else None."""
        try:
            url = urlsplit(self.service)
            return str(ip_address(url.hostname or "")), url.port or _PORTS.get(url.scheme, 0)
        except ValueError:
            return None


def rules_of(resource: Resource) -> list[IngressRule]:
    """The ingress rules of a tunnel's configuration; empty for any other resource."""
    if resource.kind != "ZeroTrustTunnelCloudflaredConfig":
        return []
    config = get_path(resource.properties, "config")
    shared = get_path(config, "originRequest")
    return [
        IngressRule(
            get_path(rule, "hostname") or "",
            get_path(rule, "path") or "",
            get_path(rule, "service") or "",
            (get_path(rule, "originRequest"), shared),
        )
        for rule in as_list(get_path(config, "ingresses"))
        if known(rule) and known(shared)
    ]

"""One visitor's request: as the edge evaluates it, and the headers with which it is forwarded."""

import json
import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11

from sandbox.edge.http1 import HttpConnection
from sandbox.edge.tunnel_connection import Headers

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)
_EDGE_ONLY = frozenset(
    b"host cdn-loop cf-connecting-ip cf-ipcountry cf-ray cf-visitor x-forwarded-for x-forwarded-proto "
    b"cf-access-jwt-assertion cf-access-authenticated-user-email".split()
)
"""Headers that only the edge sets: a visitor's own are dropped."""
LOCAL_SUFFIX = ".localhost"
"""Browsers resolve every name that ends so to this machine (RFC 6761), so `blog.example.com.localhost` can be
opened."""


@dataclass
class VisitorRequest:
    """A request. `headers` are the visitor's, in lower case, without hop-by-hop and edge-only headers."""

    method: bytes
    host: str
    """Lower case, no port, no `.localhost`."""
    authority: bytes
    target: bytes
    """The path with its query."""
    headers: Headers
    upgrade: bytes
    """The protocol of a requested upgrade, such as `websocket`; empty for none."""
    has_body: bool
    secure: bool
    address: str
    """The visitor's IP address; from a header (see `parse`), so it need not be a valid one."""
    country: str
    """Two letters, `XX` for an unknown country."""
    ray: str = field(default_factory=lambda: f"{secrets.token_hex(8)}-LO")
    origin_headers: Headers = field(default_factory=list)
    """Headers that Access adds for the origin."""
    response_headers: Headers = field(default_factory=list)
    """Headers that the WAF adds to the response."""
    local_address: str = ""
    """What follows the hostname where a browser on this machine has opened it, `.localhost:8088`; else empty."""

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("latin-1")

    @property
    def query(self) -> str:
        return self.target.partition(b"?")[2].decode("latin-1")

    def header(self, name: bytes) -> str:
        """The first value of one of the visitor's headers; empty where it is absent."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")

    def url(self, host: str) -> str:
        """The address at which this visitor opens a hostname, without a path."""
        if self.local_address:
            return f"http{'s' if self.secure else ''}://{host}{self.local_address}"
        return f"https://{host}"

    def forwarded_headers(self) -> Headers:
        """The headers for the origin: https://developers.cloudflare.com/fundamentals/reference/http-headers/."""
        scheme = b"https" if self.secure else b"http"
        address = self.address.encode()
        return [
            *self.headers,
            (b"cdn-loop", b"cloudflare; loops=1"),
            (b"cf-connecting-ip", address),
            (b"cf-ipcountry", self.country.encode()),
            (b"cf-ray", self.ray.encode()),
            (b"cf-visitor", json.dumps({"scheme": scheme.decode()}, separators=(",", ":")).encode()),
            (b"x-forwarded-for", address),
            (b"x-forwarded-proto", scheme),
            *self.origin_headers,
        ]


def parse(request: h11.Request, connection: HttpConnection) -> VisitorRequest:
    """The visitor's request.

    All visitors of a sandbox are on this machine, so they choose where they come from: `CF-IPCountry` (two letters; XX,
    unknown, without it) and `CF-Connecting-IP`. `HOSTNAME.localhost` is the hostname, and the origin sees it as such.
    """
    received = [(name.lower(), value) for name, value in request.headers]
    by_name = dict(received)
    target, authority = request.target, by_name.get(b"host", b"")
    if target.startswith((b"http://", b"https://")):
        # The absolute form, from a client that uses the front end as its proxy.
        parts = urlsplit(target)
        authority, target = parts.netloc, (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
    country = by_name.get(b"cf-ipcountry", b"").decode("latin-1").upper()
    host, local_address = _hostname(authority.decode("latin-1"))
    per_connection = {name.strip().lower() for name in by_name.get(b"connection", b"").split(b",")}
    dropped = _HOP_BY_HOP | _EDGE_ONLY | per_connection
    return VisitorRequest(
        method=request.method,
        host=host,
        authority=host.encode("latin-1") if local_address else authority.lower(),
        target=target,
        headers=[
            (name, value) for name, value in received if name not in dropped and not name.startswith(b"cf-cloudflared-")
        ],
        upgrade=by_name.get(b"upgrade", b"").lower(),
        has_body=b"transfer-encoding" in by_name or by_name.get(b"content-length", b"0") != b"0",
        secure=connection.secure,
        address=by_name.get(b"cf-connecting-ip", connection.peer.encode()).decode("latin-1"),
        country=country if re.fullmatch("[A-Z][A-Z0-9]", country) else "XX",
        local_address=local_address,
    )


def _hostname(authority: str) -> tuple[str, str]:
    """The hostname, and what follows it for a browser on this machine (`VisitorRequest.local_address`)."""
    host, colon, port = authority.lower().rpartition(":")
    if not (colon and port.isdigit()):
        host, colon, port = authority.lower(), "", ""
    name = host.rstrip(".")
    if name.endswith(LOCAL_SUFFIX):
        return name.removesuffix(LOCAL_SUFFIX).rstrip("."), f"{LOCAL_SUFFIX}{colon}{port}"
    return name, ""

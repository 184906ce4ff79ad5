"""One visitor's request, as the edge sees it and as it passes it on."""

import json
import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h11

from sandbox.edge.http1 import Conversation
from sandbox.edge.tunnel_connection import Headers

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade".split()
)
_EDGES_OWN = frozenset(
    b"host cdn-loop cf-connecting-ip cf-ipcountry cf-ray cf-visitor x-forwarded-for x-forwarded-proto "
    b"cf-access-jwt-assertion cf-access-authenticated-user-email".split()
)
"""Set by the edge alone: a visitor who sends one has it taken away."""


@dataclass
class Visit:
    """`target` is the path with its query. `headers` are the visitor's, in lower case, without those of this one
    connection and those that only the edge sets; `added` is what guards add for the origin, `remarks` for the visitor."""

    method: bytes
    host: str
    """Lower case, no port."""
    authority: bytes
    target: bytes
    headers: Headers
    upgrade: bytes
    """The protocol that the visitor asks to switch to, such as `websocket`; empty for none."""
    has_body: bool
    secure: bool
    address: str
    country: str
    ray: str = field(default_factory=lambda: f"{secrets.token_hex(8)}-LO")
    added: Headers = field(default_factory=list)
    remarks: Headers = field(default_factory=list)

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("latin-1")

    @property
    def query(self) -> str:
        return self.target.partition(b"?")[2].decode("latin-1")

    def header(self, name: bytes) -> str:
        """The first value of a header of the visitor's; empty where there is none."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")

    def onward(self) -> Headers:
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
            *self.added,
        ]


def read(request: h11.Request, conversation: Conversation) -> Visit:
    """The visit that a request makes.

    Where visitors come from is theirs to say here, since all of them sit at this machine: `CF-IPCountry` (two letters;
    XX, unknown, where there is none) and `CF-Connecting-IP`.
    """
    sent = [(name.lower(), value) for name, value in request.headers]
    given = dict(sent)
    target, authority = request.target, given.get(b"host", b"")
    if target.startswith((b"http://", b"https://")):
        # A client that takes the front for its proxy.
        parts = urlsplit(target)
        authority, target = parts.netloc, (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
    country = given.get(b"cf-ipcountry", b"").decode("latin-1").upper()
    gone = _HOP_BY_HOP | _EDGES_OWN | {name.strip().lower() for name in given.get(b"connection", b"").split(b",")}
    return Visit(
        method=request.method,
        host=_hostname(authority.decode("latin-1")),
        authority=authority.lower(),
        target=target,
        headers=[(name, value) for name, value in sent if name not in gone and not name.startswith(b"cf-cloudflared-")],
        upgrade=given.get(b"upgrade", b"").lower(),
        has_body=b"transfer-encoding" in given or given.get(b"content-length", b"0") != b"0",
        secure=conversation.secure,
        address=given.get(b"cf-connecting-ip", conversation.peer.encode()).decode("latin-1"),
        country=country if re.fullmatch("[A-Z][A-Z0-9]", country) else "XX",
    )


def _hostname(authority: str) -> str:
    host, colon, port = authority.lower().rpartition(":")
    return (host if colon and port.isdigit() else authority.lower()).rstrip(".")

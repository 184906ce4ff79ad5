"""How the connector speaks to an origin: cloudflared's `originRequest`, and which services each option is for."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, StrictInt, model_validator

from settings import references
from settings.errors import reject
from settings.options.ca_pools import CaPoolOptions
from settings.schema import Options, setting

SECONDS = "whole seconds from 1 to 3600 (not milliseconds)"
HOST_HEADER = "a hostname, with or without a port"
SERVER_NAME = "a hostname or an IP address, as it stands in the certificate"
SWITCH = "true or false"
REASON = "a sentence saying why the origin's certificate is not verified"
WEB = ("http", "https", "ws", "wss")
TLS = ("https", "wss", "unix+tls")
EVERYWHERE = (*WEB, "unix", "unix+tls", "tcp", "ssh", "rdp", "smb")
USES: dict[str, tuple[str, ...]] = {
    "connect_timeout": EVERYWHERE,
    "tls_timeout": TLS,
    "tcp_keep_alive": (*WEB, "tcp", "ssh", "rdp", "smb"),
    "no_happy_eyeballs": WEB,
    "keep_alive_connections": (*WEB, "unix", "unix+tls"),
    "keep_alive_timeout": (*WEB, "unix", "unix+tls"),
    "balance": WEB,
    "http_host_header": WEB,
    "origin_server_name": TLS,
    # Where it sees to TLS itself, a socket has no part in it.
    "match_sni_to_host": ("https", "wss"),
    "ca_pool": TLS,
    "no_tls_verify": TLS,
    # Whoever gives one gives the option too, which is found to be idle itself.
    "reason": EVERYWHERE,
    "disable_chunked_encoding": (*WEB, "unix", "unix+tls"),
    # Not wss: HTTP/2 as Go speaks it has no WebSockets.
    "http2_origin": ("https", "unix+tls"),
}
"""The schemes whose connections each option has a say in: `newHTTPTransport` and `tcpOverWSService` of cloudflared."""
RIVALS = {
    ("balance", "keep_alive_connections"): "balance keeps no connections, so there is no number of them",
    ("balance", "keep_alive_timeout"): "balance keeps no connections, so none grows old",
    (
        "match_sni_to_host",
        "origin_server_name",
    ): "matchSNItoHost takes the name from each request, whatever the other says",
    ("match_sni_to_host", "http2_origin"): "with matchSNItoHost the connector never agrees on HTTP/2",
    ("no_tls_verify", "ca_pool"): "noTlsVerify takes any certificate, so no authority is asked",
}
"""Two options of which the first makes nothing of the second."""


def _host_header(text: str) -> str:
    if not re.fullmatch(r"([A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", text):
        reject("it is no Host header", HOST_HEADER, references.ORIGIN_PARAMETERS)
    return text


def _server_name(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        if not re.fullmatch(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?", text):
            reject("no certificate is issued for it", SERVER_NAME, references.ORIGIN_PARAMETERS)
    return text


def _reason(text: str) -> str:
    if not text.strip():
        reject("it is empty", REASON, references.ORIGIN_PARAMETERS)
    return text


Seconds = Annotated[StrictInt, Field(ge=1, le=3600)]


def _option(description: str, accepted: str, example: Any) -> Any:
    return setting(description, accepted, references.ORIGIN_PARAMETERS, examples=[example], default=None)


class OriginDefaults(Options):
    """How the connector speaks to every origin that has a use for it; a route's own `origin` wins. Each option left out is as
    Cloudflare has it."""

    connect_timeout: Seconds | None = _option("How long connecting may take; 30 when left out.", SECONDS, 10)
    tls_timeout: Seconds | None = _option("How long the TLS handshake may take; 10 when left out.", SECONDS, 5)
    tcp_keep_alive: Seconds | None = _option(
        "After how long an idle connection is asked whether it lives; 30 when left out.", SECONDS, 60
    )
    no_happy_eyeballs: StrictBool | None = _option(
        "Tries addresses one after the other rather than IPv4 and IPv6 together.", SWITCH, True
    )
    keep_alive_connections: Annotated[StrictInt, Field(ge=1, le=65535)] | None = _option(
        "How many idle connections to an origin are kept; 100 when left out.",
        "a whole number from 1 to 65535 (to keep none, balance: true)",
        20,
    )
    keep_alive_timeout: Seconds | None = _option(
        "After how long an idle connection is closed; 90 when left out.", SECONDS, 60
    )
    balance: StrictBool | None = _option(
        "Opens a connection for each request, which may so go to any pod behind the Service; kept connections stay with the "
        "pods they found. Sent as keepAliveConnections: -1.",
        SWITCH,
        True,
    )
    http_host_header: Annotated[str, AfterValidator(_host_header)] | None = _option(
        "Host header that the origin sees in place of the visitor's.", HOST_HEADER, "blog.internal"
    )
    origin_server_name: Annotated[str, AfterValidator(_server_name)] | None = _option(
        "Name that the origin's certificate is for; the service's host when left out.", SERVER_NAME, "blog.internal"
    )
    match_sni_to_host: StrictBool | None = setting(
        "Expects a certificate for the hostname that the visitor asked for.",
        SWITCH,
        references.ORIGIN_PARAMETERS,
        examples=[True],
        default=None,
        alias="matchSNItoHost",
    )
    ca_pool: CaPoolOptions | None = _option(
        "Certificate authority of the origin, besides those that everybody trusts: mounted into the connector's pods.",
        "{secret, key} or {configMap, key}",
        {"configMap": "internal-ca"},
    )
    disable_chunked_encoding: StrictBool | None = _option(
        "Sends no body in chunks, for WSGI servers that take none.", SWITCH, True
    )
    http2_origin: StrictBool | None = _option(
        "Speaks HTTP/2 to the origin where that does; WebSockets then do not pass.", SWITCH, True
    )

    @model_validator(mode="before")
    @classmethod
    def _fenced(cls, data: Any) -> Any:
        if cls is OriginDefaults and isinstance(data, dict) and "noTlsVerify" in data:
            why = "noTlsVerify is said for each route, with its reason"
            reject(why, "noTlsVerify and reason under a route's origin", references.ORIGIN_PARAMETERS)
        for key in ("proxyType", "bastionMode", "ipRules"):
            if isinstance(data, dict) and key in data:
                why = f"with {key} the visitor chooses the destination, so no network policy can fence it"
                reject(why, f"no {key}", references.CONNECTOR_RULES)
        return data

    @model_validator(mode="after")
    def _no_rivals(self) -> "OriginDefaults":
        for (winner, loser), why in RIVALS.items():
            if getattr(self, winner, None) and getattr(self, loser, None):
                reject(why, f"one of {written(winner)} and {written(loser)}", references.ORIGIN_PARAMETERS)
        return self


class OriginOptions(OriginDefaults):
    """How the connector speaks to this route's origin; what is left out is as `originDefaults` has it, else as Cloudflare
    does."""

    no_tls_verify: StrictBool | None = _option(
        "Takes any certificate that the origin presents: whoever gets between can be the origin. Needs a reason; caPool is "
        "nearly always the better answer.",
        SWITCH,
        True,
    )
    reason: Annotated[str, AfterValidator(_reason)] | None = _option(
        "Why noTlsVerify; for those who read the stack file, and sent to nobody.",
        REASON,
        "The NAS signs its own certificate anew at each update.",
    )

    @model_validator(mode="after")
    def _with_a_reason(self) -> "OriginOptions":
        if bool(self.no_tls_verify) != (self.reason is not None):
            why = (
                "noTlsVerify needs a reason beside it"
                if self.no_tls_verify
                else "there is nothing to give a reason for"
            )
            reject(why, "noTlsVerify: true with a reason, or neither", references.ORIGIN_PARAMETERS)
        return self


def written(option: str) -> str:
    """An option's key in a stack file."""
    return OriginOptions.model_fields[option].alias or option


def given(options: OriginDefaults | None) -> dict[str, Any]:
    """The options that are given, by their attributes' names."""
    known = type(options).model_fields if options else ()
    return {name: value for name in known if (value := getattr(options, name)) is not None}


def in_force(own: OriginOptions | None, defaults: OriginDefaults, scheme: str) -> dict[str, Any]:
    """The options of a route: its own, and of the defaults those that its service has a use for and its own leave room for."""
    mine = given(own)
    inherited = {
        name: value
        for name, value in given(defaults).items()
        if scheme in USES[name] and not any(mine.get(rival) for rival in _rivals(name))
    }
    return {**inherited, **mine}


def sent(options: dict[str, Any]) -> dict[str, Any]:
    """Options in force as pulumi_cloudflare takes them (`origin_request` of a rule); a switch that is off is left out."""
    request: dict[str, Any] = {}
    for name, value in options.items():
        if name == "balance":
            request |= {"keep_alive_connections": -1} if value else {}
        elif name == "ca_pool":
            request[name] = value.path
        elif name == "match_sni_to_host":
            request |= {"match_sn_ito_host": True} if value else {}
        elif name != "reason" and value is not False:
            request[name] = value
    return request


def _rivals(option: str) -> Iterator[str]:
    for pair in RIVALS:
        if option in pair:
            yield pair[1 - pair.index(option)]

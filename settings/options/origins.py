"""Origin options: how the connector connects to an origin (cloudflared's `originRequest`).

An option is one declaration: its type and, in `OriginOption`, the schemes it applies to, the options it conflicts with,
and the form that the API expects.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Annotated, Any

from annotated_types import Ge, Le
from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, model_validator

from settings import references, schema
from settings.errors import reject
from settings.options.ca_pools import CaPoolOptions
from settings.schema import Accepts, Example, Options
from settings.types.durations import whole_seconds

WEB = ("http", "https", "ws", "wss")
SOCKETS = ("unix", "unix+tls")
STREAMS = ("tcp", "ssh", "rdp", "smb")
TLS = ("https", "wss", "unix+tls")


@dataclass(frozen=True)
class OriginOption:
    """What one origin option applies to, and what is sent of it.

    `schemes` are those whose connections the option affects (`newHTTPTransport` and `tcpOverWSService` of cloudflared).
    `conflicts` are options that have no effect beside this one, each with the reason. `to_api` makes the fields of
    `origin_request` of a value that is not false; by default one field with the option's own name.
    """

    schemes: tuple[str, ...]
    conflicts: Mapping[str, str] = field(default_factory=dict)
    to_api: Callable[[Any], dict[str, Any]] | None = None


def _host_header(text: str) -> str:
    if not re.fullmatch(r"([A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", text):
        reject("is not a valid Host header")
    return text


def _server_name(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        # A certificate for a wildcard has that name, and Go compares it literally.
        if not re.fullmatch(r"(?=.{1,253}$)([*][.])?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9])?", text):
            reject("is not a name that a certificate can be issued for")
    return text


def _reason(text: str) -> str:
    if not text.strip():
        reject("must not be empty")
    return text


def _without_unit(value: Any) -> Any:
    if isinstance(value, str) and (seconds := whole_seconds(value)) is not None:
        reject(f"must be a whole number, of seconds and without a unit: {seconds}")
    return value


Seconds = Annotated[
    StrictInt,
    Ge(1),
    Le(3600),
    BeforeValidator(_without_unit, json_schema_input_type=int),
    Accepts("whole seconds from 1 to 3600 (not milliseconds)", examples=(10,)),
]
Connections = Annotated[
    StrictInt,
    Ge(1),
    Le(65535),
    Accepts("a whole number from 1 to 65535 (to keep none, balance: true)", examples=(20,)),
]
HostHeader = Annotated[
    str,
    AfterValidator(_host_header),
    Accepts("a hostname, with or without a port", examples=("blog.internal",)),
]
ServerName = Annotated[
    str,
    AfterValidator(_server_name),
    Accepts("a hostname or an IP address, as in the certificate", examples=("blog.internal",)),
]
Reason = Annotated[
    str,
    AfterValidator(_reason),
    Accepts(
        "a sentence saying why the origin's certificate is not verified",
        examples=("The NAS signs its own certificate anew at each update.",),
    ),
]


class OriginDefaults(Options):
    """Origin options of every route that they apply to; a route's own `origin` overrides them. For an option that is
    omitted, Cloudflare's default applies."""

    SOURCE = references.ORIGIN_PARAMETERS

    connect_timeout: Annotated[Seconds | None, OriginOption((*WEB, *SOCKETS, *STREAMS))] = None
    """Timeout of connecting; 30 when omitted."""
    tls_timeout: Annotated[Seconds | None, OriginOption(TLS), Example(5)] = None
    """Timeout of the TLS handshake; 10 when omitted."""
    tcp_keep_alive: Annotated[Seconds | None, OriginOption((*WEB, *STREAMS)), Example(60)] = None
    """Interval of TCP keep-alive packets; 30 when omitted."""
    no_happy_eyeballs: Annotated[StrictBool | None, OriginOption(WEB)] = None
    """Whether addresses are tried one after the other rather than IPv4 and IPv6 together."""
    keep_alive_connections: Annotated[Connections | None, OriginOption((*WEB, *SOCKETS))] = None
    """Maximum of idle connections to an origin; 100 when omitted."""
    keep_alive_timeout: Annotated[Seconds | None, OriginOption((*WEB, *SOCKETS)), Example(60)] = None
    """How long an idle connection is kept; 90 when omitted."""
    balance: Annotated[
        StrictBool | None,
        OriginOption(
            WEB,
            conflicts={
                "keep_alive_connections": "balance keeps no idle connections, so there is no maximum of them",
                "keep_alive_timeout": "balance keeps no idle connections, so none times out",
            },
            to_api=lambda _: {"keep_alive_connections": -1},
        ),
    ] = None
    """Whether each request gets its own connection, which any pod behind the Service can accept; a connection that is
    kept stays with one pod. Sent as keepAliveConnections: -1."""
    http_host_header: Annotated[HostHeader | None, OriginOption(WEB)] = None
    """Host header for the origin, instead of the visitor's."""
    origin_server_name: Annotated[ServerName | None, OriginOption(TLS)] = None
    """Name expected in the origin's certificate; the service's host when omitted."""
    match_sni_to_host: Annotated[
        StrictBool | None,
        Field(alias="matchSNItoHost"),
        OriginOption(
            # Not unix+tls: for a socket cloudflared makes the TLS connection elsewhere, without this option.
            ("https", "wss"),
            conflicts={
                "origin_server_name": "matchSNItoHost takes the name from each request instead",
                "http2_origin": "with matchSNItoHost the connector never negotiates HTTP/2",
            },
            to_api=lambda value: {"match_sn_ito_host": value},
        ),
    ] = None
    """Whether the certificate must be for the hostname that the visitor requested."""
    ca_pool: Annotated[
        CaPoolOptions | None,
        OriginOption(TLS, to_api=lambda pool: {"ca_pool": pool.path}),
        Accepts("{secret, key} or {configMap, key}", references.ORIGIN_PARAMETERS, ({"configMap": "internal-ca"},)),
    ] = None
    """Certificate authority of the origin, besides the public ones: mounted into the connector's pods."""
    disable_chunked_encoding: Annotated[StrictBool | None, OriginOption((*WEB, *SOCKETS))] = None
    """Whether request bodies are sent without chunked encoding, for WSGI servers that do not support it."""
    # Not wss: Go's HTTP/2 has no WebSockets.
    http2_origin: Annotated[StrictBool | None, OriginOption(("https", "unix+tls"))] = None
    """Whether to use HTTP/2 with an origin that supports it; WebSockets then do not work."""

    @model_validator(mode="before")
    @classmethod
    def _no_open_proxy(cls, data: Any) -> Any:
        if cls is OriginDefaults and isinstance(data, dict) and "noTlsVerify" in data:
            problem = "must not have noTlsVerify: each route states it, with a reason"
            reject(problem, "noTlsVerify and reason under a route's origin")
        for key in ("proxyType", "bastionMode", "ipRules"):
            if isinstance(data, dict) and key in data:
                problem = "with it the visitor chooses the destination, which no network policy can restrict"
                reject(f"must not have {key}: {problem}", f"no {key}", references.CONNECTOR_RULES)
        return data

    @model_validator(mode="after")
    def _no_conflicts(self) -> "OriginDefaults":
        for name, option in options_of(type(self)).items():
            for other, reason in option.conflicts.items():
                if getattr(self, name) and getattr(self, other, None):
                    reject(f"has options that conflict: {reason}", f"one of {yaml_key(name)} and {yaml_key(other)}")
        return self


class OriginOptions(OriginDefaults):
    """Origin options of one route; those omitted are taken from `originDefaults`, else from Cloudflare's defaults."""

    no_tls_verify: Annotated[
        StrictBool | None,
        OriginOption(TLS, conflicts={"ca_pool": "noTlsVerify accepts any certificate, so no authority is needed"}),
    ] = None
    """Whether any certificate of the origin is accepted, also that of an attacker in between. Requires a reason; caPool
    is nearly always the better answer."""
    # Every scheme: where noTlsVerify does not apply, that option is reported.
    reason: Annotated[Reason | None, OriginOption((*WEB, *SOCKETS, *STREAMS), to_api=lambda _: {})] = None
    """Why noTlsVerify is set, for readers of the stack file; not sent to Cloudflare."""

    @model_validator(mode="after")
    def _no_tls_verify_with_reason(self) -> "OriginOptions":
        if bool(self.no_tls_verify) != (self.reason is not None):
            problem = "has noTlsVerify without a reason" if self.no_tls_verify else "has a reason without noTlsVerify"
            reject(problem, "noTlsVerify: true with a reason, or neither")
        return self


def options_of(group: type[OriginDefaults]) -> dict[str, OriginOption]:
    """The declaration of each option of a group, by attribute."""
    fields = group.model_fields.items()
    return {name: next(part for part in info.metadata if isinstance(part, OriginOption)) for name, info in fields}


OPTIONS = options_of(OriginOptions)
SUPPORTED_SCHEMES = {name: option.schemes for name, option in OPTIONS.items()}
CONFLICTS = {
    name: {*option.conflicts, *(other for other, its in OPTIONS.items() if name in its.conflicts)}
    for name, option in OPTIONS.items()
}
"""The options that each option excludes, in both directions."""


def yaml_key(option: str) -> str:
    """An option's key in a stack file."""
    return schema.yaml_key(option, OriginOptions.model_fields[option])


def explicit(options: OriginDefaults | None) -> dict[str, Any]:
    """The options that are set, by attribute."""
    known = type(options).model_fields if options else ()
    return {name: value for name in known if (value := getattr(options, name)) is not None}


def effective(own: OriginOptions | None, defaults: OriginDefaults, scheme: str) -> dict[str, Any]:
    """The options of a route: its own, and those defaults that apply to its scheme and conflict with none of its
    own."""
    overrides = explicit(own)
    inherited = {
        name: value
        for name, value in explicit(defaults).items()
        if scheme in SUPPORTED_SCHEMES[name] and not any(overrides.get(other) for other in CONFLICTS[name])
    }
    return {**inherited, **overrides}


def to_api(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as `origin_request` of a rule in pulumi_cloudflare; a switch that is off is omitted."""
    request: dict[str, Any] = {}
    for name, value in options.items():
        if value is not False:
            convert = OPTIONS[name].to_api
            request |= convert(value) if convert else {name: value}
    return request

"""An ingress rule of a tunnel, as an argument."""

from typing import NotRequired, TypedDict

import pulumi


class AccessJwtArgs(TypedDict):
    """Verification of the JWT that Cloudflare Access adds to a request; the connector answers 403 without a valid
    one."""

    aud_tags: pulumi.Input[list[pulumi.Input[str]]]
    """Audience tags of the Access applications."""
    team_name: pulumi.Input[str]
    """Name of the Zero Trust team."""
    required: NotRequired[pulumi.Input[bool]]
    """Whether requests without a valid JWT are denied; false by default."""


class OriginRequestArgs(TypedDict):
    """Origin options of one rule: https://developers.cloudflare.com/tunnel/advanced/origin-parameters/."""

    access: NotRequired[AccessJwtArgs]
    """Verification of Access JWTs; none by default."""
    ca_pool: NotRequired[pulumi.Input[str]]
    """Path, in the connector's pods, of the certificate authority that the origin's certificate is checked against."""
    connect_timeout: NotRequired[pulumi.Input[int]]
    """Seconds until a connection to the origin must exist, without TLS."""
    disable_chunked_encoding: NotRequired[pulumi.Input[bool]]
    """Whether requests have a content length instead of chunks, for WSGI servers."""
    http2_origin: NotRequired[pulumi.Input[bool]]
    """Whether to use HTTP/2 with an https origin."""
    http_host_header: NotRequired[pulumi.Input[str]]
    """Host header of the requests to the origin, instead of the visitor's."""
    keep_alive_connections: NotRequired[pulumi.Input[int]]
    """Number of idle connections to the origin that are kept."""
    keep_alive_timeout: NotRequired[pulumi.Input[int]]
    """Seconds after which an idle connection is closed."""
    match_sn_ito_host: NotRequired[pulumi.Input[bool]]
    """Whether the name in TLS is the request's host."""
    no_happy_eyeballs: NotRequired[pulumi.Input[bool]]
    """Whether to try one IP version only."""
    no_tls_verify: NotRequired[pulumi.Input[bool]]
    """Whether to accept any certificate of the origin."""
    origin_server_name: NotRequired[pulumi.Input[str]]
    """Name expected in the origin's certificate."""
    proxy_type: NotRequired[pulumi.Input[str]]
    """`socks` for a SOCKS5 proxy; empty by default."""
    tcp_keep_alive: NotRequired[pulumi.Input[int]]
    """Seconds between keepalive packets to the origin."""
    tls_timeout: NotRequired[pulumi.Input[int]]
    """Seconds until TLS with the origin must be established."""


class IngressRuleArgs(TypedDict):
    """Requests that the rule matches, and the origin that they are sent to. Without hostname and path it matches every
    request."""

    service: pulumi.Input[str]
    """URL of the origin, or `http_status:404`."""
    hostname: NotRequired[pulumi.Input[str]]
    """Full hostname or wildcard; every hostname by default."""
    path: NotRequired[pulumi.Input[str]]
    """RE2 expression that the path matches; every path by default."""
    origin_request: NotRequired[OriginRequestArgs]
    """Options of the requests to the origin."""

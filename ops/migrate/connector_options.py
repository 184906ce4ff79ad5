"""Options of cloudflared: as flags, as environment variables and as keys of its configuration file.

Source: `cmd/cloudflared/tunnel/cmd.go` and `subcommands.go` of https://github.com/cloudflare/cloudflared
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Effect = Literal["setting", "variable", "origin", "service", "name", "credential", "unneeded", "other"]


@dataclass(frozen=True)
class ConnectorOption:
    """An option of cloudflared. `target` is the path of the setting, the key of `originRequest` or the variable that it
    becomes; `kind` is the type of its value. Not needed are those about credentials and versions: both come from the
    stack."""

    names: tuple[str, ...]
    variables: tuple[str, ...]
    effect: Effect
    target: str = ""
    kind: Literal["text", "switch", "number", "list"] = "text"


def _options(effect: Effect, *lines: str) -> Iterable[ConnectorOption]:
    """From lines of names, variables, target and kind: `loglevel | TUNNEL_LOGLEVEL | connector.logLevel`."""
    for line in lines:
        names, variables, target, kind = (*(part.strip() for part in line.split("|")), "", "", "")[:4]
        of_value: Any = kind or "text"
        yield ConnectorOption(tuple(names.split()), tuple(variables.split()), effect, target, of_value)


OPTIONS = (
    *_options(
        "setting",
        "protocol p | TUNNEL_TRANSPORT_PROTOCOL | connector.protocol",
        "loglevel | TUNNEL_LOGLEVEL | connector.logLevel",
        "grace-period | TUNNEL_GRACE_PERIOD | connector.gracePeriod",
        "region | TUNNEL_REGION | connector.region",
        "edge-ip-version | TUNNEL_EDGE_IP_VERSION | connector.edgeIpVersion",
        "post-quantum pq | TUNNEL_POST_QUANTUM | connector.postQuantum | switch",
        "output | TUNNEL_LOG_OUTPUT TUNNEL_MANAGEMENT_OUTPUT | connector.logFormat",
    ),
    *_options(
        "variable",
        "retries | TUNNEL_RETRIES | TUNNEL_RETRIES",
        "transport-loglevel proto-loglevel | TUNNEL_TRANSPORT_LOGLEVEL TUNNEL_PROTO_LOGLEVEL | "
        "TUNNEL_TRANSPORT_LOGLEVEL",
        "metrics-update-freq | TUNNEL_METRICS_UPDATE_FREQ | TUNNEL_METRICS_UPDATE_FREQ",
        "max-active-flows | TUNNEL_MAX_ACTIVE_FLOWS | TUNNEL_MAX_ACTIVE_FLOWS",
        "dns-resolver-addrs | TUNNEL_DNS_RESOLVER_ADDRS | TUNNEL_DNS_RESOLVER_ADDRS | list",
        "no-prechecks | TUNNEL_NO_PRECHECKS | TUNNEL_NO_PRECHECKS | switch",
        "write-stream-timeout | TUNNEL_STREAM_WRITE_TIMEOUT | TUNNEL_STREAM_WRITE_TIMEOUT",
        "quic-disable-pmtu-discovery | TUNNEL_DISABLE_QUIC_PMTU | TUNNEL_DISABLE_QUIC_PMTU | switch",
        "dial-edge-timeout | DIAL_EDGE_TIMEOUT | DIAL_EDGE_TIMEOUT",
    ),
    *_options(
        "origin",
        "proxy-connect-timeout | | connectTimeout",
        "proxy-tls-timeout | | tlsTimeout",
        "proxy-tcp-keepalive | | tcpKeepAlive",
        "proxy-no-happy-eyeballs | | noHappyEyeballs | switch",
        "proxy-keepalive-connections | | keepAliveConnections | number",
        "proxy-keepalive-timeout | | keepAliveTimeout",
        "http-host-header | TUNNEL_HTTP_HOST_HEADER | httpHostHeader",
        "origin-server-name | TUNNEL_ORIGIN_SERVER_NAME | originServerName",
        "origin-ca-pool | TUNNEL_ORIGIN_CA_POOL | caPool",
        "no-tls-verify | NO_TLS_VERIFY | noTLSVerify | switch",
        "no-chunked-encoding | TUNNEL_NO_CHUNKED_ENCODING | disableChunkedEncoding | switch",
        "http2-origin | TUNNEL_ORIGIN_ENABLE_HTTP2 | http2Origin | switch",
        "proxy-address | TUNNEL_PROXY_ADDRESS | proxyAddress",
        "proxy-port | TUNNEL_PROXY_PORT | proxyPort | number",
    ),
    *_options(
        "service",
        "hello-world | TUNNEL_HELLO_WORLD | hello_world | switch",
        "bastion | TUNNEL_BASTION | bastion | switch",
        "url | TUNNEL_URL",
        "unix-socket | TUNNEL_UNIX_SOCKET | unix:",
        "hostname | TUNNEL_HOSTNAME",
        "socks5 | TUNNEL_SOCKS | socks | switch",
    ),
    *_options("name", "tunnel | TUNNEL_ID", "name n | TUNNEL_NAME", "id"),
    *_options(
        "credential",
        "token | TUNNEL_TOKEN",
        "token-file | TUNNEL_TOKEN_FILE",
        "credentials-file cred-file | TUNNEL_CRED_FILE",
        "credentials-contents | TUNNEL_CRED_CONTENTS",
        "origincert | TUNNEL_ORIGIN_CERT",
    ),
    *_options(
        "unneeded",
        "no-autoupdate | NO_AUTOUPDATE | | switch",
        "autoupdate-freq",
        "pidfile | TUNNEL_PIDFILE",
        "management-diagnostics | TUNNEL_MANAGEMENT_DIAGNOSTICS | | switch",
        "config",
    ),
    *_options(
        "other",
        "metrics | TUNNEL_METRICS",
        "logfile | TUNNEL_LOGFILE",
        "log-directory | TUNNEL_LOGDIRECTORY",
        "trace-output | TUNNEL_TRACE_OUTPUT",
        "edge | TUNNEL_EDGE | | list",
        "edge-bind-address | TUNNEL_EDGE_BIND_ADDRESS",
        "lb-pool | TUNNEL_LB_POOL",
        "tag | TUNNEL_TAG | | list",
        "label",
        "compression-quality | TUNNEL_COMPRESSION_LEVEL | | number",
        "features F | | | list",
        "icmpv4-src | TUNNEL_ICMPV4_SRC",
        "icmpv6-src | TUNNEL_ICMPV6_SRC",
        "ha-connections | | | number",
        "overwrite-dns f | TUNNEL_FORCE_PROVISIONING_DNS | | switch",
        "proxy-connection-timeout",
        "proxy-expect-continue-timeout",
        "proxy-dns | TUNNEL_DNS | | switch",
    ),
)
BY_NAME = {name: option for option in OPTIONS for name in option.names}
BY_VARIABLE = {name: option for option in OPTIONS for name in option.variables}


def from_text(option: ConnectorOption, text: str) -> Any:
    """The value of an option that is written as text, in a flag or a variable."""
    if option.kind == "switch" and text.lower() in ("true", "false", "1", "0", "t", "f"):
        return text.lower() in ("true", "1", "t")
    if option.kind == "number" and re.fullmatch("-?[0-9]{1,18}", text):
        return int(text)
    return text.split(",") if option.kind == "list" else text

"""Options of cloudflared: as flags, as environment variables and as keys of its configuration file.

Source: `cmd/cloudflared/tunnel/cmd.go` and `subcommands.go` of https://github.com/cloudflare/cloudflared
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from ops.migrate.input_object import Option

Effect = Literal["setting", "variable", "origin", "service", "name", "credential", "unneeded", "other"]


@dataclass(frozen=True)
class ConnectorOption:
    """An option of cloudflared. `target` is the path of the setting, the key of `originRequest` or the variable that it
    becomes; `kind` is the type of its value."""

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
"""Unneeded are those that say who the connector is or which version runs: both come from the stack."""


def apply(given: Iterable[Option], setup: ExistingSetup, namespace: str = "") -> None:
    """Adds the options given, each by its name, to the setup: the connector's settings, and the one rule that `url` and
    its like stand for where there are no others. What the stack has no setting for is reported."""
    single: dict[str, Option] = {}
    given = list(given)
    for option in given:
        known = BY_NAME.get(option.key)
        if known is None:
            remedy = "correct it if it is misspelled; leave it out if it is not needed"
            setup.skipped.append(SkippedItem(option.key, "cloudflared has no such option", remedy, option.place))
        elif known.effect == "setting":
            value = str(option.value) if known.kind == "text" and option.value is not None else option.value
            setup.settings.append(Option(known.target, value, option.place))
        elif known.effect == "variable":
            variable = [{"name": known.target, "value": _as_variable(option.value)}]
            setup.settings.append(Option("connector.extraEnv", variable, option.place))
        elif known.effect in ("origin", "service"):
            single[known.names[0]] = option
        elif known.names[0] in ("token", "token-file"):
            setup.remote = True
        elif known.effect == "name":
            setup.name = str(option.value)
        elif known.effect == "other":
            remedy = "see `culvert:connector` in docs/settings.md for an equivalent"
            reason = "it configures how cloudflared runs on its machine"
            setup.skipped.append(SkippedItem(option.key, reason, remedy, option.place))
    if single:
        _apply_single_rule(single, setup, namespace, routed=any(option.key in ("name", "n") for option in given))


def _as_variable(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _apply_single_rule(options: dict[str, Option], setup: ExistingSetup, namespace: str, *, routed: bool) -> None:
    """The rule that cloudflared makes of flags such as `--url`, which it ignores where there are ingress rules.

    `routed` says that it creates the record of `hostname` itself, as with `--name`.
    """
    service = next((each for name in _SERVICES if (each := options.get(name)) and each.value), None)
    hostname = options.pop("hostname", None)
    if setup.rules or service is None:
        unused = options if service is None else {**options, service.key: service}
        for option in [*unused.values(), *([hostname] if hostname else [])]:
            reason = "cloudflared ignores it beside ingress rules" if setup.rules else "it has no effect without url"
            setup.skipped.append(SkippedItem(option.key, reason, "leave it out", option.place))
        return
    known = BY_NAME[service.key]
    text = str(service.value)
    if known.names[0] == "url":
        # As cloudflared does for an address without a scheme.
        text = text if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", text) else f"http://{text}"
    else:
        text = f"unix:{text}" if known.target == "unix:" else known.target
    origin = tuple(
        Option(BY_NAME[name].target, option.value, option.place)
        for name, option in options.items()
        if BY_NAME[name].effect == "origin"
    )
    if (socks := options.get("socks5")) and socks.value:
        origin = (*origin, Option("proxyType", "socks", socks.place))
    name = str(hostname.value) if hostname else ""
    if hostname and not routed:
        reason = (
            "cloudflared ignores it for a tunnel that exists, and answers for every record that points at the tunnel"
        )
        remedy = "check that this is the hostname of such a record, and add a route for each other one"
        setup.skipped.append(SkippedItem(f"hostname {name}", reason, remedy, hostname.place))
    setup.rules.append(IngressRule(name, text, origin=origin, namespace=namespace, place=service.place))


_SERVICES = ("hello-world", "bastion", "url", "unix-socket")
"""Which of them cloudflared takes first."""


def from_text(option: ConnectorOption, text: str) -> Any:
    """The value of an option that is written as text, in a flag or a variable."""
    if option.kind == "switch" and text.lower() in ("true", "false", "1", "0", "t", "f"):
        return text.lower() in ("true", "1", "t")
    if option.kind == "number" and re.fullmatch("-?[0-9]{1,18}", text):
        return int(text)
    return text.split(",") if option.kind == "list" else text

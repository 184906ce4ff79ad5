"""Validation of a tunnel's configuration, as the connector does it.

A connector rejects a pushed configuration that breaks one of these rules and keeps the one before, so the API refuses
it. Written from the connector's own checks: cloudflare/cloudflared, `validateIngress` in ingress/ingress.go, the JSON
shapes of config/configuration.go, and Go's net/url. Refused besides: a field no connector knows, which it would drop
silently, null in a list, and a host with stray colons or brackets.
"""

import ipaddress
import re
from typing import Annotated, Any

import re2
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.cloudflare import origin_url

# Go's integers have 64 bits, Python's have no limit.
Int = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Uint = Annotated[int, Field(ge=0, lt=2**64)]
Seconds = Int


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", alias_generator=to_camel)


class Access(_Shape):
    required: bool | None = None
    team_name: str | None = None
    aud_tag: list[str] | None = None
    environment: str | None = None


class IpRule(_Shape):
    prefix: str | None = None
    ports: list[Int] | None = None
    allow: bool | None = None


class OriginRequest(_Shape):
    """How the connector talks to an origin; durations are whole seconds, and an absent field means the default."""

    connect_timeout: Seconds | None = None
    tls_timeout: Seconds | None = None
    tcp_keep_alive: Seconds | None = None
    no_happy_eyeballs: bool | None = None
    keep_alive_connections: Int | None = None
    keep_alive_timeout: Seconds | None = None
    http_host_header: str | None = None
    origin_server_name: str | None = None
    match_sni_to_host: bool | None = Field(default=None, alias="matchSNItoHost")
    ca_pool: str | None = None
    no_tls_verify: bool | None = Field(default=None, alias="noTLSVerify")
    disable_chunked_encoding: bool | None = None
    bastion_mode: bool | None = None
    proxy_address: str | None = None
    proxy_port: Uint | None = None
    proxy_type: str | None = None
    ip_rules: list[IpRule] | None = None
    http2_origin: bool | None = Field(default=None, alias="http2Origin")
    access: Access | None = None


class Rule(_Shape):
    hostname: str | None = None
    path: str | None = None
    service: str | None = None
    origin_request: OriginRequest | None = None


class WarpRouting(_Shape):
    enabled: bool | None = None
    connect_timeout: Seconds | None = None
    max_active_flows: Uint | None = None
    tcp_keep_alive: Seconds | None = None


class Configuration(_Shape):
    """The `config` of a tunnel's configuration; no rules at all is allowed, and answers 503 to everything."""

    ingress: list[Rule] | None = None
    origin_request: OriginRequest | None = None
    warp_routing: WarpRouting | None = Field(default=None, alias="warp-routing")


class ConfigurationRejected(ValueError):
    """A configuration the connector would reject; the message is the connector's, or close to it."""


def check(configuration: Configuration) -> None:
    """Raises ConfigurationRejected for the first ingress rule the connector would reject."""
    rules = configuration.ingress or []
    defaults = configuration.origin_request or OriginRequest()
    for number, rule in enumerate(rules, start=1):
        _check_service(rule, defaults)
        _check_access(rule)
        _check_hostname(rule, number, last=number == len(rules))
        if rule.path:
            _check_path(rule.path, number)


def _check_service(rule: Rule, defaults: OriginRequest) -> None:
    service, options = rule.service or "", rule.origin_request or OriginRequest()
    bastion = defaults.bastion_mode if options.bastion_mode is None else options.bastion_mode
    if service.startswith(("unix:", "unix+tls:")) or service in ("hello_world", "hello-world"):
        return
    if service.startswith("http_status:"):
        code = service.removeprefix("http_status:")
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", code):
            raise ConfigurationRejected(f"invalid HTTP status code: {code!r} is not a number")
        if not 100 <= int(code) <= 999:
            raise ConfigurationRejected(f"invalid HTTP status code: {int(code)}")
    elif service == "socks-proxy":
        for ip_rule in options.ip_rules or []:
            _check_ip_rule(ip_rule)
    elif service != "bastion" and not bastion:
        problem = origin_url.problem(service)
        if problem:
            raise ConfigurationRejected(problem)


def _check_ip_rule(rule: IpRule) -> None:
    if not rule.prefix:
        raise ConfigurationRejected("unable to create ip rule for socks-proxy: no prefix provided")
    try:
        # Go requires a prefix length; Python would also accept none, or a mask.
        if not re.fullmatch(r"[^/]+/[0-9]+", rule.prefix):
            raise ValueError(rule.prefix)
        ipaddress.ip_network(rule.prefix, strict=False)
    except ValueError as error:
        raise ConfigurationRejected(
            f"unable to create ip rule for socks-proxy: unable to parse cidr: {rule.prefix}"
        ) from error
    for port in rule.ports or []:
        if not 1 <= port <= 65535:
            raise ConfigurationRejected(f"invalid port {port}, needs to be between 1 and 65535")


def _check_access(rule: Rule) -> None:
    access = rule.origin_request.access if rule.origin_request else None
    if access and access.required and access.aud_tag and not access.team_name:
        raise ConfigurationRejected("access.TeamName cannot be blank when access.audTags are present")


def _check_hostname(rule: Rule, number: int, *, last: bool) -> None:
    hostname = rule.hostname or ""
    if re.fullmatch(r"\[[^\[\]]*\]:[^:\[\]]*|[^:\[\]]*:[^:\[\]]*", hostname):
        raise ConfigurationRejected("Hostname cannot contain a port")
    if hostname.rfind("*") > 0:
        raise ConfigurationRejected(
            'Hostname patterns can have at most one wildcard character ("*") and it can only be used for subdomains, '
            'e.g. "*.example.com"'
        )
    catches_all = hostname in ("", "*") and not rule.path
    if last and not catches_all:
        raise ConfigurationRejected(
            "The last ingress rule must match all URLs (i.e. it should not have a hostname or path filter)"
        )
    if catches_all and not last:
        raise ConfigurationRejected(
            f"Rule #{number} is matching the hostname '{hostname}', but this will match every hostname, meaning the "
            "rules which follow it will never be triggered."
        )


def _check_path(path: str, number: int) -> None:
    options = re2.Options()
    options.log_errors = False
    try:
        # Go's syntax is RE2's without \C (one byte).
        if re.search(r"(?<!\\)(?:\\\\)*\\C", path):
            raise re2.error("invalid escape sequence: \\C")
        re2.compile(path, options)
    except re2.error as error:
        raise ConfigurationRejected(f"Rule #{number} has an invalid regex: {_text(error)}") from error


def _text(error: Exception) -> str:
    message: Any = error.args[0] if error.args else error
    return message.decode() if isinstance(message, bytes) else str(message)

"""Model of the connector's ingress rules, independent of `settings`.

Sources: cloudflared `ingress/ingress.go` and `ingress/rule.go`, whose terms the checks use.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import re2

Rule = dict[str, Any]
OPTIONS = re2.Options()
OPTIONS.log_errors = False


def problems(rules: list[Rule]) -> list[str]:
    """Problems for which the connector rejects the rules, or applies them unexpectedly; empty for valid rules."""
    found: list[str] = []
    for number, rule in enumerate(rules):
        last = number == len(rules) - 1
        catch_all = rule.get("hostname", "") in ("", "*") and not rule.get("path")
        if catch_all != last:
            found.append(f"rule {number}: only the last rule matches everything")
        found += [f"rule {number}: {problem}" for problem in _hostname(rule.get("hostname", ""))]
        found += [f"rule {number}: {problem}" for problem in _service(rule["service"])]
        try:
            re2.compile(rule.get("path", ""), OPTIONS)
        except re2.error:
            found.append(f"rule {number}: its path is not a valid RE2 expression")
    return found


def first_match(rules: list[Rule], hostname: str, path: str) -> int:
    """The rule that applies to a request: the first whose hostname and path match."""
    for number, rule in enumerate(rules):
        pattern = rule.get("hostname", "")
        wide = pattern in ("", "*") or (pattern.startswith("*.") and hostname.endswith(pattern[1:]))
        if (wide or pattern == hostname) and re2.search(rule.get("path", ""), path):
            return number
    raise AssertionError("the last rule matches everything")


def unreached(rules: list[Rule], hostnames: Iterable[str], paths: Iterable[str]) -> set[int]:
    """The rules that none of these requests reaches."""
    paths = list(paths)
    return set(range(len(rules))) - {first_match(rules, host, path) for host in hostnames for path in paths}


def _hostname(hostname: str) -> Iterable[str]:
    if ":" in hostname:
        yield "a hostname has no port"
    if hostname.rfind("*") > 0 or ("*" in hostname and not hostname.startswith("*.")):
        yield "a wildcard is the whole first label"
    if not hostname.isascii() or hostname != hostname.lower():
        yield "a hostname is compared case-sensitively, and in punycode"
    if len(hostname) > 253 or any(not 1 <= len(label) <= 63 for label in hostname.split(".") if hostname):
        yield "a hostname is too long for DNS"


def _service(service: str) -> Iterable[str]:
    if service == "hello_world" or re.fullmatch(r"unix(\+tls)?:/[^/].*", service):
        return
    if match := re.fullmatch(r"http_status:(\d+)", service):
        if not 100 <= int(match[1]) <= 999:
            yield "a status is from 100 to 999"
        return
    match = re.fullmatch(r"(https?|wss?|tcp|ssh|rdp|smb)://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(\d+))?", service)
    if not match:
        yield "a service has a known scheme, a host and nothing else"
        return
    scheme, host, port = match.groups()
    if port is None and scheme == "tcp":
        yield "tcp requires a port"
    if port is not None and not 1 <= int(port) <= 65535:
        yield "a port is from 1 to 65535"
    if host.startswith("[") or re.fullmatch(r"[0-9.]+", host):
        address = ip_address(host.strip("[]"))
        if address.is_loopback or address.is_link_local:
            yield "an origin is outside the pod"
    elif "." not in host:
        yield "a Service is sent by its full name"

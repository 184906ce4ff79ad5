"""Model of what cloudflared makes of a config.yml: the rule of each request, and the options in force for it.

Written from `ingress/ingress.go`, `ingress/config.go` and `ingress/origin_service.go` of cloudflared, and held against
recordings of it. The document is given as plain values; durations are text, or whole seconds as the API has them.
"""

import re
from typing import Any

import idna
import re2

from scripts.record_cloudflared import DEFAULTS

Document = dict[str, Any]
_PORTS = {"ssh": 22, "rdp": 3389, "smb": 445, "tcp": 7864}
_WEB_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def matched(document: Document, hostname: str, path: str) -> int:
    """The index of the rule that receives a request."""
    rules = document["ingress"]
    return next(index for index, rule in enumerate(rules) if _matches(rule, hostname, path))


def in_force(document: Document) -> list[dict[str, Any]]:
    """Each rule with the options in force that are not cloudflared's default."""
    shared = document.get("originRequest") or {}
    found: list[dict[str, Any]] = []
    for rule in document["ingress"]:
        own = rule.get("originRequest") or {}
        options = {key: _value(key, _stated(key, own, shared)) for key in DEFAULTS}
        service = _service(rule["service"])
        if "://" in service and options["bastionMode"]:
            service = "bastion"
        options["bastionMode"] |= service == "bastion"
        found.append(
            {
                "hostname": rule.get("hostname") or "",
                "path": rule.get("path") or None,
                "service": service,
                "verifiesJwt": bool((own.get("access") or {}).get("required")),
                "originRequest": {key: value for key, value in options.items() if value != DEFAULTS[key]},
            }
        )
    return found


def effects(rule: dict[str, Any]) -> dict[str, Any]:
    """What the options in force do to a rule's connections with its service, each by the option that decides it."""
    options, scheme = {**DEFAULTS, **rule["originRequest"]}, rule["service"].partition(":")[0]
    found: dict[str, Any] = {"access": rule["verifiesJwt"]}
    if "://" not in rule["service"]:
        return found
    found |= {key: options[key] for key in ("connectTimeout", "tcpKeepAlive")}
    if scheme not in _WEB_PORTS:
        return found | {"proxyType": options["proxyType"]}
    found |= {key: options[key] for key in ("noHappyEyeballs", "httpHostHeader", "disableChunkedEncoding")}
    found["keepAliveConnections"] = max(options["keepAliveConnections"], -1)
    found["keepAliveTimeout"] = options["keepAliveTimeout"] if found["keepAliveConnections"] >= 0 else None
    if scheme in ("https", "wss"):
        from_request = options["matchSNItoHost"]
        found |= {"noTLSVerify": options["noTLSVerify"], "matchSNItoHost": from_request}
        found["caPool"] = "" if options["noTLSVerify"] else options["caPool"]
        found["originServerName"] = None if from_request else options["originServerName"]
        # Go negotiates no HTTP/2 over connections that cloudflared makes itself.
        found["http2Origin"] = options["http2Origin"] and not from_request
        found["tlsTimeout"] = None if from_request else options["tlsTimeout"]
    return found


def destination(service: str) -> str:
    """A service with its port, and a Service of the cluster by its full name: two that are equal are reached alike."""
    match = re.fullmatch(r"(?i)([a-z]+)://(\[[^]]+\]|[^:/]+)(?::([0-9]+))?/?", service)
    if not match:
        return service.replace("hello-world", "hello_world")
    scheme, host, port = match[1].lower(), match[2].lower().removesuffix("."), match[3]
    host = f"{host}.cluster.local" if host.endswith(".svc") else host
    return f"{scheme}://{host}:{port or {**_WEB_PORTS, **_PORTS}.get(scheme, '')}"


def _matches(rule: dict[str, Any], hostname: str, path: str) -> bool:
    pattern = rule.get("hostname") or ""
    named = pattern in ("", "*") or any(_matches_host(each, hostname) for each in (pattern, _punycode(pattern)))
    return named and re2.search(rule.get("path") or "", path, _OPTIONS) is not None


def _matches_host(pattern: str, hostname: str) -> bool:
    return pattern == hostname or (pattern.startswith("*.") and hostname.endswith(pattern[1:]))


def _punycode(pattern: str) -> str:
    try:
        return idna.encode(pattern, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        return pattern


def _service(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text.replace("hello-world", "hello_world")
    port = _PORTS.get(scheme.lower())
    return f"{scheme.lower()}://{rest}" + (f":{port}" if port and not re.search(r":[0-9]+$", rest) else "")


def _stated(key: str, own: dict[str, Any], shared: dict[str, Any]) -> Any:
    for given in (own, shared):
        if given.get(key) is not None:
            return given[key]
    return DEFAULTS[key]


def _value(key: str, value: Any) -> Any:
    default = DEFAULTS[key]
    if isinstance(default, bool):
        return value if isinstance(value, bool) else value.lower() in ("y", "yes", "on")
    if isinstance(default, str):
        return str(value)
    if key.endswith(("Timeout", "tcpKeepAlive")) and isinstance(value, str):
        return _seconds(value)
    if key == "access":
        return value if value.get("required") else default
    return value


def _seconds(text: str) -> float:
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
    sign = -1 if text.startswith("-") else 1
    return sign * sum(float(number) * units[unit] for number, unit in re.findall(r"([0-9.]+)(h|ms|m|s)", text))

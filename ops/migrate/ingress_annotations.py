"""Annotations of STRRL/cloudflare-tunnel-ingress-controller.

Source: `pkg/controller/well_known_annotations.go` and `transform.go` of
https://github.com/STRRL/cloudflare-tunnel-ingress-controller
"""

import re
from collections.abc import Mapping

from ops.migrate.input_object import InputObject, Option, Place
from ops.migrate.origins import seconds

PREFIX = "cloudflare-tunnel-ingress-controller.strrl.dev/"
_SWITCHES = {
    "no-happy-eyeballs": "noHappyEyeballs",
    "no-tls-verify": "noTLSVerify",
    "disable-chunked-encoding": "disableChunkedEncoding",
    "http2-origin": "http2Origin",
}
_DURATIONS = {
    "connect-timeout": "connectTimeout",
    "tls-timeout": "tlsTimeout",
    "tcp-keepalive": "tcpKeepAlive",
    "keepalive-timeout": "keepAliveTimeout",
}
_OTHERS = {"backend-protocol", "http-host-header", "origin-server-name", "disable-dns-management", "proxy-ssl-verify"}
KNOWN = {*_SWITCHES, *_DURATIONS, *_OTHERS, "keepalive-connections"}


class RefusedError(Exception):
    """What the controller refuses, for which it makes no rule of the whole Ingress."""

    def __init__(self, problem: str, remedy: str, place: Place) -> None:
        super().__init__(problem)
        self.problem, self.remedy, self.place = problem, remedy, place


def origin(annotations: InputObject, scheme: str) -> tuple[Option, ...]:
    """The keys of `originRequest` in every rule of an Ingress whose services have this scheme."""
    found: dict[str, Option] = {}
    text = {key.removeprefix(PREFIX): annotations.text(key) for key in annotations.values if key.startswith(PREFIX)}

    def add(name: str, key: str, value: object) -> None:
        found[key] = Option(key, value, annotations.at(f"{PREFIX}{name}"))

    for name, key in _SWITCHES.items():
        if name in text:
            add(name, key, _one_of(annotations, name, text[name], {"true": True, "false": False}))
    for name, key in _DURATIONS.items():
        if name in text:
            duration = seconds(text[name])
            if duration is None or duration <= 0 or not float(duration).is_integer():
                raise _invalid(annotations, name, "a positive duration in whole seconds")
            add(name, key, text[name])
    if (count := text.get("keepalive-connections")) is not None:
        if not re.fullmatch("[0-9]{1,9}", count):
            raise _invalid(annotations, "keepalive-connections", "a number of at least 0")
        add("keepalive-connections", "keepAliveConnections", int(count))
    if "http-host-header" in text:
        add("http-host-header", "httpHostHeader", text["http-host-header"])
    if scheme == "https" and "origin-server-name" in text:
        add("origin-server-name", "originServerName", text["origin-server-name"])
    verify = text.get("proxy-ssl-verify")
    if verify is not None:
        if "no-tls-verify" in text:
            raise _invalid(annotations, "no-tls-verify", "either it or proxy-ssl-verify")
        _one_of(annotations, "proxy-ssl-verify", verify, {"on": True, "off": False})
    if scheme == "https" and "noTLSVerify" not in found:
        # The controller verifies no certificate unless it is to.
        add("proxy-ssl-verify", "noTLSVerify", verify != "on")
    if scheme != "https" and found.get("http2Origin", Option("", False)).value:
        raise _invalid(annotations, "http2-origin", "https as backend-protocol")
    return tuple(found.values())


def settings(annotations: InputObject) -> tuple[Option, ...]:
    """Further keys of every route of an Ingress."""
    name = f"{PREFIX}disable-dns-management"
    if name not in annotations:
        return ()
    disabled = _one_of(annotations, "disable-dns-management", annotations.text(name), {"true": True, "false": False})
    return (Option("dns", "none", annotations.at(name)),) if disabled else ()


def _one_of(annotations: InputObject, name: str, value: str, values: Mapping[str, bool]) -> bool:
    if value not in values:
        raise _invalid(annotations, name, " or ".join(values))
    return values[value]


def _invalid(annotations: InputObject, name: str, accepted: str) -> RefusedError:
    return RefusedError(f"the annotation {name} must be {accepted}", "correct it", annotations.at(f"{PREFIX}{name}"))

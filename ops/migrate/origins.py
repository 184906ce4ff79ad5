"""cloudflared's `originRequest`, as a route's `origin` has it.

Source: `config.OriginRequestConfig` of cloudflared, https://github.com/cloudflare/cloudflared/blob/master/config/configuration.go
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ops.migrate.conversion import Left

SAME = (
    "httpHostHeader",
    "originServerName",
    "matchSNItoHost",
    "disableChunkedEncoding",
    "http2Origin",
    "noHappyEyeballs",
    "keepAliveConnections",
)
DURATIONS = ("connectTimeout", "tlsTimeout", "tcpKeepAlive", "keepAliveTimeout")
CHOOSING = ("proxyType", "bastionMode", "ipRules", "proxyAddress", "proxyPort")
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
REASON = "Carried over as it was; say here why, or better give a caPool."


def seconds(value: Any) -> float | None:
    """A Go duration (`1m30s`), or a number of seconds; None for what is neither."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str) or not re.fullmatch(r"([0-9.]+(h|ms|m|us|µs|ns|s))+", value):
        return None
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([0-9.]+)(h|ms|m|us|µs|ns|s)", value))


def options(name: str, origin: Mapping[str, Any], left: list[Left]) -> dict[str, Any]:
    """The options of one rule, by path; what cannot be one is told to `left`."""
    return dict(_options(name, origin, left))


def _options(name: str, origin: Mapping[str, Any], left: list[Left]) -> Iterator[tuple[str, Any]]:
    for key, value in origin.items():
        if value in (None, False, "", [], {}, 0):
            continue
        if key in SAME:
            yield f"origin.{key}", value
        elif key in DURATIONS:
            length = seconds(value)
            if length is not None and length.is_integer():
                yield f"origin.{key}", int(length)
            else:
                left.append(Left(f"{name}, {key}", f"{value} is not in whole seconds", "give it in whole seconds"))
        elif key == "noTLSVerify":
            why = "nobody said why the origin's certificate is not verified"
            left.append(Left(f"{name}, {key}", why, "write the reason into the stack file, or give a caPool instead"))
            yield "origin.noTlsVerify", {"noTlsVerify": True, "reason": REASON}
        elif key == "caPool":
            why = f"{value} is a file beside the connector that was"
            do = "put it into a Secret or a ConfigMap, and name that as the route's origin.caPool"
            left.append(Left(f"{name}, {key}", why, do))
        elif key in CHOOSING and value not in ("127.0.0.1",):
            why = "with it the visitor may choose the destination, so no network policy can fence it"
            left.append(Left(f"{name}, {key}", why, "make a route for each destination that visitors need"))
        elif key == "access":
            why = "who may pass is said of the stack's own application"
            left.append(
                Left(f"{name}, {key}", why, "say who may pass where the stack file takes it, or in the dashboard")
            )
        elif key not in CHOOSING:
            left.append(Left(f"{name}, {key}", "there is no such option here", "see what it did; leave it out"))

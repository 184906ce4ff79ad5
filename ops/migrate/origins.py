"""Options of cloudflared's `originRequest`, converted to those of a route's `origin`.

Source: `config.OriginRequestConfig` of cloudflared, https://github.com/cloudflare/cloudflared/blob/master/config/configuration.go
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ops.migrate.existing_setup import SkippedItem
from ops.migrate.input_object import NOWHERE, Place

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
CLIENT_CHOOSES = ("proxyType", "bastionMode", "ipRules", "proxyAddress", "proxyPort")
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = r"([0-9]{1,20}(?:[.][0-9]*)?|[.][0-9]+)(h|ms|m|us|µs|ns|s)"
REASON = "Migrated as is; state the reason here, or better set a caPool."


def seconds(value: Any) -> float | None:
    """A Go duration (`1m30s`) or a number of seconds, in seconds; None if it is neither."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str) or not re.fullmatch(rf"({_PART})+", value):
        return None
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(_PART, value))


def options(name: str, origin: Mapping[str, Any], skipped: list[SkippedItem], place: Place = NOWHERE) -> dict[str, Any]:
    """The options of one rule, by path. Those that have no equivalent are added to `skipped`."""
    return dict(_options(name, origin, skipped, place))


def _options(
    name: str, origin: Mapping[str, Any], skipped: list[SkippedItem], place: Place
) -> Iterator[tuple[str, Any]]:
    def skip(key: str, reason: str, remedy: str) -> None:
        skipped.append(SkippedItem(f"{name}, {key}", reason, remedy, place))

    for key, value in origin.items():
        if value in (None, False, "", [], {}, 0):
            continue
        if key in SAME:
            yield f"origin.{key}", value
        elif key in DURATIONS:
            duration = seconds(value)
            if duration is not None and duration.is_integer():
                yield f"origin.{key}", int(duration)
            else:
                skip(key, f"{value} is not a whole number of seconds", "round it to whole seconds")
        elif key == "noTLSVerify":
            reason = "the file does not say why the origin's certificate is not verified"
            skip(key, reason, "write the reason into the stack file, or set a caPool instead")
            yield "origin.noTlsVerify", {"noTlsVerify": True, "reason": REASON}
        elif key == "caPool":
            reason = f"{value} is a file on the machine of the old connector"
            skip(key, reason, "copy it to a Secret or a ConfigMap, and set that as the route's origin.caPool")
        elif key in CLIENT_CHOOSES and value not in ("127.0.0.1",):
            reason = "it lets the client choose the destination, which no network policy can restrict"
            skip(key, reason, "add a route for each destination that is needed")
        elif key == "access":
            reason = "the audience tags are those of another Access application"
            skip(key, reason, "declare who has access under `access` of the route, or in the dashboard")
        elif key not in CLIENT_CHOOSES:
            skip(key, "culvert has no such option", "check what it does; leave it out if it is not needed")

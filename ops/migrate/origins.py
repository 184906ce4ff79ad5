"""Options of cloudflared's `originRequest` by themselves: what each means, and how a stack file states it.

Source: `config.OriginRequestConfig` of cloudflared, and how `ingress/config.go` and `ingress/origin_service.go` use it:
https://github.com/cloudflare/cloudflared
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from ops.migrate import placeholders
from ops.migrate.existing_setup import Values
from ops.migrate.input_object import Option, shown
from settings import SettingIssue, Settings, SettingsError

SWITCHES = {key: key for key in ("matchSNItoHost", "disableChunkedEncoding", "http2Origin", "noHappyEyeballs")} | {
    "noTLSVerify": "noTlsVerify"
}
TEXTS = ("httpHostHeader", "originServerName")
DURATIONS = ("connectTimeout", "tlsTimeout", "tcpKeepAlive", "keepAliveTimeout")
CONNECTIONS = "keepAliveConnections"
UNUSED = {"proxyAddress": "127.0.0.1", "proxyPort": 0}
"""Keys that cloudflared reads and no longer uses, with their defaults."""
KEYS = (*SWITCHES, *TEXTS, *DURATIONS, CONNECTIONS, *UNUSED, "bastionMode", "proxyType", "ipRules", "caPool", "access")
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_PART = r"([0-9]{1,20}(?:[.][0-9]*)?|[.][0-9]+)(h|ms|m|us|µs|μs|ns|s)"
_WORDS = {
    word: word[0] in "yY" or word in ("on", "On", "ON")
    for text in ("y yes on", "n no off")
    for word in text.split()
    for word in (word, word.capitalize(), word.upper())
}
"""What cloudflared's YAML library reads as a switch besides true and false, with or without quotes."""
REASON = "Migrated as is; state the reason here, or better set a caPool."
_IGNORED = "leave it out"


@dataclass(frozen=True)
class Reading:
    """What an option comes to: `values` are keys of a route's `origin`, empty where it states cloudflared's default or
    where it cannot be migrated. `problem` says what changes or has no effect, with its `remedy`. `name` is the key of
    `origin` that decides which services the option applies to, empty where it applies to all."""

    values: Values = field(default_factory=dict)
    problem: str = ""
    remedy: str = ""
    name: str = ""


def seconds(value: Any) -> float | None:
    """A Go duration (`1m30s`) in seconds; None if it is none."""
    match = re.fullmatch(rf"([-+]?)((?:{_PART})+|0)", value) if isinstance(value, str) else None
    if match is None:
        return None
    found = sum(float(number) * UNITS[unit] for number, unit in re.findall(_PART, match[2]))
    return -found if match[1] == "-" else found


def read(option: Option, *, own: bool, from_api: bool = False) -> Reading:
    """Reads an option. `own` says that it is a rule's, not the tunnel's; `from_api` that it is as the API has it, where
    durations are whole seconds and switches are JSON's."""
    key, value = option.key, option.value
    if isinstance(value, str) and (found := placeholders.placeholder(value)):
        return Reading({}, f"{found} is a placeholder", placeholders.REMEDY)
    if key in SWITCHES:
        return _switch(key, value, from_api)
    if key in TEXTS:
        # An unquoted number is text to cloudflared.
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        return _valid({key: text} if text else {}, key) if isinstance(text, str) else _refused("a string", key)
    if key in DURATIONS:
        return _duration(key, value, from_api)
    if key == CONNECTIONS:
        return _connections(value)
    if key == "caPool":
        reason = "it is a file beside the old connector"
        return _noted(
            value, reason, "copy it to a Secret or a ConfigMap, and set that as the route's origin.caPool", key
        )
    return _without_equivalent(key, value, own)


def switch(value: Any) -> bool | None:
    """A switch as cloudflared reads it in YAML; None if it is none."""
    return value if isinstance(value, bool) else _WORDS.get(value) if isinstance(value, str) else None


def _switch(key: str, value: Any, from_api: bool) -> Reading:
    on = value if from_api and isinstance(value, bool) else None if from_api else switch(value)
    if on is None:
        return _refused("true or false", SWITCHES[key])
    if key == "noTLSVerify" and on:
        reason = "the input does not say why the origin's certificate is not verified"
        remedy = "write the reason into the stack file, or set a caPool instead"
        return Reading({"noTlsVerify": True, "reason": REASON}, reason, remedy, "noTlsVerify")
    return Reading({SWITCHES[key]: True} if on else {}, name=SWITCHES[key])


def _duration(key: str, value: Any, from_api: bool) -> Reading:
    if from_api:
        duration = float(value) if isinstance(value, int) and not isinstance(value, bool) else None
    else:
        duration = seconds(value)
    if duration is None:
        return _refused("whole seconds" if from_api else "a duration with its unit, such as 30s", key)
    if duration == 0:
        meaning = "no keep-alive of its own" if key == "tcpKeepAlive" else "no limit"
        return Reading({}, f"0 means {meaning} to cloudflared, which a stack does not offer", "set whole seconds", key)
    if not duration.is_integer():
        return Reading({}, "it is not a whole number of seconds", "round it to whole seconds", key)
    return _valid({key: int(duration)}, key)


def _connections(value: Any) -> Reading:
    if not isinstance(value, int) or isinstance(value, bool):
        return _refused("a whole number", CONNECTIONS)
    if value < 0:
        return Reading({"balance": True}, name="balance")
    if value == 0:
        reason = "0 means two idle connections a host to cloudflared, without a limit in all"
        return Reading({}, reason, "set a number from 1, or balance: true for none", CONNECTIONS)
    return _valid({CONNECTIONS: value}, CONNECTIONS)


def _without_equivalent(key: str, value: Any, own: bool) -> Reading:
    if key in UNUSED:
        reason = "cloudflared reads this key and does not use it"
        return Reading() if value in (UNUSED[key], "") else Reading({}, reason, _IGNORED)
    if key in ("bastionMode", "proxyType"):
        return Reading()  # Decides what the rule's service is.
    if key == "ipRules":
        return _noted(value, "cloudflared uses it for socks-proxy alone", _IGNORED)
    if key == "access":
        if not isinstance(value, Mapping) or not value.get("required"):
            return Reading()
        if not own:
            reason = "cloudflared ignores it here: it verifies JWTs for a rule's own access alone"
            return Reading({}, reason, "declare who has access under `access` of each route")
        reason = "the connector verified the JWTs of an Access application that this stack does not have"
        return Reading({}, reason, "declare who has access under `access` of the route, or in the dashboard")
    alike = {known.lower(): known for known in KEYS}
    near = get_close_matches(key.lower(), alike, 1, 0.75)
    meant = f", or correct it to {alike[near[0]]}" if near else ", or correct it if it is misspelled"
    return Reading({}, "cloudflared does not know this key and ignores it", f"{_IGNORED}{meant}")


def _noted(value: Any, problem: str, remedy: str, name: str = "") -> Reading:
    return Reading({}, problem, remedy, name) if value else Reading(name=name)


def _refused(wanted: str, name: str) -> Reading:
    """An option with which cloudflared does not start."""
    return Reading({}, f"cloudflared does not accept it: it must be {wanted}", "correct it", name)


def _valid(values: Values, name: str) -> Reading:
    issue = _issue(json.dumps(values, sort_keys=True)) if values else None
    if issue is None:
        return Reading(values, name=name)
    return Reading(
        {}, issue.problem.removeprefix(f"{shown(next(iter(values.values())))} "), f"use {issue.accepted}", name
    )


@lru_cache(4096)
def _issue(values: str) -> SettingIssue | None:
    """What is wrong with options of a route to an HTTPS service, to which all apply."""
    route = {"hostname": "example.com", "service": "https://192.0.2.1", "origin": json.loads(values)}
    try:
        Settings.parse({"accountId": "0" * 32, "zones": {"example.com": None}, "routes": [route]})
    except SettingsError as error:
        return error.issues[0]
    return None

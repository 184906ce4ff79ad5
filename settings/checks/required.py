"""Checks of keys that are required only where another is absent: routes and zones."""

from collections.abc import Iterator
from typing import Any

from settings.checks.partial import PartialSettings
from settings.errors import MISSING, PREFIX, SettingIssue
from settings.schema import Accepts


def routes_missing(partial: PartialSettings, routes: Accepts) -> Iterator[SettingIssue]:
    """Neither routes nor private networks: the tunnel would lead nowhere. `routes` is what the key accepts."""
    if partial.get("privateNetworks") is None:
        yield from _absent(partial, "routes", ([], ()), f"{routes.accepted}, or privateNetworks", routes.source)


def zones_missing(partial: PartialSettings, zones: Accepts) -> Iterator[SettingIssue]:
    """Routes, but no zone that their hostnames could be in. `zones` is what the key accepts."""
    if partial.get("routes") or partial.get("privateNetworks") is None:
        yield from _absent(partial, "zones", ({},), zones.accepted, zones.source)


def _absent(
    partial: PartialSettings, key: str, empty: tuple[Any, ...], accepted: str, source: str
) -> Iterator[SettingIssue]:
    value = partial.get(key)
    if value is None:
        yield SettingIssue.of(PREFIX + key, MISSING, "", accepted, source)
    elif value in empty:
        yield SettingIssue.of(PREFIX + key, value, "must not be empty", accepted, source)

"""Settings to start from: good ones, and the change that a test makes to them."""

from typing import Any

import pytest

from settings import Settings, SettingsError
from settings.errors import SettingIssue

ACCOUNT = "0123456789abcdef0123456789abcdef"
ZONE = "89abcdef0123456789abcdef01234567"
TOKEN = "eyJhIjogImFjY291bnQiLCAidCI6ICJ0dW5uZWwiLCAicyI6ICJzZWNyZXQifQ=="  # noqa: S105
"""The form of a connector's token, with words for its parts."""


def the_mistake(given: dict[str, Any]) -> SettingIssue:
    """The one mistake in these settings, for which they must be refused, its source told with it."""
    with pytest.raises(SettingsError, match="1 mistake in the settings") as refusal:
        Settings.parse(given)
    (mistake,) = refusal.value.mistakes
    assert mistake.source in str(refusal.value)
    return mistake


def a_route(**changes: Any) -> dict[str, Any]:
    """A good route; a change to None leaves the key out."""
    return _changed({"hostname": "blog.example.com", "service": "http://blog"}, changes)


def a_backend(**changes: Any) -> dict[str, Any]:
    """A good route to a backend."""
    return {"hostname": "api.example.com", "backend": _changed({"service": "api", "port": 80}, changes)}


def values(*routes: Any, **changes: Any) -> dict[str, Any]:
    """Good settings with these routes, or with a good one; a change to None leaves the key out."""
    good = {"accountId": ACCOUNT, "zones": {"example.com": ZONE}, "namespace": "web"}
    return _changed({**good, "routes": list(routes) or [a_route()]}, changes)


def connector(**options: Any) -> dict[str, Any]:
    """Good settings with these options of the connector."""
    return values(connector=options)


def monitoring(**options: Any) -> dict[str, Any]:
    return values(networkPolicy={"metricsFrom": "monitoring"}, monitoring=options)


def variable(**parts: Any) -> dict[str, Any]:
    return connector(extraEnv=[parts])


def volume(**changes: Any) -> dict[str, Any]:
    good = {"name": "origin-ca", "mountPath": "/etc/origin-ca", "secret": {"secretName": "origin-ca"}}
    return connector(extraVolumes=[_changed(good, changes)])


def _changed(good: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**good, **changes}.items() if value is not None}

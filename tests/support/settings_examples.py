"""Valid settings for tests, and changes to them."""

import re
from collections.abc import Callable
from typing import Any, ParamSpec

import pytest

from settings import Settings, SettingsError
from settings.errors import SettingIssue
from tests.support.snapshot import assert_message_matches

P = ParamSpec("P")
ACCOUNT = "0123456789abcdef0123456789abcdef"
ZONE = "89abcdef0123456789abcdef01234567"
TOKEN = "eyJhIjogImFjY291bnQiLCAidCI6ICJ0dW5uZWwiLCAicyI6ICJzZWNyZXQifQ=="  # noqa: S105
"""Has the form of a connector token, with words in place of its parts."""


def rejection(read: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> SettingsError:
    """The error of settings that `read` must reject, each issue with the message and the source of its snapshot."""
    with pytest.raises(SettingsError, match=r"mistakes? in the settings") as error:
        read(*args, **kwargs)
    for issue in error.value.issues:
        # Certificates are generated anew for each run.
        assert_message_matches(re.sub(r"MII[\w+/\\]*", "MII", issue.message), issue.source)
    return error.value


def only_issue(config: dict[str, Any]) -> SettingIssue:
    """The only issue of these settings, which must be rejected."""
    error = rejection(Settings.parse, config)
    (issue,) = error.issues
    assert issue.source in str(error)
    return issue


Case = tuple[dict[str, Any], str, str]
"""Settings with one mistake, its key, and words of the message."""


def assert_rejected(case: Case) -> None:
    """Asserts that the settings have this one mistake, and that its message has every part."""
    config, key, words = case
    issue = only_issue(config)
    assert issue.key == f"culvert:{key}".removesuffix(".")
    assert words in issue.message
    assert issue.message.startswith(issue.key)
    assert issue.accepted
    assert issue.accepted in issue.message
    assert issue.source.startswith("https://")


def a_route(**changes: Any) -> dict[str, Any]:
    """A valid route; a change to None removes the key."""
    return _changed({"hostname": "blog.example.com", "service": "http://blog"}, changes)


def a_backend(**changes: Any) -> dict[str, Any]:
    """A valid route to a backend."""
    return {"hostname": "api.example.com", "backend": _changed({"service": "api", "port": 80}, changes)}


def values(*routes: Any, **changes: Any) -> dict[str, Any]:
    """Valid settings with these routes, or with a valid one; a change to None removes the key."""
    valid = {"accountId": ACCOUNT, "zones": {"example.com": ZONE}, "namespace": "web"}
    return _changed({**valid, "routes": list(routes) or [a_route()]}, changes)


def connector(**options: Any) -> dict[str, Any]:
    """Valid settings with these options of the connector."""
    return values(connector=options)


def monitoring(**options: Any) -> dict[str, Any]:
    return values(networkPolicy={"metricsFrom": "monitoring"}, monitoring=options)


def variable(**parts: Any) -> dict[str, Any]:
    return connector(extraEnv=[parts])


def volume(**changes: Any) -> dict[str, Any]:
    valid = {"name": "origin-ca", "mountPath": "/etc/origin-ca", "secret": {"secretName": "origin-ca"}}
    return connector(extraVolumes=[_changed(valid, changes)])


def _changed(valid: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**valid, **changes}.items() if value is not None}

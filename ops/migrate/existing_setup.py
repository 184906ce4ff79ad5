"""An existing setup: what the input files contain, with the keys of a stack file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from settings import SettingIssue
from settings.plain_text import shortened

Values = dict[str, Any]


@dataclass(frozen=True)
class SkippedItem:
    """An item that was not migrated as is, with the reason and what to do about it."""

    item: str
    reason: str
    remedy: str

    @classmethod
    def rejected(cls, item: str, issue: SettingIssue) -> "SkippedItem":
        """An item that is not valid in a stack file."""
        return cls(item, issue.problem, f"use {issue.accepted}")

    def __str__(self) -> str:
        item, reason, remedy = (shortened(text, 600) for text in (self.item, self.reason, self.remedy))
        return f"{item}: {reason}\n  What to do: {remedy}"


@dataclass(frozen=True)
class CandidateRoute:
    """A route of the existing setup, with the keys of a stack file.

    `options` are further keys that may not all be valid, by their path (`origin.connectTimeout`).
    """

    route: Values
    options: Values = field(default_factory=dict)

    @property
    def name(self) -> str:
        path = self.route.get("path") or {}
        return f"{self.route['hostname']} {path.get('regex', '')}".strip()


@dataclass
class ExistingSetup:
    """Everything that the input files contain. `options` are by path too (`connector.protocol`)."""

    account_id: str | None = None
    zones: dict[str, str | None] = field(default_factory=dict)
    routes: list[CandidateRoute] = field(default_factory=list)
    options: Values = field(default_factory=dict)
    skipped: list[SkippedItem] = field(default_factory=list)


def with_value(values: Mapping[str, Any], path: str, value: Any) -> Values:
    """A copy with one more key. An option that needs a `reason` is given as several keys at once, in a mapping."""
    key, _, rest = path.partition(".")
    inner = values.get(key) or {}
    if rest:
        return {**values, key: with_value(inner, rest, value)}
    if isinstance(inner, list):
        return {**values, key: [*inner, *value]}
    return {**values, **value} if isinstance(value, dict) and key in value else {**values, key: value}

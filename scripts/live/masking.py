"""What a report may show: no secret, no id, no name of an account, a zone or a person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w.-]+")
_ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b(?:/\d+)?")
_SAFE = frozenset({"page", "per_page", "is_deleted", "order", "direction", "match", "status", "cascade", "type"})
"""Query parameters whose values say nothing about an account."""


@dataclass(frozen=True)
class Mask:
    """Masks the texts of one run."""

    account: str
    zone_id: str
    zone: str
    run: str
    secrets: frozenset[str] = frozenset()
    """Secret values that the run has met."""
    hidden: Mapping[str, str] = field(default_factory=dict[str, str])
    """Other names that identify the account, the cluster or a person, with the placeholder of each. They are masked as
    whole words: a team's name may be a common one."""

    def path(self, path: str) -> str:
        """A path with its query. Placeholders stand for ids and values."""
        parts = urlsplit(path)
        query = "&".join(
            f"{key}={value if key in _SAFE else '{value}'}"
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
        )
        return self.text(parts.path) + (f"?{query}" if query else "")

    def text(self, text: str) -> str:
        """A message of the API or of a command."""
        for secret in self.secrets:
            text = text.replace(secret, "{secret}")
        # The longest first: the cluster's name may have the team's in it.
        for value, placeholder in sorted(self.hidden.items(), key=lambda each: -len(each[0])):
            pattern = rf"(?<![A-Za-z0-9_-]){re.escape(value)}(?![A-Za-z0-9_-])"
            text = re.sub(pattern, placeholder, text, flags=re.IGNORECASE) if value else text
        text = _EMAIL.sub("{email}", text)
        for value, placeholder in ((self.account, "{account}"), (self.zone_id, "{zone}"), (self.run, "{run}")):
            text = text.replace(value, placeholder)
        text = re.sub(re.escape(self.zone), "{zone name}", text, flags=re.IGNORECASE)
        return _ADDRESS.sub("{address}", _ID.sub("{id}", text))

"""One mistake in the settings, and all of them together."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic_core import PydanticCustomError

PREFIX = "culvert:"
REDACTED = "[hidden]"
MISSING: Any = object()
"""Stands for a value that is not there, where null would be one."""


@dataclass(frozen=True)
class SettingIssue:
    """What is wrong with one setting.

    `key` is written as in a stack file, with its path (`culvert:routes[1].hostname`); `value` is what stands there, fit
    for JSON, None where nothing does; `accepted` is what would do; `source` is the address of the page or the file that
    the rule comes from; `message` says key, value and accepted in one sentence.
    """

    key: str
    value: Any
    accepted: str
    source: str
    message: str

    @classmethod
    def of(cls, key: str, value: object, why: str, accepted: str, source: str) -> "SettingIssue":
        """Word the sentence; a connector's token is never repeated."""
        if value is MISSING:
            why = f": {why}" if why else ""
            return cls(key, None, accepted, source, f"{key} is missing{why}; accepted: {accepted}.")
        value = _masked(value)
        return cls(key, value, accepted, source, f"{key} is {truncate(value)}: {why}; accepted: {accepted}.")


class SettingsError(Exception):
    """Settings that cannot be used, with every mistake found in them."""

    def __init__(self, mistakes: Sequence[SettingIssue]) -> None:
        self.mistakes = list(mistakes)
        count = "1 mistake" if len(self.mistakes) == 1 else f"{len(self.mistakes)} mistakes"
        lines = [f"{count} in the settings; nothing was done."]
        for number, mistake in enumerate(self.mistakes, 1):
            lines += [f"{number}. {mistake.message}", f"   See {mistake.source}"]
        super().__init__("\n".join(lines))


def reject(why: str, accepted: str, source: str, **more: Any) -> NoReturn:
    """Refuse the value that a validator was given.

    `value` says what to show in its place, `up` how many steps above it the key to name stands.
    """
    raise PydanticCustomError("refused", "{why}", {"why": why, "accepted": accepted, "source": source, **more})


def is_connector_token(text: str) -> bool:
    """Whether a text is a connector's token: base64 of a JSON object with account, tunnel and secret."""
    text = text.strip()
    try:
        content = json.loads(base64.b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return False
    return isinstance(content, dict) and {"a", "t", "s"} <= set(content)


def _masked(value: object) -> Any:
    if isinstance(value, dict):
        return {str(key): _masked(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner) for inner in value]
    if isinstance(value, str):
        return REDACTED if is_connector_token(value) else value
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def truncate(value: object) -> str:
    """A value as a message shows it."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}..."

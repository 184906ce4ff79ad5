"""Issues in the settings, and the error that carries all of them."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic_core import PydanticCustomError

from settings.plain_text import escaped, shortened

PREFIX = "culvert:"
REDACTED = "[hidden]"
REJECTED = "rejected"
"""Type of the errors that `reject` raises."""
SHOWN = 15
"""Issues in the text of an error; the others are counted."""
MISSING: Any = object()
"""Sentinel for an absent value; None means YAML null."""


@dataclass(frozen=True)
class SettingIssue:
    """What is wrong with one setting.

    `key` is the path as in a stack file (`culvert:routes[1].hostname`); `value` is the value found, fit for JSON, None
    where the key is absent, and of a long one the beginning of its JSON; `problem` says what is wrong with it;
    `accepted` says which values are accepted; `source` is the URL of the page or file that the rule comes from;
    `location` is the line in the stack file (`Pulumi.dev.yaml:14`), empty where it is not known; `excerpt` has the
    lines of the file that the message does not tell otherwise, with their numbers.
    """

    key: str
    value: Any
    problem: str
    accepted: str
    source: str
    location: str = ""
    excerpt: tuple[str, ...] = ()

    @classmethod
    def of(cls, key: str, value: object, problem: str, accepted: str, source: str) -> "SettingIssue":
        """The issue of a value, or of an absent key where `value` is MISSING.

        `problem` continues a sentence that begins with the value ("is not a hostname"); for an absent key it is the
        reason why the key is required, or empty. A connector token in the value is redacted.
        """
        if value is MISSING:
            return cls(key, None, f"is missing: {problem}" if problem else "is missing", accepted, source)
        value = _redacted(value)
        text = json.dumps(value, ensure_ascii=False)
        found = value if len(text) <= 1000 else shortened(text, 1000)
        return cls(key, found, f"{shortened(text, 120)} {problem}", accepted, source)

    @property
    def message(self) -> str:
        """Key, location, value, problem and accepted values, in one or two sentences, fit for a terminal."""
        key = shortened(self.key, 200)
        where = f"{key} ({self.location})" if self.location else key
        subject = where if self.problem.startswith("is ") else f"{where}:"
        stated = any(f"must {verb} {self.accepted}" in self.problem for verb in ("be", "have"))
        accepted = "" if stated else f" Accepted: {shortened(self.accepted, 800)}."
        # A line break is from a value: a message is one line.
        return escaped(f"{subject} {shortened(self.problem, 800)}.{accepted}").replace("\n", "\\n")

    @property
    def text(self) -> str:
        """The message, and the lines of the file below it."""
        return "\n   ".join((self.message, *self.excerpt))


class SettingsError(Exception):
    """Settings that cannot be used, with every issue found in them. In a program, see `settings.program`."""

    def __init__(self, issues: Sequence[SettingIssue]) -> None:
        self.issues = list(issues)
        count = "1 mistake" if len(self.issues) == 1 else f"{len(self.issues)} mistakes"
        lines = [f"{count} in the settings; nothing was changed."]
        for number, issue in enumerate(self.issues[:SHOWN], 1):
            lines += [f"{number}. {issue.text}", f"   See {issue.source}"]
        if len(self.issues) > SHOWN:
            lines.append(f"... and {len(self.issues) - SHOWN} more, not shown")
        super().__init__("\n".join(lines))


def reject(problem: str, accepted: str | None = None, source: str | None = None, **more: Any) -> NoReturn:
    """Reject the value that a validator checks.

    `accepted` and `source` default to those of the value's type. `value` replaces the value shown; with `up`, the
    issue is about the key that many levels above.
    """
    context = {"problem": problem, "accepted": accepted, "source": source, **more}
    raise PydanticCustomError(REJECTED, "{problem}", context)


def require_one(given: dict[str, Any], source: str | None = None, **more: Any) -> None:
    """Reject a choice of which not exactly one is given. `given` has each key with its value, None where absent."""
    present = [key for key, value in given.items() if value is not None]
    if len(present) != 1:
        *others, last = given
        found = " and ".join(present) or "none of them"
        accepted = f"exactly one of {', '.join(others)} and {last}"
        reject(f"must have {accepted}, but has {found}", accepted, source, **more)


def repeated(values: Iterable[str]) -> list[str]:
    """The values that occur more than once, in the order of their first occurrence."""
    return [value for value, count in Counter(values).items() if count > 1]


def is_connector_token(text: str) -> bool:
    """Whether a string is a connector token: base64 of a JSON object with account, tunnel and secret."""
    text = text.strip()
    try:
        content = json.loads(base64.b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and {"a", "t", "s"} <= set(content)


def _redacted(value: object) -> Any:
    if isinstance(value, dict):
        return {str(key): _redacted(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(inner) for inner in value]
    if isinstance(value, str):
        return REDACTED if is_connector_token(value) else value
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def truncate(value: object) -> str:
    """A value as JSON, at most 120 characters."""
    return shortened(json.dumps(value, ensure_ascii=False), 120)

"""A route's path: how it is written, and the expression that is sent."""

import re
from functools import cached_property
from itertools import takewhile
from typing import Any

import re2
from pydantic import field_validator, model_validator

from settings import references
from settings.errors import reject
from settings.schema import Options, setting

QUIET = re2.Options()
QUIET.log_errors = False
LITERAL = "a path that begins with / and has no query, fragment or percent-escape, such as /v1"
EXPRESSION = "a regular expression in RE2 syntax, without lookaround and backreferences"


class PathOptions(Options):
    """Which paths of a hostname a route takes. Paths are compared decoded, without the query, and by case."""

    prefix: str | None = setting(
        "Takes this path and everything below it, by whole segments: /v1 takes /v1 and /v1/users but not /v10.",
        LITERAL,
        references.CONNECTOR_RULES,
        examples=["/v1"],
        default=None,
    )
    exact: str | None = setting(
        "Takes this path alone.", LITERAL, references.CONNECTOR_RULES, examples=["/healthz"], default=None
    )
    regex: str | None = setting(
        "Takes the paths in which this expression is found: anywhere, unless it begins with ^. Go's dialect of RE2.",
        EXPRESSION,
        references.RE2_SYNTAX,
        examples=["^/images/.*[.]png$"],
        default=None,
    )

    @field_validator("prefix", "exact")
    @classmethod
    def _literal(cls, path: str | None) -> str | None:
        if path is None:
            return path
        if not path.startswith("/"):
            reject("every path begins with /", LITERAL, references.CONNECTOR_RULES)
        if re.search(r"[?#\x00-\x1f]", path):
            reject("the connector compares paths without query and fragment", LITERAL, references.CONNECTOR_RULES)
        if re.search(r"%[0-9A-Fa-f]{2}", path):
            reject("the connector compares paths decoded", LITERAL, references.CONNECTOR_RULES)
        return path

    @field_validator("regex")
    @classmethod
    def _expression(cls, text: str | None) -> str | None:
        if text is None:
            return text
        if not text:
            reject("it is empty", EXPRESSION, references.RE2_SYNTAX)
        try:
            re2.compile(text, QUIET)
        except re2.error as error:
            reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            reject(f"it is no RE2 expression ({reason})", EXPRESSION, references.RE2_SYNTAX)
        if re.search(r"(?<!\\)(\\\\)*\\C", text):
            reject("Go's dialect of RE2 has no \\C", EXPRESSION, references.GO_SYNTAX)
        if not beginning(text).startswith("/"):
            reject("every path begins with /, so it never matches", EXPRESSION, references.CONNECTOR_RULES)
        return text

    @model_validator(mode="after")
    def _one(self) -> "PathOptions":
        if sum(part is not None for part in (self.prefix, self.exact, self.regex)) != 1:
            reject("a path is one of the three", "exactly one of prefix, exact and regex", references.CONNECTOR_RULES)
        return self

    @cached_property
    def pattern(self) -> str | None:
        """The expression that is sent; None where every path is taken."""
        if self.exact is not None:
            return f"^{quoted(self.exact)}$"
        if self.prefix is not None:
            stem = self.prefix.rstrip("/")
            return f"^{quoted(stem)}(/|$)" if stem else None
        return self.regex

    @cached_property
    def literal(self) -> str:
        """What every path taken begins with."""
        if self.regex is not None:
            return beginning(self.regex)
        return self.exact or (self.prefix or "").rstrip("/") or "/"

    @property
    def shown(self) -> str:
        """The path as part of a URL: the prefix or the exact path, nothing for an expression."""
        return self.exact or (self.prefix or "").rstrip("/")

    @cached_property
    def parts(self) -> tuple[tuple[str, bool], ...]:
        """Single paths, and beginnings that stand (True) for every path with them, which hold all paths taken."""
        if self.exact is not None:
            return ((self.exact, False),)
        if self.prefix is not None and self.pattern is not None:
            return ((self.literal, False), (f"{self.literal}/", True))
        return ((self.literal, self.regex is None or not matches_one(self.regex)),)

    def takes(self, text: str, all_beyond: bool) -> bool:
        """Whether an expression certainly takes a path, or every path that begins with it; False also where that cannot be told."""
        compiled = self._opening if all_beyond else self._compiled
        return compiled is not None and compiled.search(text) is not None

    @cached_property
    def _compiled(self) -> Any:
        return re2.compile(self.pattern or "", QUIET)

    @cached_property
    def _opening(self) -> Any:
        # An expression no wider than this one which, where it matches a text, matches everything that begins with it.
        text = re.sub(r"(?<!\\)\.\*\$$", "", self.regex or "")
        return None if re.search(r"\$|\\[zbBQ]", text) else re2.compile(text, QUIET)


def quoted(path: str) -> str:
    """A path as an expression that matches it alone, escaping what Go's `regexp.QuoteMeta` does."""
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", path)


def beginning(regex: str) -> str:
    """What every path that an expression matches begins with: "/" where nothing more is sure."""
    if not regex.startswith("^") or _alternates(regex):
        return "/"
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(*_range(regex), strict=False))
    return bytes(byte for byte, _ in shared).decode(errors="ignore") or "/"


def matches_one(regex: str) -> bool:
    """Whether an expression certainly matches one path alone, as ^/v1$ does."""
    low, high = _range(regex)
    return low == high and re.search(r"^\^.*[^\\]\$$", regex) is not None and not _alternates(regex)


def _range(regex: str) -> tuple[bytes, bytes]:
    # Everything between these two, as an expression bound at its front matches it, cut off at 256 bytes.
    return re2.compile(regex, QUIET).possiblematchrange(256)


def _alternates(regex: str) -> bool:
    """Whether an expression has alternatives outside every group, so that a ^ at its front binds the first alone."""
    bare = re.sub(r"\\Q.*?(\\E|$)|\\.|\[\^?\]?([^\]\\]|\\.)*\]", "", regex)
    while (inner := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = inner
    return "|" in bare

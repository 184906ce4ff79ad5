"""A route's path: how it is written, and the expression the connector gets."""

import re
from functools import cached_property
from os.path import commonprefix

import re2
from pydantic import field_validator, model_validator

from settings import sources
from settings.fields import Options, setting
from settings.mistakes import refuse

QUIET = re2.Options()
QUIET.log_errors = False
LITERAL = "a path that begins with / and has no query, fragment or percent-escape, such as /v1"


class PathOptions(Options):
    """Which paths of a hostname a route takes: exactly one of prefix, exact and regex. Paths are compared decoded and without the query."""

    prefix: str | None = setting(
        "Takes this path and everything below it, by whole segments: /v1 takes /v1 and /v1/users but not /v10.",
        LITERAL,
        sources.CONNECTOR_RULES,
        examples=["/v1"],
        default=None,
    )
    exact: str | None = setting(
        "Takes this path alone.", LITERAL, sources.CONNECTOR_RULES, examples=["/healthz"], default=None
    )
    regex: str | None = setting(
        "A Go (RE2) regular expression, as the connector has it: it matches anywhere in the path unless it begins with ^.",
        "a regular expression in RE2 syntax, without lookaround and backreferences",
        sources.RE2_SYNTAX,
        examples=["^/images/.*[.]png$"],
        default=None,
    )

    @field_validator("prefix", "exact")
    @classmethod
    def _literal(cls, path: str | None) -> str | None:
        if path is None:
            return path
        if not path.startswith("/"):
            refuse("a path begins with /", LITERAL, sources.CONNECTOR_RULES)
        if re.search(r"[?#\x00-\x1f]", path):
            refuse("the connector compares paths without query and fragment", LITERAL, sources.CONNECTOR_RULES)
        if re.search(r"%[0-9A-Fa-f]{2}", path):
            refuse("the connector compares paths decoded", LITERAL, sources.CONNECTOR_RULES)
        return path

    @field_validator("regex")
    @classmethod
    def _expression(cls, text: str | None) -> str | None:
        if text is None:
            return text
        accepted = "a regular expression in RE2 syntax, without lookaround and backreferences"
        try:
            re2.compile(text, QUIET)
        except re2.error as error:
            reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            refuse(f"it is no RE2 expression ({reason})", accepted, sources.RE2_SYNTAX)
        if re.search(r"(?<!\\)(\\\\)*\\C", text):
            refuse("Go's dialect of RE2 has no \\C", accepted, "https://pkg.go.dev/regexp/syntax")
        return text

    @model_validator(mode="after")
    def _one(self) -> "PathOptions":
        if sum(part is not None for part in (self.prefix, self.exact, self.regex)) != 1:
            refuse("a path is one of the three", "exactly one of prefix, exact and regex", sources.CONNECTOR_RULES)
        return self

    @cached_property
    def pattern(self) -> str | None:
        """The expression sent, None where every path is taken."""
        if self.exact is not None:
            return f"^{re.escape(self.exact)}$"
        if self.prefix is not None:
            stem = self.prefix.rstrip("/")
            return f"^{re.escape(stem)}(/|$)" if stem else None
        return self.regex or None

    @cached_property
    def literal(self) -> str:
        """What every path taken begins with."""
        if self.exact is not None:
            return self.exact
        if self.prefix is not None:
            return self.prefix.rstrip("/") or "/"
        return beginning(self.regex or "")

    @property
    def shown(self) -> str:
        """The path as part of a URL: prefix or exact path, nothing for an expression."""
        return self.exact or (self.prefix or "").rstrip("/")

    def takes_every(self, other: "PathOptions | None") -> bool:
        """Whether every path that `other` takes is certainly taken by this one. False where it cannot be decided."""
        if self.pattern is None or (other is not None and other.pattern == self.pattern):
            return True
        if other is not None and other.exact is not None:
            return re2.search(self.pattern, other.exact) is not None
        opening = self._opening
        return opening is not None and re2.search(opening, other.literal if other else "/") is not None

    @property
    def _opening(self) -> str | None:
        """An expression that, once it matches a path, matches everything that begins with it; it takes no more than this path does."""
        if self.prefix is not None:
            return f"^{re.escape(self.prefix.rstrip('/'))}/"
        if self.regex is None:
            return None
        text = re.sub(r"(?<!\\)\.\*\$$", "", self.regex)
        return None if re.search(r"\$|\\[zbB]", text) else text


def beginning(regex: str) -> str:
    """What every path an expression matches begins with, "/" at least: an unanchored expression promises no more."""
    if not regex.startswith("^") or _alternates(regex):
        return "/"
    try:
        low, high = re2.compile(regex, QUIET).possiblematchrange(256)
    except re2.error:
        return "/"
    return commonprefix([low.decode(errors="ignore"), high.decode(errors="ignore")]) or "/"


def _alternates(regex: str) -> bool:
    """Whether an expression has alternatives outside every group."""
    bare = re.sub(r"\\Q.*?(\\E|$)|\\.|\[\^?\]?([^\]\\]|\\.)*\]", "", regex)
    while (inner := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = inner
    return "|" in bare

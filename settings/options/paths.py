"""The path of a route, and the expression sent for it."""

import re
from functools import cached_property
from itertools import takewhile
from typing import Annotated, Any
from urllib.parse import unquote

import re2
from pydantic import AfterValidator, model_validator

from settings import references
from settings.errors import reject, require_one
from settings.schema import Accepts, Example, Options

_PLACEHOLDERS = re.compile(r"(\*{1,2}|\{[^{}/]*\}|<[^<>/]*>|(?<=/):[A-Za-z_][A-Za-z0-9_]*(?=/|$))")
"""Globs and placeholders of other tools: `*`, `**`, `{id}`, `<id>` and `:id`."""
_PATTERNS = re.compile(rf"{_PLACEHOLDERS.pattern}|[|^\\]|\$$")
QUIET = re2.Options()
QUIET.log_errors = False


def _literal_path(path: str) -> str:
    if not path.startswith("/"):
        # nginx writes ~ before an expression.
        expression = re.fullmatch(r"~\*? *(.*)|(\^.*)", path)
        text = (expression[1] or expression[2]) if expression else ""
        reject("must begin with /", f"{{regex: {text}}} for a regular expression" if text else None)
    if re.search(r"[?#\x00-\x1f]", path):
        bare = re.split(r"[?#\x00-\x1f]", path)[0]
        reject("must not have a query or a fragment: the connector compares paths without them", bare)
    if re.search(r"%[0-9A-Fa-f]{2}", path):
        reject("must not have percent-escapes: the connector compares decoded paths", unquote(path))
    if pattern := _PATTERNS.search(path):
        stem = re.sub(r"/\*{1,2}$", "", path)
        accepted = f"{{regex: '{_as_expression(path)}'}}"
        if stem != path and not _PATTERNS.search(stem):
            accepted = f"{{prefix: {stem or '/'}}} for everything below, or {accepted}"
        reject(f"is compared character by character, so {pattern[0]} does not stand for other paths", accepted)
    return path


def _as_expression(path: str) -> str:
    """The expression that a path with placeholders or globs most likely stands for."""
    parts = [
        ("[^/]+" if part[0] in "{<:" else ".*" if len(part) > 1 else "[^/]*") if number % 2 else escape(part)
        for number, part in enumerate(_PLACEHOLDERS.split(path))
    ]
    return f"^{''.join(parts)}$"


def _expression(text: str) -> str:
    if not text:
        reject("must not be empty")
    try:
        re2.compile(text, QUIET)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        reject(f"is not a valid RE2 expression ({reason})")
    if re.search(r"(?<!\\)(\\\\)*\\C", text):
        reject("must not have \\C, which Go's variant of RE2 does not support", source=references.GO_SYNTAX)
    if not common_prefix(text).startswith("/"):
        reject("never matches, since every path begins with /", source=references.CONNECTOR_RULES)
    return text


LiteralPath = Annotated[
    str,
    AfterValidator(_literal_path),
    Accepts("a path that begins with / and has no query, fragment or percent-escape, such as /v1"),
]
PathExpression = Annotated[
    str,
    AfterValidator(_expression),
    Accepts("a regular expression in RE2 syntax, without lookaround and backreferences", references.RE2_SYNTAX),
]


class PathOptions(Options):
    """The paths of a hostname that a route matches. The connector compares them decoded, without the query, and
    case-sensitively."""

    SOURCE = references.CONNECTOR_RULES

    prefix: Annotated[LiteralPath | None, Example("/v1")] = None
    """Matches this path and everything below it, by whole segments: /v1 matches /v1 and /v1/users but not /v10."""
    exact: Annotated[LiteralPath | None, Example("/healthz")] = None
    """Matches this path alone."""
    regex: Annotated[PathExpression | None, Example("^/images/.*[.]png$")] = None
    """Matches the paths in which this expression is found: anywhere, unless it begins with ^. Go's variant of RE2."""

    @model_validator(mode="after")
    def _one_kind(self) -> "PathOptions":
        require_one({"prefix": self.prefix, "exact": self.exact, "regex": self.regex})
        return self

    @cached_property
    def pattern(self) -> str | None:
        """The expression that is sent; None where every path matches."""
        if self.exact is not None:
            return f"^{escape(self.exact)}$"
        if self.prefix is not None:
            stem = self.prefix.rstrip("/")
            return f"^{escape(stem)}(/|$)" if stem else None
        return self.regex

    @cached_property
    def literal(self) -> str:
        """The common prefix of every path that matches."""
        if self.regex is not None:
            return common_prefix(self.regex)
        return self.exact or (self.prefix or "").rstrip("/") or "/"

    @property
    def shown(self) -> str:
        """The path as part of a URL: the prefix or the exact path, empty for an expression."""
        return self.exact or (self.prefix or "").rstrip("/")

    @cached_property
    def parts(self) -> tuple[tuple[str, bool], ...]:
        """Paths and prefixes (True) that together contain all paths that match."""
        if self.exact is not None:
            return ((self.exact, False),)
        if self.prefix is not None and self.pattern is not None:
            return ((self.literal, False), (f"{self.literal}/", True))
        return ((self.literal, self.regex is None or not matches_one(self.regex)),)

    def takes(self, text: str, all_beyond: bool) -> bool:
        """Whether an expression certainly matches a path, or every path with that prefix; also False where unknown."""
        compiled = self._prefix_expression if all_beyond else self._compiled
        return compiled is not None and compiled.search(text) is not None

    @cached_property
    def _compiled(self) -> Any:
        return re2.compile(self.pattern or "", QUIET)

    @cached_property
    def _prefix_expression(self) -> Any:
        # An expression no wider than this one that, where it matches a text, matches everything with that prefix.
        text = re.sub(r"(?<!\\)\.\*\$$", "", self.regex or "")
        return None if re.search(r"\$|\\[zbBQ]", text) else re2.compile(text, QUIET)


def escape(path: str) -> str:
    """A path as an expression that matches it alone, escaped as by Go's `regexp.QuoteMeta`."""
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", path)


def common_prefix(regex: str) -> str:
    """The common prefix of every path that an expression matches: "/" where nothing more is certain."""
    if not regex.startswith("^") or _alternates(regex):
        return "/"
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(*_match_range(regex), strict=False))
    return bytes(byte for byte, _ in shared).decode(errors="ignore") or "/"


def matches_one(regex: str) -> bool:
    """Whether an expression certainly matches one path alone, as ^/v1$ does."""
    low, high = _match_range(regex)
    return low == high and re.search(r"^\^.*[^\\]\$$", regex) is not None and not _alternates(regex)


def _match_range(regex: str) -> tuple[bytes, bytes]:
    # Bounds of every text that an expression anchored at its beginning matches, cut off at 256 bytes.
    return re2.compile(regex, QUIET).possiblematchrange(256)


def _alternates(regex: str) -> bool:
    """Whether an expression has alternatives outside every group, so that a leading ^ only anchors the first."""
    bare = re.sub(r"\\Q.*?(\\E|$)|\\.|\[\^?\]?([^\]\\]|\\.)*\]", "", regex)
    while (inner := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = inner
    return "|" in bare

"""Rule expressions, evaluated for one visit: the part of Cloudflare's Rules language that guards of hostnames are made of.

https://developers.cloudflare.com/ruleset-engine/rules-language/. The API has parsed an expression before it is kept
(with Cloudflare's own parser, which does not evaluate), so what is here is read loosely. What an answer hangs on and
nobody here can know (a field, a function, a list) makes it None: neither true nor false.
"""

import contextlib
import functools
import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any

import re2

from sandbox.edge.visitor_request import Visit

Test = Callable[[Visit], bool | None]
Value = Callable[[Visit], Any]

FIELDS: dict[str, Value] = {
    "http.host": lambda visit: visit.host,
    "http.request.method": lambda visit: visit.method.decode("latin-1"),
    "http.request.uri": lambda visit: visit.target.decode("latin-1"),
    "http.request.uri.path": lambda visit: visit.path,
    "http.request.uri.query": lambda visit: visit.query,
    "http.request.full_uri": lambda visit: f"http{'s' * visit.secure}://{visit.host}{visit.target.decode('latin-1')}",
    "http.user_agent": lambda visit: visit.header(b"user-agent"),
    "http.referer": lambda visit: visit.header(b"referer"),
    "http.cookie": lambda visit: visit.header(b"cookie"),
    "ip.src": lambda visit: _address(visit.address),
    "ip.src.country": lambda visit: visit.country,
    "ip.geoip.country": lambda visit: visit.country,
    "ssl": lambda visit: visit.secure,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "lower": str.lower,
    "upper": str.upper,
    "len": lambda text: len(text.encode()),
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(("eq", "=="), operator.eq),
    **dict.fromkeys(("ne", "!="), operator.ne),
    **dict.fromkeys(("lt", "<"), operator.lt),
    **dict.fromkeys(("le", "<="), operator.le),
    **dict.fromkeys(("gt", ">"), operator.gt),
    **dict.fromkeys(("ge", ">="), operator.ge),
    **dict.fromkeys(("matches", "~"), lambda text, pattern: bool(re2.search(pattern, text))),
    "contains": lambda text, part: part in text,
    "wildcard": lambda text, pattern: bool(_wildcard(pattern, re.IGNORECASE).fullmatch(text)),
    "strict": lambda text, pattern: bool(_wildcard(pattern, re.NOFLAG).fullmatch(text)),
    "in": lambda value, members: any(_within(value, *member) for member in members),
}
CHAINS = (("or", "||"), ("xor", "^^"), ("and", "&&"))
"""From the loosest to the tightest."""

_TOKEN = re.compile(
    r"""\s*(?: r(?P<fence>\#*)"(?P<raw>.*?)"(?P=fence) | "(?P<text>(?:\\.|[^"\\])*)"
    | (?P<ip>[0-9a-fA-F]*:[0-9a-fA-F:.]*(?:/\d+)?|\d+\.\d+\.\d+\.\d+(?:/\d+)?) | (?P<number>-?\d+)
    | (?P<word>\$?[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*|\.\.|&&|\|\||\^\^|==|!=|<=|>=|\S) )""",
    re.VERBOSE | re.DOTALL,
)


@functools.lru_cache(maxsize=256)
def compiled(text: str) -> Test:
    """What an expression says of a visit. One that cannot be read here at all says None of every visit."""
    try:
        parser = _Parser(text)
        test = parser.chain(0)
        return test if parser.word() is None else _unknown
    except (IndexError, ValueError, TypeError):
        return _unknown


def _unknown(_visit: Visit) -> None:
    return None


class _Parser:
    """One expression, read from left to right by recursive descent."""

    def __init__(self, text: str) -> None:
        self.tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup]
        self.at = 0

    def word(self) -> str | None:
        """The word that comes next, None at the end and before a literal."""
        return self.tokens[self.at]["word"] if self.at < len(self.tokens) else None

    def take(self, *words: str) -> bool:
        """Steps over the next word where it is one of these."""
        found = self.word() in words
        self.at += found
        return found

    def chain(self, level: int) -> Test:
        if level == len(CHAINS):
            return self.one()
        parts = [self.chain(level + 1)]
        while self.take(*CHAINS[level]):
            parts.append(self.chain(level + 1))
        return parts[0] if len(parts) == 1 else functools.partial(_JOINED[level], parts)

    def one(self) -> Test:
        if self.take("not", "!"):
            inner = self.one()
            return lambda visit: None if (said := inner(visit)) is None else not said
        if self.take("("):
            inner = self.chain(0)
            if not self.take(")"):
                raise ValueError
            return inner
        left = self.value()
        word = self.word()
        if word not in COMPARISONS:
            return lambda visit: None if (said := left(visit)) is None else bool(said)
        self.at += 1
        if word == "strict":
            self.take("wildcard")
        compare, right = COMPARISONS[word], self.members() if word == "in" else self.literal()
        return lambda visit: None if right is None or (said := left(visit)) is None else compare(said, right)

    def value(self) -> Value:
        """A field, or a function of some."""
        name = self.word() or ""
        self.at += 1
        if not self.take("("):
            if self.word() == "[":
                raise ValueError  # into a map or an array: headers, arguments, cookies
            return FIELDS.get(name, _unknown)
        arguments: list[Value] = []
        while not self.take(")"):
            if self.tokens[self.at]["word"]:
                arguments.append(self.value())
            else:
                arguments.append(functools.partial(_constant, self.literal()))
            self.take(",")
        function = FUNCTIONS.get(name)

        def call(visit: Visit) -> Any:
            values = [argument(visit) for argument in arguments]
            return None if function is None or None in values else function(*values)

        return call

    def members(self) -> list[tuple[Any, Any]] | None:
        """What stands between braces, each as first and last; None for a list kept elsewhere."""
        if not self.take("{"):
            self.at += 1
            return None
        found = []
        while not self.take("}"):
            first = self.literal()
            found.append((first, self.literal() if self.take("..") else first))
        return found

    def literal(self) -> Any:
        token = self.tokens[self.at]
        self.at += 1
        if token["ip"]:
            kind = ipaddress.ip_network if "/" in token["ip"] else ipaddress.ip_address
            return kind(token["ip"])
        if token["number"]:
            return int(token["number"])
        if token["word"]:
            raise ValueError
        return token["raw"] if token["raw"] is not None else _unescaped(token["text"])


def _or(parts: list[Test], visit: Visit) -> bool | None:
    said = [part(visit) for part in parts]
    return True if True in said else None if None in said else False


def _and(parts: list[Test], visit: Visit) -> bool | None:
    said = [part(visit) for part in parts]
    return False if False in said else None if None in said else True


def _xor(parts: list[Test], visit: Visit) -> bool | None:
    said = [part(visit) for part in parts]
    return None if None in said else said.count(True) % 2 == 1


_JOINED = (_or, _xor, _and)


def _within(value: Any, first: Any, last: Any) -> bool:
    if isinstance(first, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return value in first
    same = not hasattr(value, "version") or value.version == first.version
    return same and first <= value <= last


def _constant(value: Any, _visit: Visit) -> Any:
    return value


def _address(text: str) -> Any:
    # Visitors say here where they come from, and may say anything.
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(text)
    return None


def _unescaped(text: str) -> str:
    return re.sub(r'\\(?:x([0-9a-fA-F]{2})|(["\\]))', lambda m: m[2] or chr(int(m[1], 16)), text)


@functools.lru_cache(maxsize=256)
def _wildcard(pattern: str, flags: re.RegexFlag) -> re.Pattern[str]:
    """`*` stands for anything; with a backslash before, for itself."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", pattern)
    made = (".*" if part == "*" else re.escape(part[-1] if part in (r"\*", r"\\") else part) for part in parts)
    return re.compile("".join(made), flags | re.DOTALL)

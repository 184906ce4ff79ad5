"""An evaluator for the part of Cloudflare's Rules language that WAF rules of hostnames use.

https://developers.cloudflare.com/ruleset-engine/rules-language/

The API has validated each expression with Cloudflare's own parser, which does not evaluate, so this parser is lenient.
An expression that depends on an unknown field, function or list evaluates to None: neither true nor false.
"""

import contextlib
import functools
import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any

import re2

from sandbox.edge.visitor_request import VisitorRequest

Predicate = Callable[[VisitorRequest], bool | None]
Operand = Callable[[VisitorRequest], Any]

FIELDS: dict[str, Operand] = {
    "http.host": lambda request: request.host,
    "http.request.method": lambda request: request.method.decode("latin-1"),
    "http.request.uri": lambda request: request.target.decode("latin-1"),
    "http.request.uri.path": lambda request: request.path,
    "http.request.uri.query": lambda request: request.query,
    "http.request.full_uri": lambda request: (
        f"http{'s' * request.secure}://{request.host}{request.target.decode('latin-1')}"
    ),
    "http.user_agent": lambda request: request.header(b"user-agent"),
    "http.referer": lambda request: request.header(b"referer"),
    "http.cookie": lambda request: request.header(b"cookie"),
    "ip.src": lambda request: _ip_address(request.address),
    "ip.src.country": lambda request: request.country,
    "ip.geoip.country": lambda request: request.country,
    "ssl": lambda request: request.secure,
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
    "in": lambda value, members: any(_in_range(value, *member) for member in members),
}
LOGICAL_OPERATORS = (("or", "||"), ("xor", "^^"), ("and", "&&"))
"""By precedence, the lowest first."""

_TOKEN = re.compile(
    r"""\s*(?: r(?P<hashes>\#*)"(?P<raw>.*?)"(?P=hashes) | "(?P<text>(?:\\.|[^"\\])*)"
    | (?P<ip>[0-9a-fA-F]*:[0-9a-fA-F:.]*(?:/\d+)?|\d+\.\d+\.\d+\.\d+(?:/\d+)?) | (?P<number>-?\d+)
    | (?P<word>\$?[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*|\.\.|&&|\|\||\^\^|==|!=|<=|>=|\S) )""",
    re.VERBOSE | re.DOTALL,
)


@functools.lru_cache(maxsize=256)
def compile_expression(text: str) -> Predicate:
    """The expression as a predicate. One that this parser cannot parse evaluates to None for every request."""
    try:
        parser = _Parser(text)
        predicate = parser.expression(0)
        return predicate if parser.word() is None else _unknown
    except (IndexError, ValueError, TypeError):
        return _unknown


def _unknown(_request: VisitorRequest) -> None:
    return None


class _Parser:
    """A recursive-descent parser of one expression."""

    def __init__(self, text: str) -> None:
        self.tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup]
        self.position = 0

    def word(self) -> str | None:
        """The next token where it is a word or an operator; None at the end and before a literal."""
        return self.tokens[self.position]["word"] if self.position < len(self.tokens) else None

    def accept(self, *words: str) -> bool:
        """Consumes the next token where it is one of these words."""
        accepted = self.word() in words
        self.position += accepted
        return accepted

    def expression(self, level: int) -> Predicate:
        """A chain of the logical operators from this level of precedence on."""
        if level == len(LOGICAL_OPERATORS):
            return self.comparison()
        operands = [self.expression(level + 1)]
        while self.accept(*LOGICAL_OPERATORS[level]):
            operands.append(self.expression(level + 1))
        return operands[0] if len(operands) == 1 else functools.partial(_CONNECTIVES[level], operands)

    def comparison(self) -> Predicate:
        """A comparison, a boolean field, a negation or an expression in parentheses."""
        if self.accept("not", "!"):
            inner = self.comparison()
            return lambda request: None if (value := inner(request)) is None else not value
        if self.accept("("):
            inner = self.expression(0)
            if not self.accept(")"):
                raise ValueError
            return inner
        left = self.operand()
        word = self.word()
        if word not in COMPARISONS:
            return lambda request: None if (value := left(request)) is None else bool(value)
        self.position += 1
        if word == "strict":
            self.accept("wildcard")
        compare, right = COMPARISONS[word], self.members() if word == "in" else self.literal()
        return lambda request: None if right is None or (value := left(request)) is None else compare(value, right)

    def operand(self) -> Operand:
        """A field, or a function call."""
        name = self.word() or ""
        self.position += 1
        if not self.accept("("):
            if self.word() == "[":
                raise ValueError  # an index into a map or an array: headers, arguments, cookies
            return FIELDS.get(name, _unknown)
        arguments: list[Operand] = []
        while not self.accept(")"):
            if self.tokens[self.position]["word"]:
                arguments.append(self.operand())
            else:
                arguments.append(functools.partial(_constant, self.literal()))
            self.accept(",")
        function = FUNCTIONS.get(name)

        def call(request: VisitorRequest) -> Any:
            values = [argument(request) for argument in arguments]
            return None if function is None or None in values else function(*values)

        return call

    def members(self) -> list[tuple[Any, Any]] | None:
        """The set in braces, each member as first and last value of a range; None for a named list."""
        if not self.accept("{"):
            self.position += 1
            return None
        members = []
        while not self.accept("}"):
            first = self.literal()
            members.append((first, self.literal() if self.accept("..") else first))
        return members

    def literal(self) -> Any:
        token = self.tokens[self.position]
        self.position += 1
        if token["ip"]:
            parse = ipaddress.ip_network if "/" in token["ip"] else ipaddress.ip_address
            return parse(token["ip"])
        if token["number"]:
            return int(token["number"])
        if token["word"]:
            raise ValueError
        return token["raw"] if token["raw"] is not None else _unescape(token["text"])


def _or(operands: list[Predicate], request: VisitorRequest) -> bool | None:
    values = [operand(request) for operand in operands]
    return True if True in values else None if None in values else False


def _and(operands: list[Predicate], request: VisitorRequest) -> bool | None:
    values = [operand(request) for operand in operands]
    return False if False in values else None if None in values else True


def _xor(operands: list[Predicate], request: VisitorRequest) -> bool | None:
    values = [operand(request) for operand in operands]
    return None if None in values else values.count(True) % 2 == 1


_CONNECTIVES = (_or, _xor, _and)
"""In the order of `LOGICAL_OPERATORS`."""


def _in_range(value: Any, first: Any, last: Any) -> bool:
    if isinstance(first, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return value in first
    comparable = not hasattr(value, "version") or value.version == first.version
    return comparable and first <= value <= last


def _constant(value: Any, _request: VisitorRequest) -> Any:
    return value


def _ip_address(text: str) -> Any:
    # It comes from a header of the visitor's, which may hold anything.
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(text)
    return None


def _unescape(text: str) -> str:
    return re.sub(r'\\(?:x([0-9a-fA-F]{2})|(["\\]))', lambda m: m[2] or chr(int(m[1], 16)), text)


@functools.lru_cache(maxsize=256)
def _wildcard(pattern: str, flags: re.RegexFlag) -> re.Pattern[str]:
    """`*` matches any characters; with a backslash before it, an asterisk."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", pattern)
    translated = (".*" if part == "*" else re.escape(part[-1] if part in (r"\*", r"\\") else part) for part in parts)
    return re.compile("".join(translated), flags | re.DOTALL)

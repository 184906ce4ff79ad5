"""Plain scalars of YAML as the engine reads them.

PyYAML reads YAML 1.1 and the engine's library (gopkg.in/yaml.v3) mostly 1.2: to the engine yes is a string, 0o17 a
number, 1:30 a string. Source: https://github.com/go-yaml/yaml/blob/v3/resolve.go
"""

import math
import re

from yaml.resolver import BaseResolver

CORE = "tag:yaml.org,2002:"
STRING, MERGE = f"{CORE}str", f"{CORE}merge"
NUMBER, DATE = "!number", "!date"
"""Tags of plain scalars that look like one; `number` and the date's constructor decide."""
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TIME = r"[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"


class Resolver(BaseResolver):
    """Types of plain scalars as the engine has them: yes is a string, 0o17 a number, 1:30 a string."""


for _tag, _pattern, _first in (
    (f"{CORE}bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    (f"{CORE}null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    (MERGE, "<<", "<"),
    (
        DATE,
        r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
        r"(?:[Tt]" + _TIME + r"(?:Z|[-+][0-9]{2}:[0-9]{2})| +" + _TIME + r")?",
        "0123456789",
    ),
    (
        NUMBER,
        r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9_]+)?)"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    Resolver.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), list(_first))


def number(text: str) -> int | float | str:
    """A plain scalar as the engine resolves it: 017 is 15, 1e3 and 08 are floats, what has too many digits is text."""
    plain = text.replace("_", "")
    if plain.lower().lstrip("+-") in (".inf", ".nan"):
        return math.inf
    if whole := _INTEGER.fullmatch(plain):
        sign, *digits = whole.groups()
        base, digit = next((base, each) for base, each in zip((16, 2, 8, 10), digits, strict=True) if each)
        if len(digit) <= 70 and -(2**63) <= (value := int(f"{sign}{digit}", base)) < 2**64:
            return value
    if _FLOAT.fullmatch(plain) and math.isfinite(value := float(plain)):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return text

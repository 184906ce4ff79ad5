"""Mutations of texts and of values, decided by a random generator with a seed."""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

TOKENS = (
    *(
        "2026-13-45",
        "2026-01-02",
        "!!int x",
        "!!timestamp x",
        "!!python/object:os.system {}",
        "!!binary é",
        "!t ",
        "0x",
    ),
    *("9" * 5000, "1:30:59", ".nan", "-.inf", "1e999", "&a [*a]", "*a", "<<: *a", "<<: [1]", "{[a]: b}", "? [a]\n: b"),
    *(
        '"\\ud800"',
        '"\\U00110000"',
        '"\\x1b[2J"',
        "\u202e",
        "\x00",
        "\x7f",
        "\x85",
        "%YAML 3.0\n---\n",
        "---\n",
        "...\n",
    ),
    *(
        "[" * 200,
        "{a: " * 200,
        "- " * 200,
        "'",
        '"',
        "|",
        ">-",
        "#",
        "\t",
        "\r\n",
        "@",
        "`",
        "secure: x",
        "null",
        "~",
        "",
    ),
    *(
        '"{\\"a\\": ' + "[" * 3000 + '"',
        "culvert:",
        "yes",
        "!!set {a, b}",
        "=",
        "\U0001d51e",
        "\u2177.example.com",
        "xn--a",
        "*.*",
        "a" * 300,
    ),
)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        2**63,
        2**70,
        1e308,
        0.5,
        "",
        "a",
        "x" * 100_000,
        "\x1b[31m\u202e",
        "\n" * 100,
        "é",
        "*",
    ),
    *([], {}, [[]], [None], [1, "a"], {"": ""}, {"a": {"b": {}}}, ["x"] * 1000, {"secure": "v1:x"}, {"\x1b": "\x00"}),
    *(
        "http://[::1",
        "http://a:b",
        "unix:",
        "../../x",
        "%s%n",
        "{0}",
        "(a+)+$",
        "^(((((((((a",
        "0.0.0.0/0",
        "::ffff:1.2.3.4",
    ),
)


def mutated_text(text: str, random: Random) -> bytes:
    """The text with one to four mutations, mostly still UTF-8."""
    for _ in range(random.randint(1, 4)):
        text = random.choice(_OF_TEXT)(text, random)
    data = text.encode("utf-8", "surrogatepass")
    if random.random() < 0.05:
        position = random.randrange(len(data) + 1)
        data = data[:position] + bytes([random.randrange(256)]) + data[position:]
    return data


def mutated_value(value: Any, random: Random) -> Any:
    """A copy of a value of JSON with one to three of its parts replaced, removed, doubled or moved."""
    value = copy.deepcopy(value)
    for _ in range(random.randint(1, 3)):
        places = list(_places(value))
        if not places or random.random() < 0.02:
            return copy.deepcopy(random.choice(VALUES))
        parent, key = random.choice(places)
        match random.randrange(5):
            case 0 if isinstance(parent, dict):
                del parent[key]
            case 1 if isinstance(parent, list):
                parent.extend(copy.deepcopy(parent[key : key + 1]) * random.choice((1, 1, 50)))
            case 2 if isinstance(parent, dict):
                parent[random.choice((*TOKENS, "x"))[:200]] = parent.pop(key)
            case 3:
                other, place = random.choice(places)
                parent[key] = copy.deepcopy(other[place])
            case _:
                parent[key] = copy.deepcopy(random.choice(VALUES))
    return value


def mutated_reply(body: Any, random: Random) -> bytes:
    """A reply's body: mostly JSON of another shape, else no JSON at all."""
    match random.randrange(12):
        case 0:
            return b"<!doctype html><html><title>Sign in</title><form action=/login></form></html>"
        case 1:
            return random.choice((b"", b"[" * 100_000, b"{", b"NaN", b"null", b"\xff\xfe", b'"\\ud800"', b"[" * 900))
        case 2:
            return mutated_text(json.dumps(body), random)
    return json.dumps(mutated_value(body, random)).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every part of a value, as the object or list that it is in, and its key there."""
    found: list[tuple[Any, Any]] = []
    level = [value]
    while level and len(found) < 5000:
        each = level.pop()
        inner = each.items() if isinstance(each, dict) else enumerate(each) if isinstance(each, list) else ()
        for key, part in inner:
            found.append((each, key))
            level.append(part)
    return found


def _insert(text: str, random: Random) -> str:
    position = random.randrange(len(text) + 1)
    return text[:position] + random.choice(TOKENS) + text[position:]


def _replace_scalar(text: str, random: Random) -> str:
    lines = text.split("\n")
    number = random.randrange(len(lines))
    before, colon, _ = lines[number].partition(": ")
    lines[number] = f"{before}{colon or ': '}{random.choice(TOKENS)}"
    return "\n".join(lines)


def _cut(text: str, random: Random) -> str:
    start = random.randrange(len(text) + 1)
    return text[:start] + text[start + random.choice((1, 5, 50, len(text))) :]


def _double(text: str, random: Random) -> str:
    start = random.randrange(len(text) + 1)
    piece = text[start : start + random.choice((1, 20, 200))]
    return text[:start] + piece * random.choice((2, 2, 30)) + text[start:]


def _swap_lines(text: str, random: Random) -> str:
    lines = text.split("\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def _indent(text: str, random: Random) -> str:
    lines = text.split("\n")
    number = random.randrange(len(lines))
    lines[number] = random.choice(("  ", "\t", " ")) + lines[number]
    return "\n".join(lines)


_OF_TEXT: tuple[Callable[[str, Random], str], ...] = (
    _insert,
    _replace_scalar,
    _replace_scalar,
    _cut,
    _double,
    _swap_lines,
    _indent,
)

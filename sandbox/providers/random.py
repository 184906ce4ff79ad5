"""The random plugin: RandomPassword, RandomString, RandomBytes and RandomId.

Semantics of terraform-provider-random as pulumi-random 4.21 bridges it: every change replaces, nothing is read back.
As with the official plugin, the id of a RandomBytes (and of a RandomString, a RandomId) is its value in plain text,
while the id of a RandomPassword is the word "none".
"""

import base64
import secrets
import string
from typing import Any

import bcrypt

from sandbox.providers.interface import Change, Diff, ProviderError, Request
from sandbox.providers.values import UNKNOWN, has_unknown, hide, plain

SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
CLASSES = {"minLower": "lower", "minUpper": "upper", "minNumeric": "numeric", "minSpecial": "special"}
TEXT_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("lower", "upper", "numeric", "number", "special"), True),
    **dict.fromkeys(CLASSES, 0),
}
TEXT_INPUTS = frozenset({"keepers", "length", "overrideSpecial", *TEXT_DEFAULTS})

INPUTS = {
    "random:index/randomPassword:RandomPassword": (TEXT_INPUTS, "length"),
    "random:index/randomString:RandomString": (TEXT_INPUTS, "length"),
    "random:index/randomBytes:RandomBytes": (frozenset({"keepers", "length"}), "length"),
    "random:index/randomId:RandomId": (frozenset({"keepers", "byteLength", "prefix"}), "byteLength"),
}
"""Type token → its inputs, and the required one."""

COMPUTED = {
    "random:index/randomPassword:RandomPassword": ("bcryptHash", "result"),
    "random:index/randomString:RandomString": ("result",),
    "random:index/randomBytes:RandomBytes": ("base64", "hex"),
    "random:index/randomId:RandomId": ("b64Std", "b64Url", "dec", "hex"),
}
SECRETS = frozenset({"bcryptHash", "result", "base64", "hex"})
NO_SECRETS = frozenset({"random:index/randomString:RandomString", "random:index/randomId:RandomId"})


class Random:
    """Generates values; stores none."""

    name = "random"

    def configure(self, config: dict[str, Any]) -> None:  # noqa: ARG002 - has no configuration
        return

    def check(self, request: Request) -> tuple[dict[str, Any], dict[str, str]]:
        if request.type not in INPUTS:
            raise ProviderError(
                f"resource type {request.type} is not supported by the stand-in; must be one of {', '.join(INPUTS)}"
            )
        known, required = INPUTS[request.type]
        news = request.news
        wrong = {
            name: f"unknown property {name}; must be one of {', '.join(sorted(known))}"
            for name in news
            if name not in known
        }
        length = plain(news.get(required))
        if length is None:
            wrong[required] = f"Missing required property {required!r}"
        elif length is not UNKNOWN:
            minimum = max(1, sum(news.get(name, 0) for name in CLASSES)) if not has_unknown(news) else 1
            if not isinstance(length, int) or length < minimum:
                wrong[required] = f"{required} must be a whole number of at least {minimum}, got: {length}"
        return news, wrong

    def diff(self, request: Request) -> Diff:
        planned = _planned(request.type, request.news)
        before = plain(request.outputs)
        names = INPUTS[request.type][0]
        changed = (name for name in sorted(names) if plain(planned.get(name)) != before.get(name))
        return Diff({name: Change("update", replace=True) for name in changed})

    def create(self, request: Request) -> tuple[str, dict[str, Any]]:
        planned = _planned(request.type, plain(request.news))
        if request.preview:
            id, generated = "", dict.fromkeys(COMPUTED[request.type], UNKNOWN)
        elif request.type.endswith("RandomBytes"):
            id, generated = _bytes(planned["length"])
        elif request.type.endswith("RandomId"):
            id, generated = _id(planned["byteLength"], planned.get("prefix", ""))
        elif request.type.endswith("RandomString"):
            id = _text(planned)
            generated = {"id": id, "result": id}
        else:
            text = _text(planned)
            # bcrypt accepts at most 72 bytes; the official plugin truncates as well.
            hashed = bcrypt.hashpw(text.encode()[:72], bcrypt.gensalt(rounds=10)).decode()
            id, generated = "none", {"id": "none", "result": text, "bcryptHash": hashed}
        secret = SECRETS if request.type not in NO_SECRETS else frozenset()
        return id, hide({**planned, **generated}, request.news, secret)

    def read(self, request: Request) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        if not request.outputs:
            raise ProviderError(f"{request.type}: the stand-in does not import random values")
        return request.id, request.outputs, request.inputs

    def update(self, request: Request) -> dict[str, Any]:
        raise ProviderError(f"{request.type} is never updated in place")

    def delete(self, request: Request) -> None:  # noqa: ARG002 - nothing is stored
        return

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - has no function
        raise ProviderError(f"the random plugin has no function {token}")


def _planned(type: str, news: dict[str, Any]) -> dict[str, Any]:
    """The inputs with defaults; `number` is the old name of `numeric`, and both always agree."""
    if "lower" not in INPUTS[type][0]:
        return dict(news)
    digits = news.get("numeric", news.get("number", True))
    return {**TEXT_DEFAULTS, **news, "numeric": digits, "number": digits}


def _bytes(length: int) -> tuple[str, dict[str, Any]]:
    value = secrets.token_bytes(length)
    encoded = base64.b64encode(value).decode()
    return encoded, {"base64": encoded, "hex": value.hex()}


def _id(length: int, prefix: str) -> tuple[str, dict[str, Any]]:
    value = secrets.token_bytes(length)
    plain_id = base64.urlsafe_b64encode(value).decode().rstrip("=")
    forms = {
        "b64Std": base64.b64encode(value).decode(),
        "b64Url": plain_id,
        "dec": str(int.from_bytes(value)),
        "hex": value.hex(),
    }
    return plain_id, {"id": plain_id, **{name: prefix + form for name, form in forms.items()}}


def _text(planned: dict[str, Any]) -> str:
    """The minimum of each class, filled up from all allowed classes, shuffled."""
    alphabets = {
        "lower": string.ascii_lowercase,
        "upper": string.ascii_uppercase,
        "numeric": string.digits,
        "special": planned.get("overrideSpecial") or SPECIAL,
    }
    characters = [secrets.choice(alphabets[kind]) for least, kind in CLASSES.items() for _ in range(planned[least])]
    allowed = "".join(alphabet for kind, alphabet in alphabets.items() if planned[kind])
    if not allowed:
        raise ProviderError("the character set is empty: allow at least one of lower, upper, numeric and special")
    characters += [secrets.choice(allowed) for _ in range(planned["length"] - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)

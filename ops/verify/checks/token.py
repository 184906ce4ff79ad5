"""The tunnel's token, looked for where everybody may read it."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from ops.verify.result import Check, Finding

TOKEN = Check("cluster", "token")
Object = dict[str, Any]

# Base64 of {"a":…, "t":…, "s":…} begins so whatever the order of its keys, and is longer than this.
_LIKE_ONE = re.compile(r"eyJ[A-Za-z0-9+/_-]{60,}={0,2}")


def is_hidden(objects: list[Object]) -> list[Finding]:
    """Whether no pod, nor any object that pods are made from, shows a connector's token; each place that does is named."""
    found = [(f"{each['kind']} {each['metadata']['name']}", place) for each in objects for place in _places(each)]
    if found:
        return [
            TOKEN.failed(
                about,
                f"a connector's token stands in {place}",
                visitor="nothing; but whoever may list pods can run a connector of this tunnel, and read its visitors' requests",
                cause="it was put there by hand or by another tool: culvert's pods mount it from a Secret, whoever writes that",
                remedy="take it out, then rotate it: raise token.epoch",
            )
            for about, place in found
        ]
    return [TOKEN.passed(f"{len(objects)} objects", "no pod, Deployment or ReplicaSet shows a token")]


def _places(value: Object) -> Iterator[str]:
    """Where in an object a token stands, never the token itself."""
    for path, text in _texts({key: value.get(key) for key in ("metadata", "spec")}, ""):
        if any(_is_token(match[0]) for match in _LIKE_ONE.finditer(text)):
            yield path


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path.removeprefix("."), value
    elif isinstance(value, dict):
        for key, inner in value.items():
            # A key may be a token as well: managedFields repeat keys, values they do not.
            if key != "managedFields":
                yield from _texts(inner, f"{path}.{key}" if len(str(key)) < 100 else f"{path}.…")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{number}]")


def _is_token(text: str) -> bool:
    text = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        read = json.loads(base64.b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        return False
    return isinstance(read, dict) and {"a", "t", "s"} <= set(read)

"""Check that no readable object of the cluster contains a connector token."""

import re
from collections.abc import Iterator
from typing import Any

from ops.verify.faults.cluster import TOKEN_READABLE
from ops.verify.result import Check, CheckResult
from settings.errors import is_connector_token

TOKEN = Check("cluster", "token")
Object = dict[str, Any]

# Base64 of {"a":…, "t":…, "s":…} begins like this in any order of its keys, and is longer.
_CANDIDATE = re.compile(r"eyJ[A-Za-z0-9+/_-]{60,}={0,2}")
_URL_SAFE = str.maketrans("-_", "+/")


def is_hidden(objects: list[Object]) -> list[CheckResult]:
    """Whether no pod, nor any object that pods are created from, contains a token. One result for each that does."""
    found = [(f"{one['kind']} {one['metadata']['name']}", path) for one in objects for path in _paths(one)]
    if found:
        return [
            TOKEN.finds(
                subject,
                f"a connector token is readable at {path}",
                TOKEN_READABLE,
                object=subject.lower().replace(" ", "/"),
            )
            for subject, path in found
        ]
    return [TOKEN.passed(f"{len(objects)} objects", "no pod, Deployment or ReplicaSet contains a token")]


def _paths(value: Object) -> Iterator[str]:
    """Paths in an object at which there is a token; never the token itself."""
    for path, text in _texts({key: value.get(key) for key in ("metadata", "spec")}, ""):
        if any(is_connector_token(match[0].translate(_URL_SAFE)) for match in _CANDIDATE.finditer(text)):
            yield path


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path.removeprefix("."), value
    elif isinstance(value, dict):
        for key, inner in value.items():
            # managedFields repeat keys and no values. A long key may be a token itself, so it is not shown.
            if key != "managedFields":
                yield from _texts(inner, f"{path}.{key}" if len(str(key)) < 100 else f"{path}.…")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{index}]")

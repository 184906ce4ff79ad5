"""The shape of a JSON value: its keys and the kinds of its values, without the values."""

import re
from collections.abc import Iterator
from typing import Any

from sandbox.cloudflare import ids

Shape = Any
"""A kind as text, a dict of shapes, or a list with the one shape of its items, or none."""

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_KEY = re.compile(r"[A-Za-z0-9_]{1,40}")


def shape(value: Any) -> Shape:
    """Keys that may be data, such as a hostname in place of a field's name, are not shown."""
    if isinstance(value, dict):
        return {key if _KEY.fullmatch(key) else "…": shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        items = [shape(item) for item in value]
        return [_merged(items)] if items else []
    return _kind(value)


def differences(real: Shape, emulated: Shape, at: str = "") -> Iterator[str]:
    """What differs, a line for each field: `result.name: string, missing in the emulator`.

    Null agrees with every kind, and an empty list with every list: either may be the other tomorrow.
    """
    if "null" in (real, emulated):
        return
    if isinstance(real, dict) and isinstance(emulated, dict):
        for key in sorted(real.keys() | emulated.keys()):
            inner = f"{at}.{key}" if at else key
            if key not in emulated:
                yield f"{inner}: {name(real[key])}, missing in the emulator"
            elif key not in real:
                yield f"{inner}: {name(emulated[key])} in the emulator, missing in the service"
            else:
                yield from differences(real[key], emulated[key], inner)
    elif isinstance(real, list) and isinstance(emulated, list):
        for one, other in zip(real, emulated, strict=False):
            yield from differences(one, other, f"{at}[]")
    elif real != emulated:
        yield f"{at + ': ' if at else ''}{name(real)}, {name(emulated)} in the emulator"


def name(found: Shape) -> str:
    return "object" if isinstance(found, dict) else "list" if isinstance(found, list) else found


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if ids.UUID.fullmatch(value):
        return "UUID"
    if ids.HEX_ID.fullmatch(value):
        return "id of 32 hex digits"
    return "time" if _TIME.fullmatch(value) else "string"


def _merged(shapes: list[Shape]) -> Shape:
    """The shape of all items of a list: their keys together, and the kind that is not null."""
    merged = shapes[0]
    for other in shapes[1:]:
        if isinstance(merged, dict) and isinstance(other, dict):
            both = {key: _merged([merged[key], other[key]]) for key in merged.keys() & other.keys()}
            merged = {**merged, **other, **both}
        elif merged in ("null", []):
            merged = other
    return merged

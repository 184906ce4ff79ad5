"""The properties of a resource: how each is checked, planned, sent and read back.

The rules are those of terraform-provider-cloudflare v5 (its `internal/apijson`) and of the plugin framework below it:
what the API computes is planned as unknown whenever anything changes, what was set and no longer is goes as null, and
a reply overwrites only what nobody configured. Values are property values (`UNKNOWN` included, secrets unwrapped); an
absent property is None.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.providers.values import UNKNOWN

REQUIRED, OPTIONAL, COMPUTED, EITHER = "required", "optional", "computed", "computed or optional"

TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "flag": (bool,),
    "object": (dict,),
    "map": (dict,),
    "list": (list,),
    "any": (object,),
    "time": (str,),
    "json": (str,),
}


@dataclass(frozen=True)
class Field:
    """One property. `api` is its name in the API, by default the snake_case one; `path` ones stand in the URL only."""

    kind: str = "text"
    mode: str = OPTIONAL
    api: str = ""
    path: bool = False
    default: Any = None
    replace: bool = False
    keep: bool = False
    """Planned as it was, although something else changes."""
    refresh: bool = True
    secret: bool = False
    one_of: tuple[str, ...] = ()
    fields: "Mapping[str, Field]" = field(default_factory=dict)
    """Of an object, or of each object in a list; empty where any content goes. The keys of a `map` are the user's."""

    def api_name(self, name: str) -> str:
        return self.api or snake(name)


Fields = Mapping[str, Field]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def mistakes(fields: Fields, inputs: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, str]]:
    """Property path and reason of everything that is not as the fields say; unknown values are taken for right."""
    for name in inputs:
        if name not in fields or fields[name].mode == COMPUTED:
            yield at + name, f"there is no such property here: {at + name} (there are {', '.join(_settable(fields))})"
    for name in _settable(fields):
        one, value, place = fields[name], inputs.get(name), at + name
        if value is UNKNOWN:
            continue
        if value is None:
            if one.mode == REQUIRED:
                yield place, f"Missing required property {place!r}"
        elif not isinstance(value, TYPES[one.kind]) or (one.kind == "number" and isinstance(value, bool)):
            yield place, f"expected {one.kind} for {place}, got {type(value).__name__}"
        elif one.one_of and str(value).lower() not in one.one_of:
            accepted = ", ".join(f'"{choice}"' for choice in one.one_of)
            yield place, f'{place} value must be one of: {accepted}, got: "{value}"'
        elif one.fields:
            items = value if isinstance(value, list) else [value]
            for number, item in enumerate(items):
                inner = f"{place}[{number}]" if isinstance(value, list) else place
                if isinstance(item, dict):
                    yield from mistakes(one.fields, item, f"{inner}.")
                elif item is not UNKNOWN:
                    yield inner, f"expected an object for {inner}, got {type(item).__name__}"


def _settable(fields: Fields) -> list[str]:
    return [name for name, one in fields.items() if one.mode != COMPUTED]


def same(one: Any, other: Any) -> bool:
    """Equality in which an absent property is a null one."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(same(one.get(name), other.get(name)) for name in {*one, *other})
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return one == other


def shaped(value: Any, like: Any) -> Any:
    """`value` cut down to the keys that `like` has, at any depth."""
    if isinstance(value, dict) and isinstance(like, dict):
        return {name: shaped(value[name], like[name]) for name in like if value.get(name) is not None}
    if isinstance(value, list) and isinstance(like, list) and len(value) == len(like):
        return [shaped(*pair) for pair in zip(value, like, strict=True)]
    return value


def compact(value: Any) -> Any:
    """Without what is null or was never answered, at any depth."""
    if isinstance(value, Mapping):
        return {name: compact(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [compact(item) for item in value]
    return value

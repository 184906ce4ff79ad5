"""Properties of a resource: how each is checked, planned, sent and read back.

The rules are those of terraform-provider-cloudflare v5 (its `internal/apijson`) and of the plugin framework below it:
what the API computes is unknown in a plan whenever anything changes, a property that is no longer set is sent as null,
and a reply overwrites only what is not configured. Values are property values (`UNKNOWN` included, secrets unwrapped);
an absent property is None.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.providers.values import UNKNOWN

REQUIRED, OPTIONAL, COMPUTED, OPTIONAL_COMPUTED = "required", "optional", "computed", "optional and computed"

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
    """One property. `api` is its name in the API, snake_case by default; a `path` property is part of the URL only."""

    kind: str = "text"
    mode: str = OPTIONAL
    api: str = ""
    path: bool = False
    default: Any = None
    replace: bool = False
    keep: bool = False
    """Keeps its value in a plan that changes something else."""
    refresh: bool = True
    secret: bool = False
    one_of: tuple[str, ...] = ()
    fields: "Mapping[str, Field]" = field(default_factory=dict)
    """Of an object, or of each object in a list; empty for arbitrary content. The keys of a `map` are the user's."""

    def api_name(self, name: str) -> str:
        return self.api or snake(name)


Fields = Mapping[str, Field]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def problems(fields: Fields, inputs: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, str]]:
    """Path and reason of each invalid property. Unknown values are considered valid."""
    for name in inputs:
        if name not in fields or fields[name].mode == COMPUTED:
            yield at + name, f"unknown property {at + name}; must be one of {', '.join(_settable(fields))}"
    for name in _settable(fields):
        field_, value, path = fields[name], inputs.get(name), at + name
        if value is UNKNOWN:
            continue
        if value is None:
            if field_.mode == REQUIRED:
                yield path, f"Missing required property {path!r}"
        elif not isinstance(value, TYPES[field_.kind]) or (field_.kind == "number" and isinstance(value, bool)):
            yield path, f"expected {field_.kind} for {path}, got {type(value).__name__}"
        elif field_.one_of and str(value).lower() not in field_.one_of:
            accepted = ", ".join(f'"{choice}"' for choice in field_.one_of)
            yield path, f'{path} value must be one of: {accepted}, got: "{value}"'
        elif field_.fields:
            items = value if isinstance(value, list) else [value]
            for index, item in enumerate(items):
                inner = f"{path}[{index}]" if isinstance(value, list) else path
                if isinstance(item, dict):
                    yield from problems(field_.fields, item, f"{inner}.")
                elif item is not UNKNOWN:
                    yield inner, f"expected an object for {inner}, got {type(item).__name__}"


def _settable(fields: Fields) -> list[str]:
    return [name for name, field_ in fields.items() if field_.mode != COMPUTED]


def same(one: Any, other: Any) -> bool:
    """Equality in which an absent property is a null one."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(same(one.get(name), other.get(name)) for name in {*one, *other})
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return one == other


def imported_inputs(fields: Fields, values: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of an imported resource: of its properties those that a program may set, without empty ones (null,
    false, 0 and what contains nothing else) that are not required.
    """

    def one(rule: Field, value: Any) -> Any:
        if rule.fields and isinstance(value, dict):
            return imported_inputs(rule.fields, value)
        if rule.fields and isinstance(value, list):
            return [one(rule, item) for item in value]
        return value

    settable = {name: one(rule, values.get(name)) for name, rule in fields.items() if rule.mode != COMPUTED}
    return {
        name: value
        for name, value in settable.items()
        if value or (value is not None and fields[name].mode == REQUIRED)
    }


def restrict(value: Any, like: Any) -> Any:
    """`value` restricted to the keys of `like`, at any depth."""
    if isinstance(value, dict) and isinstance(like, dict):
        return {name: restrict(value[name], like[name]) for name in like if value.get(name) is not None}
    if isinstance(value, list) and isinstance(like, list) and len(value) == len(like):
        return [restrict(*pair) for pair in zip(value, like, strict=True)]
    return value


def compact(value: Any) -> Any:
    """`value` without nulls, at any depth."""
    if isinstance(value, Mapping):
        return {name: compact(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [compact(item) for item in value]
    return value

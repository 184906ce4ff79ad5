"""The properties of a resource: how each is checked, planned, sent and read back.

The rules are those of terraform-provider-cloudflare v5 (its `internal/apijson`) and of the plugin framework below it:
what the API computes is planned as unknown whenever anything changes, what was set and no longer is goes as null, and
a reply overwrites only what nobody configured. Values are property values (`UNKNOWN` included, secrets unwrapped); an
absent property is None.
"""

import json
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
    """Of an object, or of each object in a list; empty where any content goes."""

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


def plan(fields: Fields, news: Mapping[str, Any], state: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the resource will be: equal to `state`, or with everything unknown that the API may change along."""
    proposed = _propose(fields, news, state or {})
    return proposed if state is not None and same(proposed, state) else _unknowns(fields, news, proposed)


def _propose(fields: Fields, news: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    def one(rule: Field, value: Any, before: Any) -> Any:
        if rule.mode == COMPUTED:
            return before
        if value is None:
            return rule.default if rule.default is not None else before if rule.mode == EITHER else None
        if rule.fields and isinstance(value, dict):
            return _propose(rule.fields, value, before if isinstance(before, dict) else {})
        if rule.fields and isinstance(value, list):
            olds = before if isinstance(before, list) else []
            pairs = ((item, olds[at] if at < len(olds) else {}) for at, item in enumerate(value))
            return [_propose(rule.fields, item, old) if isinstance(item, dict) else item for item, old in pairs]
        return value

    return {name: one(rule, news.get(name), state.get(name)) for name, rule in fields.items()}


def _unknowns(fields: Fields, news: Mapping[str, Any], proposed: Mapping[str, Any]) -> dict[str, Any]:
    def one(rule: Field, value: Any, planned: Any) -> Any:
        if value is None and rule.default is None and rule.mode in (COMPUTED, EITHER):
            return planned if rule.keep and planned is not None else UNKNOWN
        if rule.fields and isinstance(value, dict):
            return _unknowns(rule.fields, value, planned)
        if rule.fields and isinstance(value, list):
            pairs = zip(value, planned, strict=True)
            return [_unknowns(rule.fields, item, new) if isinstance(item, dict) else item for item, new in pairs]
        return planned

    return {name: one(rule, news.get(name), proposed.get(name)) for name, rule in fields.items()}


def same(one: Any, other: Any) -> bool:
    """Equality in which an absent property is a null one."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(same(one.get(name), other.get(name)) for name in {*one, *other})
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return one == other


def encode(
    fields: Fields, planned: Mapping[str, Any], state: Mapping[str, Any], changed_only: bool = False
) -> dict[str, Any]:
    """The body of a request: all that is planned, or only what changed; what was set and no longer is goes as null."""
    body = {}
    for name, rule in fields.items():
        value, before = planned.get(name), state.get(name)
        if rule.mode == COMPUTED or rule.path or value is UNKNOWN:
            continue
        if (value is None and before is None) or (changed_only and same(value, before)):
            continue
        body[rule.api_name(name)] = _encode(rule, value, before)
    return body


def _encode(rule: Field, value: Any, before: Any) -> Any:
    if isinstance(value, dict):
        if rule.fields:
            return encode(rule.fields, value, before if isinstance(before, dict) else {})
        return {snake(name): _encode(rule, item, None) for name, item in value.items()}
    if isinstance(value, list):
        return [
            encode(rule.fields, item, {}) if rule.fields and isinstance(item, dict) else _encode(rule, item, None)
            for item in value
        ]
    return value


def decode(rule: Field, value: Any) -> Any:
    """One value of a reply, as the state keeps it: times to the second, free JSON as text, names as the properties'."""
    if value is None:
        return None
    if rule.kind == "time":
        return re.sub(r"\.\d+", "", value)
    if rule.kind == "json":
        return json.dumps(value, separators=(",", ":"), sort_keys=True)
    if isinstance(value, list):
        return [decode(rule, item) for item in value]
    if isinstance(value, dict):
        if rule.fields:
            return {name: decode(inner, value.get(inner.api_name(name))) for name, inner in rule.fields.items()}
        return {camel(name): decode(rule, item) for name, item in value.items()}
    return value


def settle(fields: Fields, planned: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, Any]:
    """The state after a write: what was planned, with what the API computed filled in from its reply."""
    settled = {}
    for name, rule in fields.items():
        value, answer = planned.get(name), reply.get(rule.api_name(name))
        if (rule.mode == COMPUTED and not rule.path) or (rule.mode == EITHER and (value is None or value is UNKNOWN)):
            value = decode(rule, answer)
        elif rule.fields and isinstance(value, dict) and isinstance(answer, dict):
            value = settle(rule.fields, value, answer)
        elif rule.fields and isinstance(value, list) and isinstance(answer, list):
            answers = [*answer, *({} for _ in value)]
            pairs = zip(value, answers, strict=False)
            value = [settle(rule.fields, item, got) if isinstance(item, dict) else item for item, got in pairs]
        settled[name] = value
    return settled


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

"""Serialization of properties: into the body of a request, and from a reply.

The rules are those of terraform-provider-cloudflare v5 (its `internal/apijson`): a property that is no longer set is
sent as null.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.providers.cloudflare.fields import COMPUTED, Field, Fields, camel, same, snake
from sandbox.providers.values import UNKNOWN


def encode(
    fields: Fields, planned: Mapping[str, Any], state: Mapping[str, Any], changed_only: bool = False
) -> dict[str, Any]:
    """The body of a request: all that is planned, or only what changed; null for what is no longer set."""
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
    if isinstance(value, dict) and rule.kind != "map":
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
    """One value of a reply as the state stores it: times in whole seconds, free JSON as a string, camelCase names."""
    if value is None:
        return None
    if rule.kind == "time":
        return re.sub(r"\.\d+", "", value)
    if rule.kind == "json":
        return json.dumps(value, separators=(",", ":"), sort_keys=True)
    if isinstance(value, list):
        return [decode(rule, item) for item in value]
    if isinstance(value, dict) and rule.kind != "map":
        if rule.fields:
            return {name: decode(inner, value.get(inner.api_name(name))) for name, inner in rule.fields.items()}
        return {camel(name): decode(rule, item) for name, item in value.items()}
    return value

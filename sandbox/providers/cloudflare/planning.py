"""What a resource will be, and what it has become.

The rules are those of terraform-provider-cloudflare v5 and of the plugin framework below it: what the API computes is
unknown in a plan whenever anything changes, and a reply overwrites only what nobody configured.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.providers.cloudflare.fields import COMPUTED, EITHER, Field, Fields, same
from sandbox.providers.cloudflare.serialization import decode
from sandbox.providers.values import UNKNOWN


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
        settled[name] = None if value is UNKNOWN else value
    return settled

"""Planned state of a resource, and its state after a write.

The rules are those of terraform-provider-cloudflare v5 and of the plugin framework below it: what the API computes is
unknown in a plan whenever anything changes, and a reply overwrites only what is not configured.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.providers.cloudflare.fields import COMPUTED, OPTIONAL_COMPUTED, Field, Fields, same
from sandbox.providers.cloudflare.serialization import decode
from sandbox.providers.values import UNKNOWN


def plan(fields: Fields, news: Mapping[str, Any], state: Mapping[str, Any] | None) -> dict[str, Any]:
    """The planned state: equal to `state`, or with everything unknown that the API may change too."""
    proposed = _propose(fields, news, state or {})
    return proposed if state is not None and same(proposed, state) else _unknowns(fields, news, proposed)


def _propose(fields: Fields, news: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    def one(rule: Field, value: Any, before: Any) -> Any:
        if rule.mode == COMPUTED:
            return before
        if value is None:
            return rule.default if rule.default is not None else before if rule.mode == OPTIONAL_COMPUTED else None
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
        if value is None and rule.default is None and rule.mode in (COMPUTED, OPTIONAL_COMPUTED):
            return planned if rule.keep and planned is not None else UNKNOWN
        if rule.fields and isinstance(value, dict):
            return _unknowns(rule.fields, value, planned)
        if rule.fields and isinstance(value, list):
            pairs = zip(value, planned, strict=True)
            return [_unknowns(rule.fields, item, new) if isinstance(item, dict) else item for item, new in pairs]
        return planned

    return {name: one(rule, news.get(name), proposed.get(name)) for name, rule in fields.items()}


def apply_reply(fields: Fields, planned: Mapping[str, Any], reply: Mapping[str, Any]) -> dict[str, Any]:
    """The state after a write: the planned one, with computed properties from the API's reply."""
    state = {}
    for name, rule in fields.items():
        value, answer = planned.get(name), reply.get(rule.api_name(name))
        if (rule.mode == COMPUTED and not rule.path) or (
            rule.mode == OPTIONAL_COMPUTED and (value is None or value is UNKNOWN)
        ):
            value = decode(rule, answer)
        elif rule.fields and isinstance(value, dict) and isinstance(answer, dict):
            value = apply_reply(rule.fields, value, answer)
        elif rule.fields and isinstance(value, list) and isinstance(answer, list):
            answers = [*answer, *({} for _ in value)]
            pairs = zip(value, answers, strict=False)
            value = [apply_reply(rule.fields, item, got) if isinstance(item, dict) else item for item, got in pairs]
        state[name] = None if value is UNKNOWN else value
    return state

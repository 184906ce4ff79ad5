"""Existing rulesets of a zone: who owns them, and which of their rules are of other owners."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare

_TYPE = "cloudflare:index/ruleset:Ruleset"
CUSTOM, RATE_LIMIT = "http_request_firewall_custom", "http_ratelimit"
_WRITABLE = (
    *("action", "action_parameters", "description", "enabled", "exposed_credential_check", "expression", "logging"),
    *("ratelimit", "ref"),
)
"""Writable keys of a rule; the others that a look-up returns are read-only."""


def ownership_tag(owner: str) -> str:
    """End of the description of a ruleset that the exposure `owner` owns. The description changes without
    replacement."""
    return f"[kept by {owner}]"


@dataclass(frozen=True)
class EntryPoint:
    """An existing entry point ruleset. `ours`: this stack owns it, by its tag or its state. `others`: its rules of
    other owners."""

    id: str
    name: str
    description: str
    ours: bool
    others: list[dict[str, Any]]


def lookup(zone_id: str, phases: list[str], owner: str, options: pulumi.InvokeOptions) -> dict[str, EntryPoint]:
    """The zone's rulesets for these phases, by phase: one read for the zone and one per ruleset."""
    recorded: set[str] | None = None
    listed = cloudflare.get_rulesets(zone_id=zone_id, opts=options).rulesets
    found: dict[str, EntryPoint] = {}
    for each in listed:
        ruleset_id: str = each["id"]
        phase: str = each["phase"]
        if each["kind"] != "zone" or phase not in phases:
            continue
        ruleset = cloudflare.get_ruleset(zone_id=zone_id, id=ruleset_id, opts=options)
        description = ruleset.description or ""
        others = [_rule(rule) for rule in ruleset.rules or () if not is_ours(rule, owner)]
        ours = description.endswith(ownership_tag(owner))
        if not ours:
            recorded = _recorded() if recorded is None else recorded
            ours = ruleset_id in recorded
        found[phase] = EntryPoint(ruleset_id, ruleset.name, description, ours, others)
    return found


def _recorded() -> set[str]:
    """Ids of the rulesets in the stack's state.

    A destroy that was interrupted may have removed the tag of one, and the stack must not refuse or import it then. The
    outputs of all resources are read, so this is asked only where a tag is missing.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": stack}).value
    except Exception as error:  # the SDK raises nothing narrower
        pulumi.log.debug(f"the stack's own resources cannot be read: {error}")
        return set()
    resources = ((answer or {}).get("outputs") or {}).values()
    return {each["outputs"].get("id") for each in resources if each["type"] == _TYPE}


def rule_ref(owner: str, name: str) -> str:
    """The `ref` that identifies a rule of the exposure `owner` across updates."""
    return f"{owner}_{name}"


def is_ours(rule: Mapping[str, Any], owner: str) -> bool:
    # No exposure's name contains an underscore, so no prefix matches the rules of another.
    return str(rule.get("ref")).startswith(f"{owner}_")


def _rule(found: Any) -> dict[str, Any]:
    return {key: value for key in _WRITABLE if (value := _compact(found.get(key))) not in (None, {}, [])}


def _compact(value: Any) -> Any:
    """A value without unset keys, at any depth."""
    if isinstance(value, Mapping):
        return {key: _compact(inner) for key, inner in value.items() if inner is not None}
    return [_compact(inner) for inner in value] if isinstance(value, list) else value

"""A zone's ruleset for one phase, as it is now: whose it is, and which of its rules are somebody else's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare

CUSTOM, RATE_LIMIT = "http_request_firewall_custom", "http_ratelimit"
_KEPT = (
    *("action", "action_parameters", "description", "enabled", "exposed_credential_check", "expression", "logging"),
    *("ratelimit", "ref"),
)
"""What a rule is made of; the rest of what is looked up of one is the service's own."""


def mark(owner: str) -> str:
    """How the stack's rulesets end what they say of themselves: in the one place that changes in place."""
    return f"[kept by {owner}]"


@dataclass(frozen=True)
class EntryPoint:
    """A ruleset that is there. `ours` says that this stack keeps it, `others` are the rules that it did not make."""

    id: str
    name: str
    description: str
    ours: bool
    others: list[dict[str, Any]]


def look_up(zone_id: str, phases: list[str], owner: str, options: pulumi.InvokeOptions) -> dict[str, EntryPoint]:
    """The rulesets that a zone has for these phases: one read for the zone, and one for each ruleset there is."""
    listed = cloudflare.get_rulesets(zone_id=zone_id, opts=options).rulesets
    found: dict[str, EntryPoint] = {}
    for each in listed:
        number: str = each["id"]
        phase: str = each["phase"]
        if each["kind"] != "zone" or phase not in phases:
            continue
        ruleset = cloudflare.get_ruleset(zone_id=zone_id, id=number, opts=options)
        description = ruleset.description or ""
        others = [_rule(rule) for rule in ruleset.rules or () if not is_ours(rule, owner)]
        found[phase] = EntryPoint(number, ruleset.name, description, description.endswith(mark(owner)), others)
    return found


def ref(owner: str, name: str) -> str:
    """What a rule of this stack is known by, for as long as it has its name."""
    return f"{owner}_{name}"


def is_ours(rule: Mapping[str, Any], owner: str) -> bool:
    # No stack's name has an underscore, so that none's begins another's.
    return str(rule.get("ref") or "").startswith(f"{owner}_")


def _rule(found: Any) -> dict[str, Any]:
    return {key: value for key in _KEPT if (value := _compact(found.get(key))) not in (None, {}, [])}


def _compact(value: Any) -> Any:
    """Without what is not set, at any depth."""
    if isinstance(value, Mapping):
        return {key: _compact(inner) for key, inner in value.items() if inner is not None}
    return [_compact(inner) for inner in value] if isinstance(value, list) else value

"""Hook before a zone ruleset is deleted: removes the stack's rules from it and keeps the rules of others."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pulumi

from components.exposure.hooks.provider_api import provider_api
from components.waf.zone_rulesets import is_ours, ownership_tag

if TYPE_CHECKING:
    from clients.cloudflare import CloudflareApi

WRITABLE = (
    *("id", "ref", "action", "action_parameters", "description", "enabled", "exposed_credential_check", "expression"),
    *("logging", "ratelimit"),
)
"""Keys of a rule that the API accepts; the others that it returns are read-only."""


def release_rulesets(owner: str) -> pulumi.ResourceHook:
    """The hook for the rulesets of the stack `owner`, called before one is deleted."""
    return pulumi.ResourceHook(hook_name(owner), releaser(owner))


def hook_name(owner: str) -> str:
    return f"{owner}-release-rulesets"


def releaser(owner: str) -> Callable[[pulumi.ResourceHookArgs], None]:
    """The function that the hook calls. Raises CheckUnavailable, which stops the engine, if the API refuses."""

    def release(args: pulumi.ResourceHookArgs) -> None:
        release_rules(provider_api(), (args.old_outputs or {})["zoneId"], args.id, owner)

    return release


def release_rules(api: "CloudflareApi", zone_id: str, ruleset_id: str, owner: str) -> None:
    """Removes the rules of the stack `owner` from a ruleset.

    Reads the ruleset as it is at that moment. If others have rules in it, writes it back with only those; if not,
    deletes it. A ruleset that no longer exists is left alone.
    """
    ruleset = api.ruleset(zone_id, ruleset_id)
    if ruleset is None:
        return
    others = [rule for rule in ruleset.get("rules") or () if not is_ours(rule, owner)]
    if not others:
        api.delete_ruleset(zone_id, ruleset_id)
        return
    description = (ruleset.get("description") or "").removesuffix(ownership_tag(owner)).rstrip()
    rules = [{key: rule[key] for key in WRITABLE if rule.get(key) is not None} for rule in others]
    api.replace_ruleset(zone_id, ruleset_id, description, rules)

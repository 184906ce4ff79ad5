"""Hook before a zone ruleset is deleted: removes the stack's rules from it and keeps the rules of others."""

from collections.abc import Callable

import pulumi

from components.exposure.hooks.provider_api import provider_api
from components.waf.zone_rulesets import is_ours, ownership_tag

WRITABLE = (
    *("id", "ref", "action", "action_parameters", "description", "enabled", "exposed_credential_check", "expression"),
    *("logging", "ratelimit"),
)
"""Keys of a rule that the API accepts; the others that it returns are read-only."""


def release_rulesets(owner: str) -> pulumi.ResourceHook:
    """The hook for the rulesets of the stack `owner`, called before one is deleted."""
    return pulumi.ResourceHook(f"{owner}-release-rulesets", releaser(owner))


def releaser(owner: str) -> Callable[[pulumi.ResourceHookArgs], None]:
    """The function that the hook calls.

    Reads the ruleset as it is at that moment. If others have rules in it, writes it back with only those; if not,
    deletes it. A ruleset that no longer exists is left alone. Raises CheckUnavailable, which stops the engine, if the
    API refuses.
    """

    def release(args: pulumi.ResourceHookArgs) -> None:
        zone_id, api = (args.old_outputs or {})["zoneId"], provider_api()
        ruleset = api.ruleset(zone_id, args.id)
        if ruleset is None:
            return
        others = [rule for rule in ruleset.get("rules") or () if not is_ours(rule, owner)]
        if not others:
            api.delete_ruleset(zone_id, args.id)
            return
        description = (ruleset.get("description") or "").removesuffix(ownership_tag(owner)).rstrip()
        rules = [{key: rule[key] for key in WRITABLE if rule.get(key) is not None} for rule in others]
        api.replace_ruleset(zone_id, args.id, description, rules)

    return release

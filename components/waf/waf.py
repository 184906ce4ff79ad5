"""WAF custom rules and rate limits, in the zone rulesets this stack owns."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from components.argument_check import check_arguments
from components.waf.zone_rulesets import CUSTOM, RATE_LIMIT, EntryPoint, lookup, ownership_tag, rule_ref
from components.zone_lookup import look_up_zone_id

COUNTED = {"ip": "ip.src", "visitor": "cf.unique_visitor_id"}
RULESETS = "https://developers.cloudflare.com/ruleset-engine/about/rulesets/"


class RateArgs(TypedDict):
    """Rate above which requests of one client are blocked."""

    requests: int
    """Number of requests in one period."""
    period: int
    """Length of the period in seconds."""
    timeout: int
    """Seconds for which the action applies to a client above the rate; 0 applies it to the excess requests only."""
    per: str
    """What counts as one client: `ip`, an IP address, or `visitor`, one of several visitors behind an address."""


class WafRuleArgs(TypedDict):
    """One rule of one zone."""

    zone: str
    """Name of the zone."""
    name: str
    """Name of the rule, unique in its zone."""
    action: str
    """`block`, `managed_challenge`, `js_challenge` or `challenge`."""
    expression: str
    """Expression in Cloudflare's Rules language for the requests that the rule matches."""
    rate: NotRequired[RateArgs]
    """Makes the rule a rate limit; without it, it is a custom rule."""


class WafRulesArgs(TypedDict):
    account_id: str
    """Id of the Cloudflare account, 32 hex digits; for looking up zones by name."""
    zones: dict[str, str | None]
    """Zone name → zone id (32 hex digits). A zone without an id is looked up by name, which needs *Zone: Read*."""
    rules: list[WafRuleArgs]
    """Rules in the order in which Cloudflare evaluates them."""
    adopt: NotRequired[list[str]]
    """Ids of existing rulesets of another owner that this stack imports and owns from now on."""
    before_delete: NotRequired[list[Any]]
    """Hooks that remove this stack's rules from a ruleset. Without a hook the rules stay when the stack is deleted."""


class WafRules(pulumi.ComponentResource):
    """WAF custom rules and rate limits, which Cloudflare evaluates before a request reaches the tunnel.

    Creates a Ruleset per zone and phase (custom rules, rate limits) with rules. A zone has one entry point ruleset per
    phase, so existing ones are looked up first: one read per zone and one per ruleset. Rules of other owners are
    written back unchanged, ahead of this stack's. A ruleset of another owner is an error before anything is created,
    unless `adopt` names it; then it is imported.

    Pulumi never deletes a ruleset, because that would delete the rules of other owners. A hook removes this stack's
    rules, or the whole ruleset if no other rules are left.
    """

    def __init__(self, name: str, args: WafRulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(self, args, WafRulesArgs)
        super().__init__("culvert:index:WafRules", name, opts=opts)
        self.rulesets: list[cloudflare.Ruleset] = []
        """Resources to create before the first record: no hostname is then public without its rules."""
        for zone in dict.fromkeys(rule["zone"] for rule in args["rules"]):
            options = pulumi.InvokeOptions(parent=self)
            zone_id = args["zones"][zone] or look_up_zone_id(zone, args["account_id"], options)
            in_zone = [rule for rule in args["rules"] if rule["zone"] == zone]
            phases = {
                CUSTOM: [_rule(name, rule) for rule in in_zone if "rate" not in rule],
                RATE_LIMIT: [_rule(name, rule) for rule in in_zone if "rate" in rule],
            }
            used = [phase for phase, rules in phases.items() if rules]
            existing = lookup(zone_id, used, name, options)
            for phase in used:
                self.rulesets.append(
                    self._ruleset(name, args, zone, zone_id, phase, phases[phase], existing.get(phase))
                )
        self.register_outputs({})

    def _ruleset(
        self,
        name: str,
        args: WafRulesArgs,
        zone: str,
        zone_id: str,
        phase: str,
        rules: list[dict[str, Any]],
        existing: EntryPoint | None,
    ) -> "cloudflare.Ruleset":
        adopted = existing is not None and not existing.ours
        if existing and adopted and existing.id not in args.get("adopt", []):
            raise pulumi.RunError(_owned_by_another(zone, phase, existing))
        description = existing.description if existing else ""
        all_rules: Any = [*(existing.others if existing else []), *rules]
        return cloudflare.Ruleset(
            f"{name}-{phase}-{zone}",
            zone_id=zone_id,
            kind="zone",
            phase=phase,
            # Renaming a ruleset would replace it, together with the rules of other owners.
            name=existing.name if existing else f"{name}-{phase}",
            description=description
            if description.endswith(ownership_tag(name))
            else f"{description} {ownership_tag(name)}".strip(),
            rules=all_rules,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Only until it is imported: the id then has another form, which the engine would take for another
                # ruleset.
                import_=f"zones/{zone_id}/{existing.id}" if existing and adopted else None,
                retain_on_delete=True,
                hooks=pulumi.ResourceHookBinding(before_delete=args.get("before_delete")),
            ),
        )


def _rule(owner: str, rule: WafRuleArgs) -> dict[str, Any]:
    made = {
        "ref": rule_ref(owner, rule["name"]),
        "description": f"{owner}: {rule['name']}",
        "action": rule["action"],
        "expression": rule["expression"],
        "enabled": True,
    }
    if rate := rule.get("rate"):
        made["ratelimit"] = {
            # cf.colo.id is mandatory: each of Cloudflare's data centers counts for itself.
            "characteristics": ["cf.colo.id", COUNTED[rate["per"]]],
            "requests_per_period": rate["requests"],
            "period": rate["period"],
            "mitigation_timeout": rate["timeout"],
        }
    return made


def _owned_by_another(zone: str, phase: str, found: EntryPoint) -> str:
    rules = ", ".join(rule.get("description") or rule.get("ref") or "?" for rule in found.others) or "none"
    description = f" ({found.description})" if found.description else ""
    return (
        f'culvert:waf.owns has {zone}, but its ruleset for {phase} has another owner: {found.id}, "{found.name}"'
        f'{description}, with the rules: {rules}; accepted: adopt: ["{found.id}"] under culvert:waf, which keeps these '
        f"rules and adds this stack's, or owns without {zone}, and the owner includes the rules of the output wafRules."
        f" Nothing was done. See {RULESETS}"
    )

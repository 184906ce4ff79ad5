"""Who is turned away at the edge: rules and limits in the rulesets of the zones that this stack keeps."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_cloudflare as cloudflare

from components.waf.zone_rulesets import CUSTOM, RATE_LIMIT, EntryPoint, look_up, mark, ref
from components.zone_lookup import look_up_zone_id

COUNTED = {"ip": "ip.src", "visitor": "cf.unique_visitor_id"}
RULESETS = "https://developers.cloudflare.com/ruleset-engine/about/rulesets/"


class RateArgs(TypedDict):
    """How often one visitor may come."""

    requests: int
    """In one period."""
    period: int
    """Seconds."""
    timeout: int
    """Seconds for which a visitor is turned away who comes more often; 0 turns away what is above the rate."""
    per: str
    """What is taken for one visitor: `ip`, an address, or `visitor`, one of those behind a shared address."""


class EdgeRuleArgs(TypedDict):
    """One rule of one zone."""

    zone: str
    """Name of the zone."""
    name: str
    """What it is called; different from every other in its zone."""
    action: str
    """`block`, `managed_challenge`, `js_challenge` or `challenge`."""
    expression: str
    """Which requests, in the Rules language, kept to the stack's hostnames."""
    rate: NotRequired[RateArgs]
    """Where it is a limit, to what."""


class WafRulesArgs(TypedDict):
    account_id: str
    """Cloudflare account, for zones that are looked up by name."""
    zones: dict[str, str | None]
    """Zone name → zone id (32 hex digits). A zone without one is looked up by name, which takes *Zone: Read*."""
    rules: list[EdgeRuleArgs]
    """In the order in which they are asked."""
    adopt: NotRequired[list[str]]
    """Ids of rulesets that somebody else made and this stack is to keep from now on."""
    before_delete: NotRequired[list[Any]]
    """Hooks that take this stack's rules out of a ruleset. Without one they stay when the stack goes."""


class WafRules(pulumi.ComponentResource):
    """The rules that Cloudflare asks before a request reaches the tunnel.

    Creates a Ruleset for each zone and phase (custom rules, rate limits) that has rules. A zone has one entry point a
    phase, so what is there is looked up first, one read a zone and one for each ruleset: rules that somebody else made
    are written back as they are, ahead of this stack's. A ruleset that somebody else made is refused (RunError, before
    anything is made) unless it is named in `adopt`; then it is imported.

    The engine never deletes a ruleset, since other people's rules would go with it: `before_delete` takes out this
    stack's, and the whole ruleset where none is left.
    """

    def __init__(self, name: str, args: WafRulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("culvert:index:WafRules", name, {}, opts)
        # To be there before the first record is.
        self.rulesets: list[cloudflare.Ruleset] = []
        for zone in dict.fromkeys(rule["zone"] for rule in args["rules"]):
            # Looked up at once: whether there is a ruleset decides what is registered.
            options = pulumi.InvokeOptions(parent=self)
            zone_id = args["zones"][zone] or look_up_zone_id(zone, args["account_id"], options)
            here = [rule for rule in args["rules"] if rule["zone"] == zone]
            phases = {
                CUSTOM: [_rule(name, rule) for rule in here if "rate" not in rule],
                RATE_LIMIT: [_rule(name, rule) for rule in here if "rate" in rule],
            }
            wanted = [phase for phase, rules in phases.items() if rules]
            there = look_up(zone_id, wanted, name, options)
            for phase in wanted:
                self.rulesets.append(self._ruleset(name, args, zone, zone_id, phase, phases[phase], there.get(phase)))
        self.register_outputs({})

    def _ruleset(
        self,
        name: str,
        args: WafRulesArgs,
        zone: str,
        zone_id: str,
        phase: str,
        rules: list[dict[str, Any]],
        found: EntryPoint | None,
    ) -> "cloudflare.Ruleset":
        adopted = found is not None and not found.ours
        if found and adopted and found.id not in args.get("adopt", []):
            raise pulumi.RunError(_refusal(zone, phase, found))
        described = found.description if found else ""
        all_of_them: Any = [*(found.others if found else []), *rules]
        return cloudflare.Ruleset(
            f"{name}-{phase}-{zone}",
            zone_id=zone_id,
            kind="zone",
            phase=phase,
            # A ruleset cannot be renamed, only replaced, and its other rules with it.
            name=found.name if found else f"{name}-{phase}",
            description=described if described.endswith(mark(name)) else f"{described} {mark(name)}".strip(),
            rules=all_of_them,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Once it is kept, no longer: the engine would take another form of its id for another ruleset.
                import_=f"zones/{zone_id}/{found.id}" if found and adopted else None,
                retain_on_delete=True,
                hooks=pulumi.ResourceHookBinding(before_delete=args.get("before_delete", [])),
            ),
        )


def _rule(owner: str, rule: EdgeRuleArgs) -> dict[str, Any]:
    made = {
        "ref": ref(owner, rule["name"]),
        "description": f"{owner}: {rule['name']}",
        "action": rule["action"],
        "expression": rule["expression"],
        "enabled": True,
    }
    if rate := rule.get("rate"):
        made["ratelimit"] = {
            # The first is not a choice: each of Cloudflare's places counts for itself.
            "characteristics": ["cf.colo.id", COUNTED[rate["per"]]],
            "requests_per_period": rate["requests"],
            "period": rate["period"],
            "mitigation_timeout": rate["timeout"],
        }
    return made


def _refusal(zone: str, phase: str, found: EntryPoint) -> str:
    rules = ", ".join(rule.get("description") or rule.get("ref") or "?" for rule in found.others) or "none"
    said = f" ({found.description})" if found.description else ""
    return (
        f'culvert:waf.owns has {zone}, but somebody else keeps its ruleset for {phase}: {found.id}, "{found.name}"{said}, '
        f'with the rules: {rules}; accepted: adopt: ["{found.id}"] under culvert:waf, which keeps these rules and adds this '
        f"stack's, or owns without {zone}, and its owner includes what the output wafRules has. Nothing was done. See {RULESETS}"
    )

"""What Cloudflare's plans leave room for, rule by rule and zone by zone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from settings import references
from settings.derived.waf_rules import ZoneRule
from settings.errors import SettingIssue
from settings.options import waf_expressions
from settings.options.waf import IncludedRule, RateLimit, WafRule

HOST_FIELDS = frozenset(
    {
        *("http.host", "http.request.uri", "http.request.uri.path", "http.request.full_uri", "http.request.uri.query"),
        *("cf.bot_management.verified_bot", "cf.client.bot"),
    }
)
VISITOR_FIELDS = HOST_FIELDS | {"http.request.method", "ip.src", "http.user_agent"}


@dataclass(frozen=True)
class Plan:
    """Numbers of rules and limits a zone; periods and timeouts in seconds. Sources, both under Availability:
    https://developers.cloudflare.com/waf/custom-rules/ and https://developers.cloudflare.com/waf/rate-limiting-rules/."""

    rules: int
    limits: int
    period: int = 0
    timeout: int = 0
    fields: frozenset[str] | None = frozenset()
    """What a limit's expression may name; None for anything."""
    patterns: bool = False
    """Whether there are regular expressions, and limits by visitor."""
    throttles: bool = False
    """Whether any action may have any timeout."""


PLANS = {
    # It has one limit of 10 seconds, by path alone: nothing that could be kept to a hostname.
    "free": Plan(rules=5, limits=0),
    "pro": Plan(rules=20, limits=2, period=60, timeout=3600, fields=HOST_FIELDS),
    "business": Plan(rules=100, limits=5, period=600, timeout=86400, fields=VISITOR_FIELDS, patterns=True),
    "enterprise": Plan(1000, 100, period=3600, timeout=86400, fields=None, patterns=True, throttles=True),
}


def beyond(place: str, rule: WafRule | RateLimit | IncludedRule, name: str) -> Iterator[SettingIssue]:
    """What one rule, at a place in the stack file, asks of a plan that does not have it."""
    plan, source = PLANS[name], references.CLOUDFLARE_RATE_LIMITS
    said = waf_expressions.parsed(rule.expression) if rule.expression else {}
    if "matches" in said.get("operators", ()) and not plan.patterns:
        why = f"the plan {name} has no regular expressions"
        accepted = "wildcard, starts_with and the like, or plan: business or above"
        yield SettingIssue.of(f"{place}.expression", rule.expression, why, accepted, references.CLOUDFLARE_CUSTOM_RULES)
    within, rate = (f"{place}.rate", rule.rate) if isinstance(rule, IncludedRule) else (place, rule)
    if rate is None or isinstance(rate, WafRule) or not plan.limits:
        return
    if plan.fields is not None and (unknown := sorted(set(said.get("fields", ())) - plan.fields)):
        why = f"on the plan {name} a limit may not name {', '.join(unknown)}"
        yield SettingIssue.of(f"{place}.expression", rule.expression, why, ", ".join(sorted(plan.fields)), source)
    if rate.period > plan.period:
        why = f"the plan {name} counts for {plan.period} seconds at most"
        yield SettingIssue.of(f"{within}.period", rate.period, why, f"at most {plan.period}", source)
    if rate.per == "visitor" and not plan.patterns:
        why = f"the plan {name} counts by address"
        yield SettingIssue.of(f"{within}.per", rate.per, why, "ip, or plan: business or above", source)
    timeout, blocks = rate.seconds_out(rule.action), rule.action == "block"
    if timeout > plan.timeout or (blocks == (timeout == 0) and not plan.throttles):
        why = f"the plan {name} has no such timeout with the action {rule.action}"
        accepted = f"10 to {plan.timeout}" if blocks else "0, or left out"
        yield SettingIssue.of(f"{within}.timeout", timeout, why, accepted, source)


def crowded(key: str, rules: Sequence[ZoneRule], name: str) -> Iterator[SettingIssue]:
    """Zones for which there are more rules or more limits than a plan has; `key` is that of the edge's settings."""
    plan = PLANS[name]
    for zone in dict.fromkeys(rule["zone"] for rule in rules):
        here = [rule for rule in rules if rule["zone"] == zone]
        plain = [rule["name"] for rule in here if "rate" not in rule]
        limits = [rule["name"] for rule in here if "rate" in rule]
        if len(plain) > plan.rules:
            why = f"these are more rules than {zone} may have on the plan {name}"
            yield SettingIssue.of(
                f"{key}.rules", plain, why, f"at most {plan.rules}", references.CLOUDFLARE_CUSTOM_RULES
            )
        if limits and not plan.limits:
            why = f"on the plan {name} a limit may not name a hostname, so none could be kept to this stack's"
            accepted = "plan: pro or above, where the zone has it"
            yield SettingIssue.of(f"{key}.rateLimits", limits, why, accepted, references.CLOUDFLARE_RATE_LIMITS)
        elif len(limits) > plan.limits:
            why = f"these are more limits than {zone} may have on the plan {name}"
            accepted = f"at most {plan.limits}"
            yield SettingIssue.of(f"{key}.rateLimits", limits, why, accepted, references.CLOUDFLARE_RATE_LIMITS)

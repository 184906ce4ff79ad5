"""Limits of Cloudflare's plans, for each rule and for each zone."""

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
    """Rules and rate limits a zone; periods and timeouts in seconds. Sources, both under Availability:
    https://developers.cloudflare.com/waf/custom-rules/ and
    https://developers.cloudflare.com/waf/rate-limiting-rules/."""

    rules: int
    limits: int
    period: int = 0
    timeout: int = 0
    fields: frozenset[str] | None = frozenset()
    """Fields that a limit's expression may name; None for any."""
    patterns: bool = False
    """Whether the plan has regular expressions, and limits by visitor."""
    throttles: bool = False
    """Whether any action may have any timeout."""


PLANS = {
    # Its one limit, of 10 seconds and by path alone, cannot be scoped to a hostname.
    "free": Plan(rules=5, limits=0),
    "pro": Plan(rules=20, limits=2, period=60, timeout=3600, fields=HOST_FIELDS),
    "business": Plan(rules=100, limits=5, period=600, timeout=86400, fields=VISITOR_FIELDS, patterns=True),
    "enterprise": Plan(1000, 100, period=3600, timeout=86400, fields=None, patterns=True, throttles=True),
}


def exceeds_plan(key: str, rule: WafRule | RateLimit | IncludedRule, name: str) -> Iterator[SettingIssue]:
    """Parts of the rule at `key` that the plan does not have."""
    plan, source = PLANS[name], references.CLOUDFLARE_RATE_LIMITS
    contents = waf_expressions.parsed(rule.expression) if rule.expression else {}
    if "matches" in contents.get("operators", ()) and not plan.patterns:
        problem = f"uses regular expressions, which the plan {name} does not have"
        accepted = "wildcard, starts_with and the like, or plan: business or above"
        custom_rules = references.CLOUDFLARE_CUSTOM_RULES
        yield SettingIssue.of(f"{key}.expression", rule.expression, problem, accepted, custom_rules)
    rate_key, rate = (f"{key}.rate", rule.rate) if isinstance(rule, IncludedRule) else (key, rule)
    if rate is None or isinstance(rate, WafRule) or not plan.limits:
        return
    if plan.fields is not None and (excluded := sorted(set(contents.get("fields", ())) - plan.fields)):
        problem = f"names {', '.join(excluded)}, which a rate limit on the plan {name} may not"
        yield SettingIssue.of(f"{key}.expression", rule.expression, problem, ", ".join(sorted(plan.fields)), source)
    if rate.period > plan.period:
        problem, accepted = f"is longer than the plan {name} allows", f"at most {plan.period}"
        yield SettingIssue.of(f"{rate_key}.period", rate.period, problem, accepted, source)
    if rate.per == "visitor" and not plan.patterns:
        problem = f"is not available on the plan {name}, which counts by address"
        yield SettingIssue.of(f"{rate_key}.per", rate.per, problem, "ip, or plan: business or above", source)
    timeout, blocks = rate.effective_timeout(rule.action), rule.action == "block"
    if timeout > plan.timeout or (blocks == (timeout == 0) and not plan.throttles):
        problem = f"is not available on the plan {name} with the action {rule.action}"
        accepted = f"10 to {plan.timeout}" if blocks else "0, or omitted"
        yield SettingIssue.of(f"{rate_key}.timeout", timeout, problem, accepted, source)


def too_many_rules(key: str, rules: Sequence[ZoneRule], name: str) -> Iterator[SettingIssue]:
    """Zones with more rules or more limits than the plan has; `key` is that of the WAF settings."""
    plan = PLANS[name]
    for zone in dict.fromkeys(rule["zone"] for rule in rules):
        in_zone = [rule for rule in rules if rule["zone"] == zone]
        custom_rules = [rule["name"] for rule in in_zone if "rate" not in rule]
        limits = [rule["name"] for rule in in_zone if "rate" in rule]
        if len(custom_rules) > plan.rules:
            problem, accepted = f"are more rules than {zone} may have on the plan {name}", f"at most {plan.rules}"
            source = references.CLOUDFLARE_CUSTOM_RULES
            yield SettingIssue.of(f"{key}.rules", custom_rules, problem, accepted, source)
        if limits and not plan.limits:
            problem = f"cannot be scoped to this stack: on the plan {name} a rate limit may not name a hostname"
            accepted = "plan: pro or above, where the zone has it"
            yield SettingIssue.of(f"{key}.rateLimits", limits, problem, accepted, references.CLOUDFLARE_RATE_LIMITS)
        elif len(limits) > plan.limits:
            problem, accepted = f"are more limits than {zone} may have on the plan {name}", f"at most {plan.limits}"
            yield SettingIssue.of(f"{key}.rateLimits", limits, problem, accepted, references.CLOUDFLARE_RATE_LIMITS)

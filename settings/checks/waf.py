"""Checks of WAF rules against the stack: its hostnames, its zones and their plan."""

from collections.abc import Iterator, Mapping

from settings import references
from settings.checks import waf_plans
from settings.checks.partial import PartialSettings
from settings.derived import waf_rules
from settings.derived.zones import zone_of, zones_by_hostname
from settings.errors import PREFIX, SettingIssue
from settings.options import waf_expressions
from settings.options.waf import IncludedRule, RateLimit, WafOptions, WafRule

KEY = f"{PREFIX}waf"


def waf_issues(partial: PartialSettings) -> Iterator[SettingIssue]:
    """Issues of valid WAF options, once every route is valid too."""
    if not partial.has_all_routes or not (waf := partial.waf):
        return
    zones = {zone: name for name, zone in partial.zones}
    yield from _issues(waf, zones_by_hostname((route for _, route in partial.routes), zones), zones)


def _issues(waf: WafOptions, hostnames: Mapping[str, str], zones: Mapping[str, str]) -> Iterator[SettingIssue]:
    """`hostnames` are the stack's, each with its zone; `zones` the stack's, normalized and as in the stack file."""
    yield from _ownership(waf, zones)
    for key, rule in _keyed(waf):
        for number, name in enumerate(() if isinstance(rule, IncludedRule) else rule.hostnames):
            if name not in hostnames:
                problem, accepted = "is not the hostname of a route of this stack", f"one of {', '.join(hostnames)}"
                place = f"{key}.hostnames[{number}]"
                yield SettingIssue.of(place, name, problem, accepted, references.CLOUDFLARE_CUSTOM_RULES)
        yield from waf_plans.exceeds_plan(key, rule, waf.plan)
    zone_rules = [*waf_rules.own_rules(waf, hostnames), *waf_rules.included_rules(waf)]
    for rule in zone_rules:
        if (length := len(rule["expression"])) > waf_expressions.MAX_LENGTH:
            problem = f"is too long: with its hostnames it has {length} characters in {rule['zone']}"
            accepted = f"at most {waf_expressions.MAX_LENGTH}: several rules, or hostnames under one wildcard"
            yield SettingIssue.of(KEY, rule["name"], problem, accepted, references.CLOUDFLARE_EXPRESSIONS)
    yield from waf_plans.too_many_rules(KEY, zone_rules, waf.plan)


def _keyed(waf: WafOptions) -> Iterator[tuple[str, WafRule | RateLimit | IncludedRule]]:
    for key, rules in (("rules", waf.rules), ("rateLimits", waf.rate_limits), ("include", waf.include)):
        for number, rule in enumerate(rules):
            yield f"{KEY}.{key}[{number}]", rule


def _ownership(waf: WafOptions, zones: Mapping[str, str]) -> Iterator[SettingIssue]:
    source = references.CLOUDFLARE_RULESETS
    for number, zone in enumerate(waf.owns):
        if zone not in zones:
            accepted = f"one of {', '.join(zones)}"
            yield SettingIssue.of(f"{KEY}.owns[{number}]", zone, "is not a zone of this stack", accepted, source)
    if waf.adopt and not waf.owns:
        problem = "has no effect: the stack adopts rulesets only in zones that it owns, and it owns none"
        yield SettingIssue.of(f"{KEY}.adopt", waf.adopt, problem, "adopt with owns: [the zone]", source)
    for number, rule in enumerate(waf.include):
        if {zone_of(name, zones) for name in rule.hostnames} - set(waf.owns):
            problem = "has hostnames outside the zones that this stack owns"
            accepted = f"hostnames in {' or '.join(waf.owns)}" if waf.owns else "include with owns: [their zone]"
            yield SettingIssue.of(f"{KEY}.include[{number}].expression", rule.expression, problem, accepted, source)

"""Whether the edge's rules fit the stack: its hostnames, its zones and their plan."""

from collections.abc import Iterator, Mapping

from settings import references
from settings.checks import waf_plans
from settings.derived import waf_rules
from settings.errors import PREFIX, SettingIssue
from settings.options import waf_expressions, zones
from settings.options.waf import IncludedRule, RateLimit, WafOptions, WafRule

KEY = f"{PREFIX}waf"


def mistakes(waf: WafOptions, hostnames: Mapping[str, str], known: Mapping[str, str]) -> Iterator[SettingIssue]:
    """What does not fit. `hostnames` are the stack's, each with its zone; `known` its zones, as sent and as written."""
    yield from _ownership(waf, known)
    for place, rule in _listed(waf):
        for number, name in enumerate(() if isinstance(rule, IncludedRule) else rule.hostnames):
            if name not in hostnames:
                why, accepted = "no route of this stack has it", f"one of {', '.join(hostnames)}"
                at = f"{place}.hostnames[{number}]"
                yield SettingIssue.of(at, name, why, accepted, references.CLOUDFLARE_CUSTOM_RULES)
        yield from waf_plans.beyond(place, rule, waf.plan)
    made = [*waf_rules.own(waf, hostnames), *waf_rules.included(waf)]
    for rule in made:
        if (length := len(rule["expression"])) > waf_expressions.LONGEST:
            why = f"with its hostnames it has {length} characters in {rule['zone']}"
            accepted = f"at most {waf_expressions.LONGEST}: several rules, or hostnames under one wildcard"
            yield SettingIssue.of(KEY, rule["name"], why, accepted, references.CLOUDFLARE_EXPRESSIONS)
    yield from waf_plans.crowded(KEY, made, waf.plan)


def _listed(waf: WafOptions) -> Iterator[tuple[str, WafRule | RateLimit | IncludedRule]]:
    for key, rules in (("rules", waf.rules), ("rateLimits", waf.rate_limits), ("include", waf.include)):
        for number, rule in enumerate(rules):
            yield f"{KEY}.{key}[{number}]", rule


def _ownership(waf: WafOptions, known: Mapping[str, str]) -> Iterator[SettingIssue]:
    source = references.CLOUDFLARE_RULESETS
    for number, zone in enumerate(waf.owns):
        if zone not in known:
            accepted = f"one of {', '.join(known)}"
            yield SettingIssue.of(f"{KEY}.owns[{number}]", zone, "it is none of the stack's zones", accepted, source)
    if waf.adopt and not waf.owns:
        why = "it takes over what is in a zone that this stack owns, and it owns none"
        yield SettingIssue.of(f"{KEY}.adopt", waf.adopt, why, "owns with the zone, too", source)
    for number, rule in enumerate(waf.include):
        if {zones.zone_of(name, known) for name in rule.hostnames} - set(waf.owns):
            why = "its hostnames are not all in a zone that this stack owns"
            accepted = f"hostnames in {' or '.join(waf.owns)}" if waf.owns else "owns with their zone, too"
            yield SettingIssue.of(f"{KEY}.include[{number}].expression", rule.expression, why, accepted, source)

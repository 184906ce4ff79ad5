"""Whether the edge's rules fit the stack: its hostnames, its zones and their plan."""

from collections.abc import Iterator, Mapping

from settings import references
from settings.checks import waf_plans
from settings.derived import waf_rules
from settings.errors import PREFIX, Mistake
from settings.options import waf_expressions, zones
from settings.options.waf import EdgeOptions, EdgeRule, IncludedRule, RateLimit

KEY = f"{PREFIX}edge"


def mistakes(edge: EdgeOptions, hostnames: Mapping[str, str], known: Mapping[str, str]) -> Iterator[Mistake]:
    """What does not fit. `hostnames` are the stack's, each with its zone; `known` its zones, as sent and as written."""
    yield from _ownership(edge, known)
    for place, rule in _listed(edge):
        for number, name in enumerate(() if isinstance(rule, IncludedRule) else rule.hostnames):
            if name not in hostnames:
                why, accepted = "no route of this stack has it", f"one of {', '.join(hostnames)}"
                at = f"{place}.hostnames[{number}]"
                yield Mistake.of(at, name, why, accepted, references.CLOUDFLARE_CUSTOM_RULES)
        yield from waf_plans.beyond(place, rule, edge.plan)
    made = [*waf_rules.own(edge, hostnames), *waf_rules.included(edge)]
    for rule in made:
        if (length := len(rule["expression"])) > waf_expressions.LONGEST:
            why = f"with its hostnames it has {length} characters in {rule['zone']}"
            accepted = f"at most {waf_expressions.LONGEST}: several rules, or hostnames under one wildcard"
            yield Mistake.of(KEY, rule["name"], why, accepted, references.CLOUDFLARE_EXPRESSIONS)
    yield from waf_plans.crowded(KEY, made, edge.plan)


def _listed(edge: EdgeOptions) -> Iterator[tuple[str, EdgeRule | RateLimit | IncludedRule]]:
    for key, rules in (("rules", edge.rules), ("rateLimits", edge.rate_limits), ("include", edge.include)):
        for number, rule in enumerate(rules):
            yield f"{KEY}.{key}[{number}]", rule


def _ownership(edge: EdgeOptions, known: Mapping[str, str]) -> Iterator[Mistake]:
    source = references.CLOUDFLARE_RULESETS
    for number, zone in enumerate(edge.owns):
        if zone not in known:
            accepted = f"one of {', '.join(known)}"
            yield Mistake.of(f"{KEY}.owns[{number}]", zone, "it is none of the stack's zones", accepted, source)
    if edge.adopt and not edge.owns:
        why = "it takes over what is in a zone that this stack owns, and it owns none"
        yield Mistake.of(f"{KEY}.adopt", edge.adopt, why, "owns with the zone, too", source)
    for number, rule in enumerate(edge.include):
        if {zones.zone_of(name, known) for name in rule.hostnames} - set(edge.owns):
            why = "its hostnames are not all in a zone that this stack owns"
            accepted = f"hostnames in {' or '.join(edge.owns)}" if edge.owns else "owns with their zone, too"
            yield Mistake.of(f"{KEY}.include[{number}].expression", rule.expression, why, accepted, source)

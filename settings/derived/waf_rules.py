"""WAF rules of each zone, from the stack's own rules and those that it includes."""

from collections.abc import Iterator, Mapping
from typing import Any

from settings.derived.zones import zone_of
from settings.options import waf_expressions
from settings.options.waf import Rate, RateLimit, WafOptions, WafRule

ZoneRule = dict[str, Any]
"""`{zone, name, action, expression}`, and of a limit `rate`: `{requests, period, timeout, per}`, in seconds."""


def own_rules(waf: WafOptions, hostnames: Mapping[str, str]) -> Iterator[ZoneRule]:
    """The stack's own rules, one for each zone that has some of a rule's hostnames.

    `hostnames` are the stack's, each with its zone.
    """
    for rule in (*waf.rules, *waf.rate_limits):
        for zone in dict.fromkeys(hostnames.values()):
            in_zone = [name for name in rule.hostnames or hostnames if hostnames.get(name) == zone]
            if in_zone:
                condition = rule.condition if isinstance(rule, WafRule) else rule.expression or ""
                expression = waf_expressions.scoped(in_zone, condition)
                zone_rule = {"zone": zone, "name": rule.name, "action": rule.action, "expression": expression}
                yield {**zone_rule, **_rate(rule if isinstance(rule, RateLimit) else None, rule.action)}


def included_rules(waf: WafOptions) -> Iterator[ZoneRule]:
    """The rules of other stacks, in zones that this one owns."""
    for rule in waf.include:
        zone = zone_of(rule.hostnames[0], waf.owns)
        zone_rule = {"zone": zone, "name": rule.name, "action": rule.action, "expression": rule.expression}
        yield {**zone_rule, **_rate(rule.rate, rule.action)}


def rules_for_owned_zones(waf: WafOptions, hostnames: Mapping[str, str]) -> list[ZoneRule]:
    """The rules of the zones that this stack owns: its own and the included ones."""
    return [*(rule for rule in own_rules(waf, hostnames) if rule["zone"] in waf.owns), *included_rules(waf)]


def rules_for_other_owners(waf: WafOptions, hostnames: Mapping[str, str], base: str) -> list[ZoneRule]:
    """The stack's own rules of zones that another stack owns, as that stack includes them: named after `base`, the
    stack's name, and without the zone."""
    return [
        {**{key: value for key, value in rule.items() if key != "zone"}, "name": f"{base}_{rule['name']}"}
        for rule in own_rules(waf, hostnames)
        if rule["zone"] not in waf.owns
    ]


def _rate(rate: Rate | None, action: str) -> dict[str, Any]:
    if rate is None:
        return {}
    timeout = rate.effective_timeout(action)
    return {"rate": {"requests": rate.requests, "period": rate.period, "timeout": timeout, "per": rate.per}}

"""From the stack's rules to those of each zone."""

from collections.abc import Iterator, Mapping
from typing import Any

from settings.options import waf_expressions, zones
from settings.options.waf import Rate, RateLimit, WafOptions, WafRule

ZoneRule = dict[str, Any]
"""`{zone, name, action, expression}`, and of a limit `rate`: `{requests, period, timeout, per}`, in seconds."""


def own(waf: WafOptions, hostnames: Mapping[str, str]) -> Iterator[ZoneRule]:
    """The stack's own rules, one for each zone that has some of a rule's hostnames.

    `hostnames` are the stack's, each with its zone.
    """
    for rule in (*waf.rules, *waf.rate_limits):
        for zone in dict.fromkeys(hostnames.values()):
            meant = [name for name in rule.hostnames or hostnames if hostnames.get(name) == zone]
            if meant:
                condition = rule.condition if isinstance(rule, WafRule) else rule.expression or ""
                expression = waf_expressions.scoped(meant, condition)
                made = {"zone": zone, "name": rule.name, "action": rule.action, "expression": expression}
                yield {**made, **_rate(rule if isinstance(rule, RateLimit) else None, rule.action)}


def included(waf: WafOptions) -> Iterator[ZoneRule]:
    """The rules of other stacks, in zones that this one owns."""
    for rule in waf.include:
        zone = zones.zone_of(rule.hostnames[0], waf.owns) or ""
        made = {"zone": zone, "name": rule.name, "action": rule.action, "expression": rule.expression}
        yield {**made, **_rate(rule.rate, rule.action)}


def _rate(rate: Rate | None, action: str) -> dict[str, Any]:
    if rate is None:
        return {}
    timeout = rate.seconds_out(action)
    return {"rate": {"requests": rate.requests, "period": rate.period, "timeout": timeout, "per": rate.per}}

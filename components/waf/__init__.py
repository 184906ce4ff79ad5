"""WAF custom rules and rate limits, in the zone rulesets this stack owns."""

from components.waf.waf import WafRules

__all__ = ["WafRules"]

"""WAF custom rules and rate limits for the stack's hostnames."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import AfterValidator, StrictInt, ValidationInfo, field_validator, model_validator

from settings import references
from settings.errors import reject
from settings.options import waf_expressions
from settings.options.countries import COUNTRIES
from settings.options.waf_expressions import Expression
from settings.schema import Accepts, Example, Options, one_of
from settings.types.cloudflare import RulesetId
from settings.types.dns import Hostname, ZoneName
from settings.types.network import require_length

PERIODS = (10, 60, 120, 300, 600, 3600)
TIMEOUTS = (0, 10, 60, 120, 300, 600, 3600, 86400)
INCLUDED = "(its hostnames) and (its condition)"
Action = Annotated[
    Literal["block", "managed_challenge", "js_challenge", "challenge"],
    Accepts(source=references.CLOUDFLARE_CUSTOM_RULES),
]


def _rule_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?", text):
        reject("is not a valid name of a rule")
    return text


def _included_rule_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,50}(_[a-z0-9-]{1,50}){1,3}", text):
        reject("is not the name of another stack's rule")
    return text


def _country(text: str) -> str:
    if text.upper() in COUNTRIES and text != text.upper():
        reject("is not in capital letters", text.upper())
    if text not in COUNTRIES:
        hint = "the code of the United Kingdom is GB" if text == "UK" else "the rule would never match"
        reject(f"is not a country code that Cloudflare uses: {hint}")
    return text


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        reject(f"is not a network ({error})")
    require_length(text, network)
    return str(network) if "/" in text else str(network.network_address)


def _step(steps: Sequence[int]) -> Any:
    def check(number: int) -> int:
        if number not in steps:
            reject(f"must be {one_of(steps)}, in seconds")
        return number

    return AfterValidator(check)


def _scoped(text: str) -> str:
    if waf_expressions.unscoped(text) is None:
        reject(f"is not scoped to hostnames in the form {INCLUDED}")
    return text


RuleName = Annotated[
    str,
    AfterValidator(_rule_name),
    Accepts("lower-case letters, digits and hyphens, at most 30", examples=("sanctions",)),
]
Country = Annotated[str, AfterValidator(_country)]
Network = Annotated[str, AfterValidator(_network)]
Asn = Annotated[StrictInt, Ge(1), Le((1 << 32) - 1)]
Hostnames = tuple[Hostname, ...]
Period = Annotated[
    StrictInt,
    _step(PERIODS),
    Accepts(f"{one_of(PERIODS)}; pro up to 60, business up to 600", examples=(60,)),
]
Timeout = Annotated[
    StrictInt,
    _step(TIMEOUTS),
    Accepts(f"{one_of(TIMEOUTS)}; pro up to 3600; 0 with challenges", examples=(60,)),
]


class WafRule(Options):
    """Requests that are blocked or challenged: those that meet one of its conditions."""

    SOURCE = references.CLOUDFLARE_CUSTOM_RULES

    name: RuleName
    """Name of the rule, here and in the dashboard."""
    action: Action = "block"
    """Action on a request that matches."""
    countries: Annotated[
        tuple[Country, ...],
        Accepts(
            "the two capital letters of ISO 3166-1, XX for unknown or T1 for Tor",
            references.CLOUDFLARE_COUNTRIES,
            (["KP", "T1"],),
        ),
    ] = ()
    """Condition: the request is from one of these countries."""
    networks: Annotated[
        tuple[Network, ...],
        Accepts(
            "an address or a network such as 203.0.113.0/24", references.CLOUDFLARE_EXPRESSIONS, (["203.0.113.0/24"],)
        ),
    ] = ()
    """Condition: the request is from one of these networks."""
    asns: Annotated[
        tuple[Asn, ...],
        Accepts("a whole number from 1 to 4294967295", references.CLOUDFLARE_EXPRESSIONS, ([64496],)),
    ] = ()
    """Condition: the request is from one of these autonomous systems, by number."""
    expression: Annotated[
        Expression | None,
        Example('starts_with(http.request.uri.path, "/admin")', 'not ip.src.country in {"NZ" "AU"}'),
    ] = None
    """Condition: the expression is true of the request. It is always scoped to the hostnames below."""
    hostnames: Annotated[
        Hostnames, Accepts(source=references.CLOUDFLARE_CUSTOM_RULES, examples=(["blog.example.com"],))
    ] = ()
    """Hostnames of the stack that the rule is for; omitted, all of them."""

    @model_validator(mode="after")
    def _require_a_condition(self) -> "WafRule":
        if not self.condition:
            reject("would match every request", "at least one of countries, networks, asns and expression")
        return self

    @property
    def condition(self) -> str:
        """The rule's own expression: true where one of its conditions is met."""
        parts = []
        if self.countries:
            parts.append("ip.src.country in {" + " ".join(f'"{country}"' for country in self.countries) + "}")
        if self.networks:
            parts.append("ip.src in {" + " ".join(self.networks) + "}")
        if self.asns:
            parts.append("ip.src.asnum in {" + " ".join(map(str, self.asns)) + "}")
        if self.expression:
            parts.append(f"({self.expression})" if parts else self.expression)
        return " or ".join(parts)


class Rate(Options):
    """How many requests one visitor may make, and for how long more of them are rejected."""

    SOURCE = references.CLOUDFLARE_RATE_LIMITS

    requests: Annotated[StrictInt, Ge(1), Accepts("a whole number of 1 or more", examples=(100,))]
    """Number of requests that a visitor may make in one period."""
    period: Period = 10
    """Length of the period, in seconds."""
    timeout: Timeout | None = None
    """For how long a visitor who makes more requests is blocked or challenged, in seconds. Omitted, 10 with the action
    block and 0 with a challenge."""
    per: Annotated[Literal["ip", "visitor"], Accepts("ip or visitor")] = "ip"
    """What counts as one visitor: an IP address or, with visitor, one of the clients behind a shared address (business
    and above)."""

    def effective_timeout(self, action: str) -> int:
        """The timeout that is sent with an action, in seconds."""
        return self.timeout if self.timeout is not None else 10 if action == "block" else 0


class RateLimit(Rate):
    """A limit to the requests of one visitor."""

    name: Annotated[RuleName, Example("logins")]
    """Name of the limit, here and in the dashboard."""
    action: Annotated[Action, Accepts(source=references.CLOUDFLARE_RATE_LIMITS)] = "block"
    """Action on requests above the limit."""
    expression: Annotated[
        Expression | None,
        Accepts(
            'an expression of the Rules language, such as http.request.uri.path eq "/login"; pro by host, path, query '
            "and URI, business also by method, address and user agent",
            references.CLOUDFLARE_RATE_LIMITS,
            ('http.request.uri.path eq "/login"',),
        ),
    ] = None
    """Requests that count. Omitted, every request for the hostnames below."""
    hostnames: Annotated[
        Hostnames, Accepts(source=references.CLOUDFLARE_RATE_LIMITS, examples=(["blog.example.com"],))
    ] = ()
    """Hostnames of the stack that the limit is for; omitted, all of them, counted together."""


class IncludedRule(Options):
    """A rule of another stack, from its output `wafRules`."""

    SOURCE = references.CLOUDFLARE_CUSTOM_RULES

    name: Annotated[
        str,
        AfterValidator(_included_rule_name),
        Accepts("a name from another stack's output wafRules", examples=("culvert-blog_sanctions",)),
    ]
    """Name of the stack and of the rule."""
    action: Action
    """Action on a request that matches."""
    expression: Annotated[
        str,
        AfterValidator(_scoped),
        Accepts(
            f"an expression from another stack's output wafRules: {INCLUDED}",
            references.CLOUDFLARE_EXPRESSIONS,
            ('(lower(http.host) in {"blog.example.com"}) and (ip.src.country in {"KP"})',),
        ),
    ]
    """Requests that match, with the hostnames that the rule is for."""
    rate: Annotated[Rate | None, Example({"requests": 100, "period": 60})] = None
    """Number of requests, for a rate limit."""

    @property
    def hostnames(self) -> tuple[str, ...]:
        """The hostnames that the rule is for."""
        return (waf_expressions.unscoped(self.expression) or ((), ""))[0]


class WafOptions(Options):
    """Requests that are blocked or challenged before they reach the tunnel. Rules and limits are for this stack's
    hostnames alone."""

    SOURCE = references.CLOUDFLARE_CUSTOM_RULES

    plan: Annotated[
        Literal["free", "pro", "business", "enterprise"],
        Accepts(source=references.CLOUDFLARE_RATE_LIMITS, examples=("pro",)),
    ] = "free"
    """Plan of the zones, the smallest where they differ: it decides how many rules there may be, and of what kind. On
    free a rate limit cannot name a hostname, so it could not be scoped to this stack: limits require pro or above."""
    owns: Annotated[
        tuple[ZoneName, ...], Accepts("zones of culvert:zones", references.CLOUDFLARE_RULESETS, (["example.com"],))
    ] = ()
    """Zones whose rulesets this stack owns, with its own rules and those that it includes. A zone has one ruleset for
    rules and one for limits, so one stack owns them. Rules in them that this stack did not create are kept. For the
    other zones, the stack's output wafRules has the rules that the owner includes."""
    adopt: Annotated[
        tuple[RulesetId, ...],
        Accepts(
            "ids of rulesets, 32 hex digits each",
            references.CLOUDFLARE_RULESETS,
            (["2f2feab2026849078ba485f918791bdc"],),
        ),
    ] = ()
    """Existing rulesets that the stack adopts, by id: the rules in them are kept. The key can be removed afterwards."""
    rules: Annotated[
        tuple[WafRule, ...],
        Accepts(
            "a list of {name, action, countries, networks, asns, expression, hostnames}",
            examples=([{"name": "sanctions", "action": "block", "countries": ["KP"]}],),
        ),
    ] = ()
    """Requests that are blocked or challenged, in the order of evaluation."""
    rate_limits: Annotated[
        tuple[RateLimit, ...],
        Accepts(
            "a list of {name, requests, period, timeout, per, action, expression, hostnames}",
            references.CLOUDFLARE_RATE_LIMITS,
            ([{"name": "logins", "requests": 5, "expression": 'http.request.uri.path eq "/login"'}],),
        ),
    ] = ()
    """Limits to the requests of one visitor."""
    include: Annotated[
        tuple[IncludedRule, ...],
        Accepts(
            "a list of {name, action, expression, rate}",
            references.CLOUDFLARE_RULESETS,
            (
                [
                    {
                        "name": "culvert-blog_sanctions",
                        "action": "block",
                        "expression": '(lower(http.host) in {"blog.example.com"}) and (ip.src.country in {"KP"})',
                    }
                ],
            ),
        ),
    ] = ()
    """Rules of other stacks for zones that this stack owns, from their output wafRules."""

    @field_validator("rate_limits")
    @classmethod
    def _unique_names(cls, limits: tuple[RateLimit, ...], info: ValidationInfo) -> tuple[RateLimit, ...]:
        names = [rule.name for rule in (*info.data.get("rules", ()), *limits)]
        if duplicate := next((name for name in names if names.count(name) > 1), ""):
            reject(f"must have a different name for each rule and limit; repeated: {duplicate}", "each name once")
        return limits

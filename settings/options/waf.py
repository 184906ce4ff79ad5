"""What is turned away at Cloudflare's edge: rules and rate limits for this stack's hostnames."""

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, StrictInt, StrictStr, ValidationInfo, field_validator, model_validator

from settings import references
from settings.errors import reject
from settings.options import waf_expressions
from settings.options.countries import COUNTRIES
from settings.options.routes import HOSTNAME, as_sent
from settings.options.zones import cloudflare_id, zone_name
from settings.schema import Options, setting

NAME = "small letters, digits and hyphens, at most 30"
ACTIONS = "one of block, managed_challenge, js_challenge and challenge"
COUNTRY = "the two capital letters of ISO 3166-1, XX for unknown or T1 for Tor"
NETWORK = "an address or a network such as 203.0.113.0/24"
CONDITIONS = "at least one of countries, networks, asns and expression"
PERIODS = (10, 60, 120, 300, 600, 3600)
TIMEOUTS = (0, 10, 60, 120, 300, 600, 3600, 86400)
Action = Literal["block", "managed_challenge", "js_challenge", "challenge"]


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?", text):
        reject("it does not fit into the name of a rule", NAME, references.CLOUDFLARE_CUSTOM_RULES)
    return text


def _full_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,50}(_[a-z0-9-]{1,50}){1,3}", text):
        accepted = "a rule as another stack's output wafRules has it"
        reject("it is no name that a stack gave to a rule", accepted, references.CLOUDFLARE_CUSTOM_RULES)
    return text


def _country(text: str) -> str:
    if text not in COUNTRIES:
        why = "its code is GB" if text == "UK" else "Cloudflare knows no such country, so the rule would never match"
        reject(why, COUNTRY, references.CLOUDFLARE_COUNTRIES)
    return text


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        reject(f"{error}", NETWORK, references.CLOUDFLARE_EXPRESSIONS)
    return str(network) if "/" in text else str(network.network_address)


def _asn(number: int) -> int:
    if not 1 <= number < 1 << 32:
        accepted = "a whole number from 1 to 4294967295"
        reject("no autonomous system has this number", accepted, references.CLOUDFLARE_EXPRESSIONS)
    return number


def _in_one_of(accepted: tuple[int, ...], number: int) -> int:
    if number not in accepted:
        known = ", ".join(map(str, accepted))
        reject("Cloudflare counts in other steps", f"one of {known}, in seconds", references.CLOUDFLARE_RATE_LIMITS)
    return number


Name = Annotated[StrictStr, AfterValidator(_name)]
Expression = Annotated[StrictStr, AfterValidator(waf_expressions.whole)]
Hostnames = tuple[Annotated[StrictStr, AfterValidator(as_sent)], ...]


class WafRule(Options):
    """Requests that are blocked or challenged: those for which one of its conditions holds."""

    name: Name = setting(
        "What the rule is called here and in the dashboard.",
        NAME,
        references.CLOUDFLARE_CUSTOM_RULES,
        examples=["sanctions"],
    )
    action: Action = setting(
        "What happens to such a request.",
        ACTIONS,
        references.CLOUDFLARE_CUSTOM_RULES,
        examples=["block"],
        default="block",
    )
    countries: tuple[Annotated[StrictStr, AfterValidator(_country)], ...] = setting(
        "From these countries.", COUNTRY, references.CLOUDFLARE_COUNTRIES, examples=[["KP", "T1"]], default=()
    )
    networks: tuple[Annotated[StrictStr, AfterValidator(_network)], ...] = setting(
        "From these networks.", NETWORK, references.CLOUDFLARE_EXPRESSIONS, examples=[["203.0.113.0/24"]], default=()
    )
    asns: tuple[Annotated[StrictInt, AfterValidator(_asn)], ...] = setting(
        "From these autonomous systems, by number.",
        "a whole number from 1 to 4294967295",
        references.CLOUDFLARE_EXPRESSIONS,
        examples=[[64496]],
        default=(),
    )
    expression: Expression | None = setting(
        "Of which this is true. It is kept to the hostnames below, whatever it says.",
        waf_expressions.EXPRESSION,
        references.CLOUDFLARE_EXPRESSIONS,
        examples=['starts_with(http.request.uri.path, "/admin")', 'not ip.src.country in {"NZ" "AU"}'],
        default=None,
    )
    hostnames: Hostnames = setting(
        "For these of the stack's hostnames; left out, for all of them.",
        HOSTNAME,
        references.CLOUDFLARE_CUSTOM_RULES,
        examples=[["blog.example.com"]],
        default=(),
    )

    @model_validator(mode="after")
    def _says_something(self) -> "WafRule":
        if not self.condition:
            reject("it would match every request", CONDITIONS, references.CLOUDFLARE_CUSTOM_RULES)
        return self

    @property
    def condition(self) -> str:
        """The rule's own expression: true where one of its conditions holds."""
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
    """How many requests one visitor may make, and what happens above that."""

    requests: StrictInt = setting(
        "How many requests a visitor may make in one period.",
        "a whole number of 1 or more",
        references.CLOUDFLARE_RATE_LIMITS,
        examples=[100],
        ge=1,
    )
    period: Annotated[StrictInt, AfterValidator(lambda number: _in_one_of(PERIODS, number))] = setting(
        "Length of the period, in seconds.",
        f"one of {', '.join(map(str, PERIODS))}; pro up to 60, business up to 600",
        references.CLOUDFLARE_RATE_LIMITS,
        examples=[60],
        default=10,
    )
    timeout: Annotated[StrictInt, AfterValidator(lambda number: _in_one_of(TIMEOUTS, number))] | None = setting(
        "For how long a visitor is turned away who makes more, in seconds. Left out, 10 where it is blocked and 0 where it is challenged.",
        f"one of {', '.join(map(str, TIMEOUTS))}; pro up to 3600; 0 goes with challenges",
        references.CLOUDFLARE_RATE_LIMITS,
        examples=[60],
        default=None,
    )
    per: Literal["ip", "visitor"] = setting(
        "What is taken for one visitor: an address, or with visitor one of those behind a shared address (business and above).",
        "ip or visitor",
        references.CLOUDFLARE_RATE_LIMITS,
        examples=["ip"],
        default="ip",
    )

    def seconds_out(self, action: str) -> int:
        """The timeout, as it is sent with an action."""
        return self.timeout if self.timeout is not None else 10 if action == "block" else 0


class RateLimit(Rate):
    """A limit to how often one visitor may come."""

    name: Name = setting(
        "What the limit is called here and in the dashboard.",
        NAME,
        references.CLOUDFLARE_RATE_LIMITS,
        examples=["logins"],
    )
    action: Action = setting(
        "What happens above it.", ACTIONS, references.CLOUDFLARE_RATE_LIMITS, examples=["block"], default="block"
    )
    expression: Expression | None = setting(
        "Only requests of which this is true count. Left out, every request to the hostnames below.",
        f"{waf_expressions.EXPRESSION}; pro by host, path, query and URI, business also by method, address and user agent",
        references.CLOUDFLARE_RATE_LIMITS,
        examples=['http.request.uri.path eq "/login"'],
        default=None,
    )
    hostnames: Hostnames = setting(
        "For these of the stack's hostnames; left out, for all of them, counted together.",
        HOSTNAME,
        references.CLOUDFLARE_RATE_LIMITS,
        examples=[["blog.example.com"]],
        default=(),
    )


class IncludedRule(Options):
    """A rule of another stack, as its output `wafRules` has it."""

    name: Annotated[StrictStr, AfterValidator(_full_name)] = setting(
        "The stack's name and the rule's.",
        "a rule as another stack's output wafRules has it",
        references.CLOUDFLARE_CUSTOM_RULES,
        examples=["culvert-blog_sanctions"],
    )
    action: Action = setting(
        "What happens to such a request.", ACTIONS, references.CLOUDFLARE_CUSTOM_RULES, examples=["block"]
    )
    expression: StrictStr = setting(
        "Which requests, with the hostnames that they are for.",
        "an expression as another stack's output wafRules has it: (its hostnames) and (the rest)",
        references.CLOUDFLARE_EXPRESSIONS,
        examples=['(lower(http.host) in {"blog.example.com"}) and (ip.src.country in {"KP"})'],
    )
    rate: Rate | None = setting(
        "Where it is a limit, to how many requests.",
        "{requests, period, timeout, per}",
        references.CLOUDFLARE_RATE_LIMITS,
        examples=[{"requests": 100, "period": 60}],
        default=None,
    )

    @field_validator("expression")
    @classmethod
    def _scoped(cls, text: str) -> str:
        if waf_expressions.unscoped(text) is None:
            why = "it is not kept to hostnames as a stack would keep it"
            accepted = "an expression as another stack's output wafRules has it: (its hostnames) and (the rest)"
            reject(why, accepted, references.CLOUDFLARE_EXPRESSIONS)
        return text

    @property
    def hostnames(self) -> tuple[str, ...]:
        return (waf_expressions.unscoped(self.expression) or ((), ""))[0]


class WafOptions(Options):
    """Who is turned away before a request reaches the tunnel. Rules and limits hold for this stack's hostnames alone."""

    plan: Literal["free", "pro", "business", "enterprise"] = setting(
        "The zones' plan, the smallest where they differ: how many rules there may be, and of what kind. On free a limit may "
        "not name a hostname, so this stack could not keep it to its own: limits need pro or above.",
        "one of free, pro, business and enterprise",
        references.CLOUDFLARE_RATE_LIMITS,
        examples=["pro"],
        default="free",
    )
    owns: tuple[Annotated[StrictStr, AfterValidator(zone_name)], ...] = setting(
        "Zones whose rulesets this stack keeps, its own rules and those that it includes. A zone has one ruleset for rules and "
        "one for limits, so one stack keeps them. Rules that somebody else made in them stay. For other zones, the stack's "
        "output wafRules has what their owner is to include.",
        "zones among culvert:zones",
        references.CLOUDFLARE_RULESETS,
        examples=[["example.com"]],
        default=(),
    )
    adopt: tuple[Annotated[StrictStr, AfterValidator(cloudflare_id)], ...] = setting(
        "Rulesets that were there before, by id: they are taken over, and the rules in them stay. Can be taken out afterwards.",
        "ids of rulesets, 32 hex digits each",
        references.CLOUDFLARE_RULESETS,
        examples=[["2f2feab2026849078ba485f918791bdc"]],
        default=(),
    )
    rules: tuple[WafRule, ...] = setting(
        "Requests that are blocked or challenged, in the order in which they are asked.",
        "a list of {name, action, countries, networks, asns, expression, hostnames}",
        references.CLOUDFLARE_CUSTOM_RULES,
        examples=[[{"name": "sanctions", "action": "block", "countries": ["KP"]}]],
        default=(),
    )
    rate_limits: tuple[RateLimit, ...] = setting(
        "How often one visitor may come.",
        "a list of {name, requests, period, timeout, per, action, expression, hostnames}",
        references.CLOUDFLARE_RATE_LIMITS,
        examples=[[{"name": "logins", "requests": 5, "expression": 'http.request.uri.path eq "/login"'}]],
        default=(),
    )
    include: tuple[IncludedRule, ...] = setting(
        "Rules of other stacks for zones that this one owns, as their output wafRules has them.",
        "a list of {name, action, expression, rate}",
        references.CLOUDFLARE_RULESETS,
        examples=[
            [
                {
                    "name": "culvert-blog_sanctions",
                    "action": "block",
                    "expression": '(lower(http.host) in {"blog.example.com"}) and (ip.src.country in {"KP"})',
                }
            ]
        ],
        default=(),
    )

    @field_validator("rate_limits")
    @classmethod
    def _names_differ(cls, limits: tuple[RateLimit, ...], info: ValidationInfo) -> tuple[RateLimit, ...]:
        names = [rule.name for rule in (*info.data.get("rules", ()), *limits)]
        if twice := next((name for name in names if names.count(name) > 1), ""):
            accepted = "a name of its own for each rule and each limit"
            reject(f"{twice} is the name of two", accepted, references.CLOUDFLARE_CUSTOM_RULES)
        return limits

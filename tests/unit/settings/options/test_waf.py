"""WAF rules: what is sent, that no rule escapes the stack's hostnames, and rules that are rejected."""

from typing import Any

import pytest
from octorules_wirefilter import parse_expression

from sandbox.edge.expressions import compile_expression
from settings import Settings
from settings.options.waf_expressions import scoped, unscoped
from tests.support.settings_examples import ZONE, Case, a_route, assert_rejected, values
from tests.support.visitor_requests import visitor_request

BLOG, WILD = 'lower(http.host) in {"blog.example.com"}', 'http.host wildcard "*.apps.example.com"'
FOREIGN = '(lower(http.host) in {"other.example.com"}) and (ssl)'
LOGIN = 'http.request.uri.path eq "/login"'
# Two expressions that try to close the parentheses around them, and a harmless one.
EVERYONE = 'http.host ne ""'


def given(**edge: Any) -> dict[str, Any]:
    zones = {"example.com": ZONE, "example.org": None}
    hostnames = ("blog.example.com", "*.apps.example.com", "example.org")
    return values(*(a_route(hostname=name, advancedCertificate=True) for name in hostnames), zones=zones, waf=edge)


def rules(**edge: Any) -> list[dict[str, Any]]:
    return Settings.parse(given(owns=["example.com", "example.org"], **edge)).waf_rules()


def test_each_zone_gets_the_rules_for_its_hostnames() -> None:
    assert rules(rules=[{"name": "a", "countries": ["KP", "T1"]}]) == [
        {
            "zone": "example.com",
            "name": "a",
            "action": "block",
            "expression": f'({BLOG} or {WILD}) and (ip.src.country in {{"KP" "T1"}})',
        },
        {
            "zone": "example.org",
            "name": "a",
            "action": "block",
            "expression": '(lower(http.host) in {"example.org"}) and (ip.src.country in {"KP" "T1"})',
        },
    ]


def test_one_condition_is_enough_and_hostnames_can_be_chosen() -> None:
    wanted = {"networks": ["203.0.113.0/24", "2001:db8::1"], "asns": [64496], "expression": "ssl and not ssl"}
    (rule,) = rules(rules=[{"name": "a", "hostnames": ["Blog.example.com"], **wanted}])
    condition = "ip.src in {203.0.113.0/24 2001:db8::1} or ip.src.asnum in {64496} or (ssl and not ssl)"
    assert rule["expression"] == f"({BLOG}) and ({condition})"
    assert "error" not in parse_expression(rule["expression"])


def test_a_limit_has_the_fields_of_its_action() -> None:
    limits = [
        {"name": "a", "requests": 9, "expression": LOGIN, "hostnames": ["example.org"]},
        {"name": "b", "requests": 9, "action": "challenge", "hostnames": ["example.org"]},
    ]
    first, second = rules(plan="pro", rateLimits=limits)
    assert first["expression"] == f'(lower(http.host) in {{"example.org"}}) and ({LOGIN})'
    assert first["rate"] == {"requests": 9, "period": 10, "timeout": 10, "per": "ip"}
    assert (second["expression"], second["rate"]["timeout"]) == ('(lower(http.host) in {"example.org"})', 0)


def test_rules_for_zones_of_another_owner_are_for_that_owner_to_include() -> None:
    edge = {"plan": "pro", "rules": [{"name": "a", "expression": "ssl"}], "rateLimits": [{"name": "b", "requests": 9}]}
    settings = Settings.parse(given(owns=["example.org"], **edge))
    for_owners = settings.waf_rules_for_owners("culvert-blog")
    assert [rule["name"] for rule in for_owners] == ["culvert-blog_a", "culvert-blog_b"]
    assert [rule["zone"] for rule in settings.waf_rules()] == ["example.org", "example.org"]
    owner = Settings.parse(values(waf={"plan": "pro", "owns": ["example.com"], "include": for_owners}))
    assert owner.waf_rules() == [{"zone": "example.com", **rule} for rule in for_owners]
    assert owner.waf_rules_for_owners("culvert-dev") == []


@pytest.mark.parametrize(
    "text",
    [EVERYONE, f"{EVERYONE} or ssl", f'ssl or http.host in {{"x" "y) or ("}} or {EVERYONE}', f"not (not {EVERYONE})"],
)
def test_no_expression_leaves_the_stacks_hostnames(text: str) -> None:
    for rule in rules(rules=[{"name": "a", "expression": text}]):
        assert compile_expression(rule["expression"])(visitor_request(host="other.example.com")) is False
        assert parse_expression(rule["expression"])["top_level_items"] == ["parenthesized", "parenthesized"]
    assert (
        compile_expression(rules(rules=[{"name": "a", "expression": text}])[0]["expression"])(visitor_request()) is True
    )


@pytest.mark.parametrize("host", ["BLOG.example.com", "a.apps.example.com", "a.b.APPS.example.com"])
def test_hostnames_match_in_any_case_and_wildcards_at_any_depth(host: str) -> None:
    assert (
        compile_expression(rules(rules=[{"name": "a", "expression": EVERYONE}])[0]["expression"])(
            visitor_request(host=host)
        )
        is True
    )


def test_only_a_scoped_expression_can_be_unscoped() -> None:
    names = ("*.apps.example.com", "blog.example.com")
    assert unscoped(scoped(names, "ssl")) == (("blog.example.com", "*.apps.example.com"), "ssl")
    assert unscoped(scoped(names)) == (("blog.example.com", "*.apps.example.com"), "")
    for text in ("ssl", f"({BLOG}) or (ssl)", f"({BLOG} or ssl) and (ssl)", f"({BLOG}) and (ssl) or (ssl)"):
        assert unscoped(text) is None


RULE: dict[str, Any] = {"name": "a", "countries": ["KP"]}
LIMIT: dict[str, Any] = {"name": "a", "requests": 9}
INCLUDED: dict[str, Any] = {"name": "culvert-other_a", "action": "block", "expression": FOREIGN}
ZONES = {"owns": ["example.com"]}
CASES: dict[str, Case] = {
    "an unknown plan": ({"plan": "gold"}, "plan", "one of free, pro"),
    "a zone of another stack": ({"owns": ["example.net"]}, "owns[0]", "one of example.com, example.org"),
    "a zone that is not a domain": ({"owns": ["com"]}, "owns[0]", "is not a domain name"),
    "a ruleset by name": ({"adopt": ["default"], **ZONES}, "adopt[0]", "32 hex digits"),
    "a ruleset of no zone": ({"adopt": [ZONE]}, "adopt", "it owns none"),
    "a rule without a name": ({"rules": [{"countries": ["KP"]}]}, "rules[0].name", "is missing"),
    "a rule with a long name": ({"rules": [{**RULE, "name": "a" * 31}]}, "rules[0].name", "at most 30"),
    "two rules of one name": (
        {"plan": "pro", "rules": [RULE], "rateLimits": [LIMIT]},
        "rateLimits",
        "must have a different name for each rule and limit; repeated: a",
    ),
    "an unknown action": ({"rules": [{**RULE, "action": "captcha"}]}, "rules[0].action", "one of block, managed"),
    "a rule without a condition": ({"rules": [{"name": "a"}]}, "rules[0]", "would match every request"),
    "the United Kingdom by its letters": ({"rules": [{**RULE, "countries": ["UK"]}]}, "rules[0].countries[0]", "GB"),
    "an unknown country": ({"rules": [{**RULE, "countries": ["ZZ"]}]}, "rules[0].countries[0]", "never match"),
    "a network with a host in it": (
        {"rules": [{**RULE, "networks": ["10.0.0.1/8"]}]},
        "rules[0].networks[0]",
        "host bits",
    ),
    "a system without a number": ({"rules": [{**RULE, "asns": [0]}]}, "rules[0].asns[0]", "1 to 4294967295"),
    "an expression that closes more than it opens": (
        {"rules": [{"name": "a", "expression": f"ssl) or ({EVERYONE}"}]},
        "rules[0].expression",
        "unrecognised input",
    ),
    "an expression with an open quote": (
        {"rules": [{"name": "a", "expression": 'http.host eq "a'}]},
        "rules[0].expression",
        "ending quote",
    ),
    "an expression with an unknown field": (
        {"rules": [{"name": "a", "expression": "http.hots eq 1"}]},
        "rules[0].expression",
        "unknown identifier",
    ),
    "an empty expression": ({"rules": [{"name": "a", "expression": " "}]}, "rules[0].expression", "it is empty"),
    "an expression that is too long with its hostnames": (
        {"rules": [{"name": "a", "hostnames": ["blog.example.com"], "expression": "ssl or " * 590 + "ssl"}]},
        "",
        "is too long: with its hostnames it has 4182 characters in example.com. "
        "Accepted: at most 4096: several rules, or",
    ),
    "a hostname of no route": (
        {"rules": [{**RULE, "hostnames": ["x.example.com"]}]},
        "rules[0].hostnames[0]",
        "is not the hostname of a route of this stack",
    ),
    "a pattern on free": (
        {"rules": [{"name": "a", "expression": 'http.user_agent matches "^x"'}]},
        "rules[0].expression",
        "uses regular expressions, which the plan free does not have",
    ),
    "another stack's pattern on free": (
        {
            **ZONES,
            "include": [
                {**INCLUDED, "expression": '(lower(http.host) in {"other.example.com"}) and (http.host matches "^x")'}
            ],
        },
        "include[0].expression",
        "uses regular expressions, which the plan free does not have",
    ),
    "six rules on free": (
        {"rules": [{"name": f"a{number}", "countries": ["KP"], "hostnames": ["example.org"]} for number in range(6)]},
        "rules",
        "are more rules than example.org may have on the plan free. Accepted: at most 5",
    ),
    "a limit on free": (
        {"rateLimits": [{**LIMIT, "hostnames": ["example.org"]}]},
        "rateLimits",
        "may not name a hostname",
    ),
    "three limits on pro": (
        {
            "plan": "pro",
            "rateLimits": [{**LIMIT, "name": f"a{number}", "hostnames": ["example.org"]} for number in range(3)],
        },
        "rateLimits",
        "at most 2",
    ),
    "a limit of none": (
        {"plan": "pro", "rateLimits": [{**LIMIT, "requests": 0}]},
        "rateLimits[0].requests",
        "1 or more",
    ),
    "an odd period": ({"plan": "pro", "rateLimits": [{**LIMIT, "period": 7}]}, "rateLimits[0].period", "one of 10, 60"),
    "a period beyond the plan": (
        {"plan": "pro", "rateLimits": [{**LIMIT, "period": 600}]},
        "rateLimits[0].period",
        "at most 60",
    ),
    "another stack's period beyond the plan": (
        {
            **ZONES,
            "plan": "pro",
            "include": [
                {
                    **INCLUDED,
                    "expression": '(lower(http.host) in {"other.example.com"})',
                    "rate": {"requests": 9, "period": 600},
                }
            ],
        },
        "include[0].rate.period",
        "at most 60",
    ),
    "a timeout beyond the plan": (
        {"plan": "pro", "rateLimits": [{**LIMIT, "timeout": 86400}]},
        "rateLimits[0].timeout",
        "10 to 3600",
    ),
    "a block without a timeout": (
        {"plan": "pro", "rateLimits": [{**LIMIT, "timeout": 0}]},
        "rateLimits[0].timeout",
        "is not available on the plan pro with the action block",
    ),
    "a challenge with a timeout": (
        {"plan": "pro", "rateLimits": [{**LIMIT, "action": "js_challenge", "timeout": 10}]},
        "rateLimits[0].timeout",
        "is not available on the plan pro with the action js_challenge",
    ),
    "a limit by what the plan does not see": (
        {"plan": "pro", "rateLimits": [{**LIMIT, "expression": 'http.request.method eq "POST"'}]},
        "rateLimits[0].expression",
        "names http.request.method, which a rate limit on the plan pro may not",
    ),
    "a limit by two fields that the plan does not see": (
        {"plan": "pro", "rateLimits": [{**LIMIT, "expression": 'ssl and http.request.method eq "POST"'}]},
        "rateLimits[0].expression",
        "names http.request.method, ssl, which a rate limit on the plan pro may not",
    ),
    "limits by visitor on pro": (
        {"plan": "pro", "rateLimits": [{**LIMIT, "per": "visitor"}]},
        "rateLimits[0].per",
        "counts by address",
    ),
    "another stack's rule without hostnames": (
        {**ZONES, "include": [{**INCLUDED, "expression": "(ssl) and (ssl)"}]},
        "include[0].expression",
        "is not scoped to hostnames in the form (its hostnames) and (its",
    ),
    "another stack's rule without the stack's name": (
        {**ZONES, "include": [{**INCLUDED, "name": "a"}]},
        "include[0].name",
        "is not the name of another stack's rule",
    ),
    "another stack's rule for another zone": (
        {"owns": ["example.org"], "include": [INCLUDED]},
        "include[0].expression",
        "hostnames in example.org",
    ),
    "another stack's rule for another zone than the two owned": (
        {
            "owns": ["example.com", "example.org"],
            "include": [{**INCLUDED, "expression": '(lower(http.host) in {"other.example.net"}) and (ssl)'}],
        },
        "include[0].expression",
        "hostnames in example.com or example.org",
    ),
    "another stack's rule without owned zones": (
        {"include": [INCLUDED]},
        "include[0].expression",
        "has hostnames outside the zones that this stack owns",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    waf, key, words = case
    assert_rejected((given(**waf), f"waf.{key}", words))


def test_a_zone_may_have_as_much_as_its_plan() -> None:
    allowed = [{**RULE, "name": f"rule{number}", "hostnames": ["example.org"]} for number in range(20)]
    limit = {**LIMIT, "hostnames": ["example.org"], "period": 60, "timeout": 3600}
    limits = [{**limit, "name": f"limit{number}"} for number in range(2)]
    assert len(rules(plan="pro", rules=allowed, rateLimits=limits)) == 22


def test_enterprise_throttles_and_matches_anything() -> None:
    limit = {**LIMIT, "timeout": 0, "per": "visitor", "period": 3600, "expression": 'ip.src.country eq "KP"'}
    assert rules(plan="enterprise", rateLimits=[limit])[0]["rate"]["timeout"] == 0


def test_the_owner_of_several_zones_includes_a_rule_for_one_of_them() -> None:
    blocking, challenge = {"rate": {"requests": 9}}, {"action": "challenge", "rate": {"requests": 9}}
    included = rules(plan="enterprise", include=[INCLUDED, {**INCLUDED, **blocking}, {**INCLUDED, **challenge}])
    assert {(rule["zone"], rule["expression"]) for rule in included} == {("example.com", FOREIGN)}
    rate = {"requests": 9, "period": 10, "timeout": 10, "per": "ip"}
    assert [rule.get("rate") for rule in included] == [None, rate, {**rate, "timeout": 0}]


def test_an_expression_with_its_hostnames_may_have_4096_characters() -> None:
    def rule(length: int) -> dict[str, Any]:
        beginning, end = '(lower(http.host) in {"example.org"}) and (http.request.uri.path eq "/', '")'
        path = "a" * (length - len(beginning + end))
        expression = f'http.request.uri.path eq "/{path}"'
        return {"plan": "pro", "rules": [{"name": "a", "hostnames": ["example.org"], "expression": expression}]}

    assert [len(made["expression"]) for made in rules(**rule(4096))] == [4096]
    assert_rejected((given(owns=["example.org"], **rule(4097)), "waf", "it has 4097 characters in example.org"))

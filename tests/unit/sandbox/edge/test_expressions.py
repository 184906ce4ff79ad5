"""Evaluation of Rules-language expressions: true, false, or unknown."""

import pytest
from octorules_wirefilter import parse_expression

from sandbox.edge.expressions import compile_expression
from tests.support.visitor_requests import visitor_request

TRUE = [
    'http.host eq "blog.example.com"',
    'http.host == "blog.example.com" && ssl',
    'http.host in {"a.example.com" "blog.example.com"}',
    'lower(http.host) in {"blog.example.com"}',
    'http.host wildcard "*.EXAMPLE.com"',
    'not http.host strict wildcard "*.EXAMPLE.com"',
    'http.request.uri.path strict wildcard "/Admin/*"',
    r'not http.host wildcard r"\*.example.com"',
    'ends_with(http.host, ".example.com") and starts_with(http.request.uri.path, "/Admin")',
    'http.request.uri.path matches "^/[A-Z][a-z]+/log"',
    'http.request.uri.query contains "next="',
    'http.request.uri eq "/Admin/login?next=%2F"',
    'http.request.full_uri eq "https://blog.example.com/Admin/login?next=%2F"',
    'http.request.method ne "POST"',
    'http.user_agent contains "curl" and http.cookie eq "a=b" and http.referer eq ""',
    "len(http.host) eq 16 and len(http.host) ge 16 and len(http.host) lt 17",
    "ip.src in {10.0.0.0/8 203.0.113.0/24}",
    "ip.src in {203.0.113.1..203.0.113.9}",
    "ip.src eq 203.0.113.7 and not ip.src in {2001:db8::/32 2001:db8::1}",
    'ip.src.country in {"KP" "NZ"} and ip.geoip.country eq "NZ"',
    'http.host eq "no" or ssl and not http.request.method in {"POST"}',
    'ssl or ssl and http.host eq "no"',
    'ssl xor http.host eq "no"',
    'not (ssl ^^ not http.host eq "no")',
    '!(http.host eq "no" || http.host eq "neither")',
    'http.user_agent ne "a \\" quoted ) or ("',
    'http.user_agent ne r#"raw " ) or ("#',
    # An unknown operand does not matter where the other one decides.
    "ssl or ip.src.asnum eq 64496",
    'not (http.host eq "no" and cf.threat_score gt 10)',
]


@pytest.mark.parametrize("text", TRUE)
def test_an_expression_is_true_and_its_negation_false(text: str) -> None:
    assert "error" not in parse_expression(text)
    assert compile_expression(text)(visitor_request()) is True
    assert compile_expression(f"not ({text})")(visitor_request()) is False


@pytest.mark.parametrize(
    "text",
    [
        "ip.src.asnum eq 64496",
        "not ip.src.asnum in {1..5}",
        "ssl and ip.src.asnum eq 64496",
        "ip.src.asnum eq 64496 or not ssl",
        "ssl xor ip.src.asnum eq 64496",
        "ip.src in $friends",
        "cf.client.bot",
        'concat(http.host, "x") eq "x"',
        'any(http.request.headers["x-own"][*] eq "a")',
        'http.request.headers["x-own"][0] eq "a"',
        'http.request.uri.args["page"][0] eq "a" or ssl',
    ],
)
def test_an_expression_that_depends_on_an_unknown_value_is_neither(text: str) -> None:
    assert "error" not in parse_expression(text)
    assert compile_expression(text)(visitor_request()) is None


def test_an_invalid_address_is_unknown() -> None:
    assert compile_expression("ip.src in {203.0.113.0/24}")(visitor_request(address="somewhere")) is None
    assert compile_expression("ip.src in {203.0.113.0/24}")(visitor_request(address="2001:db8::7")) is False

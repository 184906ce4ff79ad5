"""Hostnames that are rejected."""

import pytest

from tests.support.settings_examples import ZONE, Case, a_route, assert_rejected, values

LONG = ".".join(["a" * 60] * 4 + ["example.com"])
HOSTNAMES: dict[str, Case] = {
    name: (values(a_route(hostname=hostname)), "routes[0].hostname", words)
    for name, hostname, words in (
        ("a hostname with a port", "blog.example.com:8080", "must not have a port"),
        ("a hostname with a scheme", "https://blog.example.com", "must not have a scheme or a path"),
        ("a hostname with a path", "blog.example.com/v1", "must not have a scheme or a path"),
        ("the catch-all", "*", "is the catch-all, which culvert adds itself, with the answer 404"),
        ("a wildcard in the middle", "blog.*.example.com", "must have * as the whole first label, or not at all"),
        ("a wildcard as part of a label", "blog-*.example.com", "must have * as the whole first label, or not at all"),
        ("two wildcards", "*.*.example.com", "must have * as the whole first label, or not at all"),
        ("a label of 64 characters", "a" * 64 + ".example.com", "at most 63 characters"),
        ("a hostname of 255 characters", LONG, "at most 253 characters"),
        (
            "a wildcard of 254 characters",
            "*." + ("a" * 8 + ".") + LONG.removeprefix("a" * 12),
            "at most 253 characters",
        ),
        ("a hostname with an underscore", "my_blog.example.com", "an underscore"),
        ("a hostname with an empty label", "blog..example.com", "is not a domain name"),
        ("a hostname with two dots at its end", "blog.example.com..", "is not a domain name"),
        ("a label that ends with a hyphen", "blog-.example.com", "is not a domain name"),
        ("an address for a hostname", "192.0.2.1", "is not a domain name"),
        ("an empty hostname", "", "is not a domain name"),
        (
            "an international name with a forbidden sign",
            "b☃︎‍.example.com",
            "is not an international domain name (Codepoint U+2603 at position 2 of",
        ),
        ("a label that pretends to be punycode", "xn--a.example.com", "has a label that is not punycode: xn--a"),
        ("a hostname outside every zone", "blog.example.org", "in none of the zones"),
        ("a hostname that only looks like the zone's", "myexample.com", "in none of the zones"),
        ("a hostname two labels below its zone", "a.blog.example.com", "advancedCertificate: true"),
        ("a wildcard two labels below its zone", "*.blog.example.com", "Universal SSL covers example.com"),
    )
}
HOSTNAMES["a hostname outside two zones, after one without a record"] = (
    values(
        a_route(hostname="a.example.net", dns="none"),
        a_route(hostname="b.example.net"),
        zones={"example.com": ZONE, "example.org": None},
    ),
    "routes[1].hostname",
    "Accepted: a hostname in example.com or example.org.",
)


@pytest.mark.parametrize("case", HOSTNAMES.values(), ids=HOSTNAMES)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)

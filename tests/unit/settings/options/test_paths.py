"""Paths that are rejected."""

import pytest

from tests.support.settings_examples import Case, a_route, assert_rejected, values

PATHS: dict[str, Case] = {
    name: (values(a_route(path=path)), f"routes[0].path{key}", words)
    for name, path, key, words in (
        ("a path without a slash", "v1", "", '"v1" must begin with /'),
        (
            "a path with a query",
            {"exact": "/v1?x=1"},
            ".exact",
            "must not have a query or a fragment: the connector compares paths",
        ),
        ("a path with an escape", "/a%20b", "", "must not have percent-escapes: the connector compares decoded paths"),
        ("a path of two kinds", {"prefix": "/v1", "exact": "/v1"}, "", "exactly one of prefix, exact and regex"),
        ("a path of no kind", {}, "", "exactly one of prefix, exact and regex"),
        ("a path of an unknown kind", {"glob": "/v*"}, ".glob", "one of prefix, exact, regex"),
        ("a path by number", 1, "", "a path such as /v1"),
        ("an empty expression", {"regex": ""}, ".regex", "must not be empty"),
        ("an expression that looks ahead", {"regex": "^/(?!admin)"}, ".regex", "without lookaround"),
        ("an expression that refers back", {"regex": r"^/(a)\1"}, ".regex", "invalid escape sequence"),
        ("an expression that does not end", {"regex": "^/[a-z"}, ".regex", "missing ]"),
        (
            "an expression of bytes",
            {"regex": r"^/\C"},
            ".regex",
            "must not have \\C, which Go's variant of RE2 does not support",
        ),
        (
            "an expression that no path begins with",
            {"regex": "^v1/"},
            ".regex",
            "never matches, since every path begins with /",
        ),
    )
}


@pytest.mark.parametrize("case", PATHS.values(), ids=PATHS)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)

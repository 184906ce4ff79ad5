"""Routes that no request reaches."""

import pytest

from tests.support.settings_examples import Case, a_route, assert_rejected, values

HIDDEN: dict[str, Case] = {
    "the same hostname twice": (
        values(a_route(), a_route(service="http://b")),
        "routes[1]",
        "has the same hostname and path as routes[0]",
    ),
    "the same hostname in another case": (values(a_route(), a_route(hostname="BLOG.example.com")), "routes[1]", "same"),
    "the same path twice": (values(a_route(path="/v1"), a_route(path="/v1")), "routes[1]", "^/v1(/|$)"),
    "the same path in another form": (
        values(a_route(path="/v1"), a_route(path="/v1/")),
        "routes[1]",
        "has the same hostname and path as routes[0]",
    ),
    "every path twice": (values(a_route(path="/"), a_route()), "routes[1]", "each hostname and path once"),
    "a prefix as an expression": (
        values(a_route(path="/v1"), a_route(path={"regex": "^/v1(/|$)"})),
        "routes[1]",
        "has the same hostname and path as routes[0]",
    ),
    "a prefix behind an expression": (
        values(a_route(path="/v1"), a_route(path={"regex": "^/v1"})),
        "routes[0].path",
        "is never reached: the rules of routes[1] come first and match every",
    ),
    "a prefix behind an exact path and an expression": (
        values(a_route(path={"exact": "/v1"}), a_route(path="/v1"), a_route(path={"regex": "^/v1/"})),
        "routes[1].path",
        "the rules of routes[0] and routes[2] come first and match every request. "
        "Accepted: a path that routes[0] and routes[2] do not match",
    ),
    "an expression behind another": (
        values(a_route(path={"regex": "^/v1"}), a_route(path={"regex": "^/v1[0-9]"})),
        "routes[1].path",
        "is never reached: the rules of routes[0] come first and match every request. "
        "Accepted: a path that routes[0] does not match",
    ),
    "an exact path behind an expression": (
        values(a_route(path={"exact": "/"}), a_route(path={"regex": "^/$"}), a_route(path={"regex": "^/v1"})),
        "routes[1]",
        "has the same hostname and path as routes[0]",
    ),
    "every path behind an expression for all": (
        values(a_route(), a_route(path={"regex": ".*"})),
        "routes[0].path",
        "is missing: no request reaches the route: the rules of routes[1] come",
    ),
    "every path behind an expression with both ends": (
        values(a_route(), a_route(path={"regex": "^/.*$"})),
        "routes[0].path",
        "routes[1] come first",
    ),
    "an expression behind one for all": (
        values(a_route(path={"regex": "/"}), a_route(path={"regex": r"[.]php$"})),
        "routes[1].path",
        "routes[0] come first",
    ),
    "an expression behind a wider one": (
        values(a_route(path={"regex": "^/v[1]/"}), a_route(path={"regex": "^/v1/"}), a_route(path={"prefix": "/v1"})),
        "routes[1].path",
        "routes[0] come first",
    ),
}


@pytest.mark.parametrize("case", HIDDEN.values(), ids=HIDDEN)
def test_an_invalid_setting_is_rejected(case: Case) -> None:
    assert_rejected(case)

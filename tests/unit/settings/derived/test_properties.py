"""Properties of all accepted settings, verified with a small model of the connector: it accepts the rules, and every
route is reached."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from settings import Route, Settings, SettingsError
from settings.derived.ingress_rules import ingress_rules
from tests.support.connector_model import first_match, problems, unreached
from tests.support.settings_examples import ACCOUNT

ZONES: dict[str, str | None] = {"example.com": None, "Dev.example.com": None, "bücher.example": None}
LABELS = ["a", "b", "Blog"]
SUFFIXES = ["example.com", "dev.example.com", "Example.COM", "bücher.example", "xn--bcher-kva.example"]
INVALID_HOSTNAMES = [
    *(
        "*",
        "a.*.example.com",
        "*a.example.com",
        "*.*.example.com",
        "a.example.com:80",
        "a.example.com..",
        "a..example.com",
    ),
    *("https://a.example.com", "a.example.org", "a_b.example.com", "xn--a.example.com", "a" * 64 + ".example.com", ""),
    ".".join(["a" * 60] * 4 + ["example.com"]),
]
SERVICES = [
    *(
        "http://blog",
        "https://Blog:8443",
        "ws://blog",
        "wss://api.shop.svc",
        "tcp://db:5432",
        "ssh://jump",
        "rdp://desk",
    ),
    *("smb://files.shop.svc.cluster.local", "http://10.0.0.5:8080", "https://[FD00::5]", "unix:/run/app.sock"),
    *("unix+tls:/run/app.sock", "http_status:100", "http_status:999", "hello_world"),
]
INVALID_SERVICES = [
    *(
        "blog",
        "ftp://blog",
        "http://blog//",
        "http://blog?x",
        "http://a:b@blog",
        "http://",
        "tcp://db",
        "http://blog:0",
    ),
    *("http://blog:65536", "http://blog:", "http://localhost", "http://127.0.0.1", "http://169.254.169.254", "bastion"),
    *(
        "http_status:99",
        "http_status:1000",
        "http_status:0404",
        "unix:app.sock",
        "unix:",
        "http://[::1]",
        "socks-proxy",
    ),
    *("http://a b", "https://origin.example.org", ""),
]
PATHS: list[Any] = [
    *(None, None, "/", "/v1", "/v1/", "/v10", "/v1/users", "/a.b"),
    *({"exact": "/"}, {"exact": "/v1"}, {"exact": "/v1/users"}, {"exact": "/a+b"}),
    *({"regex": regex} for regex in (".*", "^/", "^/v1", "^/v1/", "^/v1$", "^/v1(/a|/b)$", "^/v[12]/")),
    *({"regex": regex} for regex in ("[.]php$", "(?i)^/DOCS", "^/a|/b", "^/v1/users/[0-9]+$", "^/.*$", r"\bx\b")),
]
INVALID_PATHS: list[Any] = [
    *("v1", "", "/a?b", "/a%20b", {}, {"prefix": "/a", "exact": "/a"}, {"regex": "("}, {"regex": "^/(?=a)"}),
    *({"regex": r"(a)\1"}, {"regex": "^v1"}, {"regex": ""}, {"exact": "a"}, {"glob": "/*"}),
]
REQUESTS = [
    *("/", "/v1", "/v1/", "/v1/a", "/v1/b", "/v1/x", "/v1/users", "/v1/users/", "/v1/users/7", "/v1/users/x", "/v1x"),
    *("/v10", "/v10/a", "/v2", "/v2/a", "/a", "/ab", "/b", "/z/b", "/a.b", "/a.b/c", "/axb", "/a+b", "/a+b/c", "/aab"),
    *("/z.php", "/v1.php", "/v1/z.php", "/docs", "/Docs/a", "/x", "/xx", "/z/x/y", "/v1/x/y", "/zzz"),
]


def with_invalid(good: st.SearchStrategy[Any], invalid: list[Any], flaw: bool) -> st.SearchStrategy[Any]:
    return st.one_of(good, good, good, st.sampled_from(invalid)) if flaw else good


@st.composite
def hostnames(draw: st.DrawFn) -> str:
    suffix, depth = draw(st.sampled_from(SUFFIXES)), draw(st.sampled_from([0, 1, 1, 1, 1, 1, 2]))
    wildcard = ["*"] if depth and draw(st.integers(0, 2)) == 0 else []
    labels = [draw(st.sampled_from(LABELS)) for _ in range(depth - len(wildcard))]
    return ".".join([*wildcard, *labels, suffix])


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Settings of which half have no invalid value; these may still repeat or shadow a route."""
    flaw = draw(st.booleans())
    # Few hostnames, so that routes share one.
    good = st.sampled_from(draw(st.lists(hostnames(), min_size=1, max_size=3)))
    route = st.fixed_dictionaries(
        {
            "hostname": with_invalid(good, INVALID_HOSTNAMES, flaw),
            "service": with_invalid(st.sampled_from(SERVICES), INVALID_SERVICES, flaw),
            "path": with_invalid(st.sampled_from(PATHS), INVALID_PATHS, flaw),
            "advancedCertificate": st.sampled_from([True, False]) if flaw else st.just(True),
        }
    )
    routes = draw(st.lists(route, min_size=1, max_size=5))
    return {"accountId": ACCOUNT, "zones": ZONES, "routes": routes}


def reached(rules: list[dict[str, Any]]) -> set[int]:
    """The rules that some request reaches, out of many."""
    suffixes = {str(rule.get("hostname", "")).removeprefix("*.") for rule in rules} - {""}
    hosts = {f"{front}{suffix}" for suffix in suffixes for front in ("", "a.", "q.", "z.q.")} | {"elsewhere.test"}
    return set(range(len(rules))) - unreached(rules, hosts, REQUESTS)


def outcome(given_settings: dict[str, Any]) -> str:
    """Compare accepted settings with the connector, and rejected ones with their reason."""
    try:
        settings = Settings.parse(given_settings)
    except SettingsError as error:
        shadowed = [issue for issue in error.issues if "come first and match every request" in issue.message]
        if len(shadowed) != len(error.issues):
            return "rejected"
        routes = [Route.model_validate(route) for route in given_settings["routes"]]
        return _shadowed(ingress_rules(routes, "web"), len(shadowed))
    rules = settings.ingress_rules("web")
    assert problems(rules) == []
    assert reached(rules) == set(range(len(rules))), rules
    assert len(rules) == len(given_settings["routes"]) + 1
    for hostname, zone in settings.hostnames().items():
        assert f".{hostname}".endswith(f".{zone}")
        covered = len(hostname.split(".")) - len(zone.split(".")) <= 1
        assert covered or all(route.advanced_certificate for route in settings.routes if route.hostname == hostname)
    return "accepted"


def _shadowed(rules: list[dict[str, Any]], count: int) -> str:
    assert len(rules) - len(reached(rules)) >= count, rules
    return "rejected for a shadowed route"


@given(configurations())
@runs(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_connector_accepts_the_rules_and_every_route_is_reached(given_settings: dict[str, Any]) -> None:
    event(outcome(given_settings))


def test_a_fair_share_of_the_examples_is_accepted_and_rejected_for_each_reason() -> None:
    outcomes: Counter[str] = Counter()

    @given(configurations())
    @runs(max_examples=300, deadline=None, derandomize=True, database=None)
    def count(given_settings: dict[str, Any]) -> None:
        outcomes[outcome(given_settings)] += 1

    count()
    total = outcomes.total()
    assert total >= 250
    assert total / 4 < outcomes["accepted"] < total * 3 / 4
    assert outcomes["rejected"] > total / 10
    assert outcomes["rejected for a shadowed route"] >= 3


@pytest.mark.parametrize("services", [SERVICES])
def test_every_kind_of_service_is_accepted(services: list[str]) -> None:
    for service in services:
        route = {"hostname": "a.example.com", "service": service}
        assert outcome({"accountId": ACCOUNT, "zones": ZONES, "routes": [route]}) == "accepted", service


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([{"hostname": "a.b", "service": "http_status:404"}], "only the last rule matches everything"),
        ([{"service": "hello_world"}, {"service": "http_status:404"}], "only the last rule matches everything"),
        ([{"hostname": "a.b:80", "service": "hello_world"}], "a hostname has no port"),
        ([{"hostname": "a.*.b", "service": "hello_world"}], "the whole first label"),
        ([{"hostname": "*a.b", "service": "hello_world"}], "the whole first label"),
        ([{"hostname": "A.b", "service": "hello_world"}], "compared case-sensitively"),
        ([{"hostname": "a" * 64 + ".b", "service": "hello_world"}], "too long"),
        ([{"path": "(", "service": "hello_world"}], "not a valid RE2 expression"),
        ([{"service": "http_status:99"}], "a status is from 100 to 999"),
        ([{"service": "http://a.b/c"}], "a known scheme, a host and nothing else"),
        ([{"service": "ftp://a.b"}], "a known scheme, a host and nothing else"),
        ([{"service": "tcp://a.b"}], "tcp requires a port"),
        ([{"service": "tcp://a.b:0"}], "a port is from 1 to 65535"),
        ([{"service": "http://blog"}], "sent by its full name"),
        ([{"service": "http://[::1]"}], "an origin is outside the pod"),
    ],
)
def test_the_model_of_the_connector_reports_problems(rules: list[dict[str, Any]], words: str) -> None:
    assert words in " ".join(problems(rules))


def test_the_model_of_the_connector_applies_the_first_match() -> None:
    rules = [
        {"hostname": "a.example.com", "path": "^/v1", "service": "hello_world"},
        {"hostname": "*.example.com", "service": "hello_world"},
        {"service": "http_status:404"},
    ]
    requests = [("a.example.com", "/v1"), ("a.example.com", "/"), ("b.a.example.com", "/v1"), ("example.com", "/v1")]
    assert [first_match(rules, *request) for request in requests] == [0, 1, 1, 2]
    assert unreached(rules, ["a.example.com"], ["/v1"]) == {1, 2}

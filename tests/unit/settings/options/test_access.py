"""Cloudflare Access of routes: applications, JWTs that the connector requires, and options that are rejected."""

import sys
from collections import Counter
from typing import Any

import pytest

from settings import AddressDestination, Settings
from settings.derived.access_applications import covering
from settings.options.access import SIGNING_KEY_ADDRESSES
from tests.support.settings_examples import a_route, assert_rejected, rejection, values

ANN = {"allow": {"emails": ["ann@example.com"]}}
CI = {"serviceTokens": ["ci"]}
ID = "6a6f1e0a-5f3c-4e0b-9d0a-2c7a4a6f8b11"


def parsed(*routes: dict[str, Any], **more: Any) -> Settings:
    return Settings.parse(values(*routes, **{"accessTeam": "acme", **more}))


def domains(settings: Settings) -> dict[str, list[str]]:
    """The domains of each application, by name."""
    return {application.name: [*application.domains] for application in settings.access_applications()}


def audiences(settings: Settings) -> dict[str, str | None]:
    """The application whose JWT the connector requires, by hostname and path expression."""
    rules = settings.ingress_rules("web", {each.name: each.name for each in settings.access_applications()})
    required = {
        f"{rule.get('hostname', '*')} {rule.get('path', '')}".strip(): rule.get("origin_request", {}).get("access")
        for rule in rules
    }
    assert all(each is None or (each["required"], each["team_name"]) == (True, "acme") for each in required.values())
    return {requests: each and each["aud_tags"][0] for requests, each in required.items()}


def test_a_protected_hostname_has_one_application_whose_jwt_the_connector_requires() -> None:
    settings = parsed(a_route(access=ANN), a_route(hostname="open.example.com"))
    assert domains(settings) == {"blog.example.com": ["blog.example.com"]}
    assert audiences(settings) == {"blog.example.com": "blog.example.com", "open.example.com": None, "*": None}


def test_paths_with_the_same_access_share_an_application() -> None:
    settings = parsed(a_route(path="/admin", access=ANN), a_route(path="/ops", access=ANN), a_route())
    assert domains(settings) == {"blog.example.com": ["blog.example.com/ops", "blog.example.com/admin"]}
    assert domains(parsed(a_route(access=ANN), a_route(path="/admin", access=ANN))) == {
        "blog.example.com": ["blog.example.com"]
    }


def test_paths_with_different_access_have_an_application_each_and_so_has_a_public_one() -> None:
    settings = parsed(
        a_route(access=ANN),
        a_route(path="/ops", access=CI),
        a_route(path="/ops/mine", access=ANN),
        a_route(path="/hook", public=True),
        a_route(path="/hook/more", public=True),
    )
    assert domains(settings) == {
        "blog.example.com": ["blog.example.com", "blog.example.com/ops/mine"],
        "blog.example.com/ops": ["blog.example.com/ops"],
        "blog.example.com-public": ["blog.example.com/hook"],
    }
    required = audiences(settings)
    assert required["blog.example.com ^/ops(/|$)"] == "blog.example.com/ops"
    assert required["blog.example.com ^/ops/mine(/|$)"] == "blog.example.com"
    assert required["blog.example.com ^/hook(/|$)"] is None


@pytest.mark.parametrize(
    ("path", "domain"),
    [
        ("/", "blog.example.com"),
        ({"exact": "/a/b"}, "blog.example.com/a/b"),
        ("/X/", "blog.example.com/X"),
        ({"regex": "^/v[12]/"}, "blog.example.com"),
        ({"regex": "^/images/.*[.]png$"}, "blog.example.com/images"),
        ({"regex": "[.]png$"}, "blog.example.com"),
    ],
)
def test_an_application_covers_every_request_of_its_route(path: Any, domain: str) -> None:
    assert domains(parsed(a_route(path=path, access=ANN))) == {"blog.example.com": [domain]}


def test_a_hostname_below_a_protected_wildcard_must_be_public_or_protected() -> None:
    wild = a_route(hostname="*.example.com", access=ANN)
    assert domains(parsed(wild, a_route(public=True))) == {
        "*.example.com": ["*.example.com"],
        "blog.example.com-public": ["blog.example.com"],
    }
    assert domains(parsed(wild, a_route(hostname="example.com"))) == {"*.example.com": ["*.example.com"]}
    # Nothing covers example.com: it needs no application.
    apex = a_route(hostname="example.com", public=True)
    assert domains(parsed(wild, apex)) == {"*.example.com": ["*.example.com"]}


def test_emails_domains_and_ids_are_normalized() -> None:
    access = {"allow": {"emails": ["Ann@Example.com"], "emailDomains": ["Exämple.org"], "groups": [ID.upper()]}}
    (application,) = parsed(a_route(access={**access, "sessionDuration": "30m"})).access_applications()
    assert application.access
    allow = application.access.allow
    assert (allow.emails, allow.email_domains, allow.groups) == (("ann@example.com",), ("xn--exmple-cua.org",), (ID,))
    assert application.access.session_duration == "30m"


def test_a_route_keeps_its_origin_options_beside_access() -> None:
    settings = parsed(a_route(access=ANN, origin={"connectTimeout": 5}))
    (audience,) = (each.name for each in settings.access_applications())
    request = settings.ingress_rules("web", {audience: "aud"})[0]["origin_request"]
    without = parsed(a_route(origin={"connectTimeout": 5})).ingress_rules("web")[0]["origin_request"]
    assert request == {**without, "access": {"required": True, "team_name": "acme", "aud_tags": ["aud"]}}


def test_access_requires_a_team() -> None:
    rejection(
        parsed,
        a_route(hostname="open.example.com"),
        a_route(access=ANN),
        a_route(path="/ops", access=ANN),
        accessTeam=None,
    )
    assert parsed(a_route(), accessTeam="").access_team is None


def test_a_connector_that_verifies_jwts_reaches_the_teams_signing_keys() -> None:
    signing_keys = [AddressDestination(address, 443) for address in SIGNING_KEY_ADDRESSES]
    assert [*parsed(a_route(access=ANN)).destinations("web")][1:] == signing_keys
    assert len(parsed(a_route(public=True)).destinations("web")) == 1


INVALID: dict[str, tuple[dict[str, Any], str, str]] = {
    "no identity": ({}, "", "lets no request through. Accepted: a user under allow"),
    "a country alone": ({"countries": ["DE"]}, "", "lets no request through"),
    "an address without a domain": ({"allow": {"emails": ["ann"]}}, ".allow.emails[0]", "is not an e-mail address"),
    "an address with two @": (
        {"allow": {"emails": ["a@b@example.com"]}},
        ".allow.emails[0]",
        "is not an e-mail address",
    ),
    "an address twice": (
        {"allow": {"emails": ["a@b.de", "A@b.de"]}},
        ".allow.emails",
        "must have each value once; repeated: a@b.de",
    ),
    "an address for a domain": (
        {"allow": {"emailDomains": ["@b.de"]}},
        ".allow.emailDomains[0]",
        "must be a domain alone",
    ),
    "a group by its name": (
        {"allow": {"groups": ["friends"]}},
        ".allow.groups[0]",
        "is not a UUID. Accepted: the id at Cloudflare",
    ),
    "a provider by its name": (
        {"allow": {"identityProviders": ["okta"]}},
        ".allow.identityProviders[0]",
        "is not a UUID. Accepted: the id at",
    ),
    "everyone": ({"allow": {"everyone": True}}, ".allow.everyone", "is an unknown setting, set to true"),
    "the United Kingdom as UK": ({**ANN, "countries": ["UK"]}, ".countries[0]", "the code of the United Kingdom is GB"),
    "a country in small letters": (
        {**ANN, "countries": ["de"]},
        ".countries[0]",
        "is not in capital letters. Accepted: DE.",
    ),
    "the Tor network": ({**ANN, "countries": ["T1"]}, ".countries[0]", "is not a country code"),
    "a token with blanks": (
        {"serviceTokens": ["my ci"]},
        ".serviceTokens[0]",
        "is not a valid name of a service token",
    ),
    "a session of days": ({**ANN, "sessionDuration": "1d"}, ".sessionDuration", "from 1m to 730h"),
    "a session for ever": ({**ANN, "sessionDuration": "731h"}, ".sessionDuration", "from 1m to 730h"),
    "a session of nothing": ({**ANN, "sessionDuration": "0h"}, ".sessionDuration", "from 1m to 730h"),
}


@pytest.mark.parametrize(("access", "key", "words"), INVALID.values(), ids=INVALID)
def test_invalid_access_is_rejected(access: dict[str, Any], key: str, words: str) -> None:
    assert_rejected((values(a_route(access=access), accessTeam="acme"), f"routes[0].access{key}", words))


@pytest.mark.parametrize("team", ["acme.cloudflareaccess.com", "https://acme", "-"])
def test_a_team_is_its_name_alone(team: str) -> None:
    assert_rejected((values(a_route(access=ANN), accessTeam=team), "accessTeam", "is not the name of a team"))


CONFLICTS: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "protected and public": ([a_route(access=ANN, public=True)], "routes[0].access", "is set for a public route"),
    "a path that is neither protected nor public": (
        [a_route(access=ANN), a_route(path="/hook")],
        "routes[1]",
        "public: true",
    ),
    "a hostname below a wildcard": (
        [a_route(hostname="*.example.com", access=ANN), a_route()],
        "routes[1]",
        "public: true",
    ),
    "a path below one of the same hostname and one of a wildcard": (
        [a_route(hostname="*.example.com", path="/admin", access=ANN), a_route(access=ANN), a_route(path="/admin/ops")],
        "routes[2]",
        "would be covered by the access of blog.example.com.",
    ),
    "a public expression": (
        [a_route(access=ANN), a_route(path={"regex": "^/v[12]"}, public=True)],
        "routes[1]",
        "cannot be public: Access cannot tell it from blog.example.com, which has access",
    ),
    "a public prefix with a protected exact path": (
        [a_route(path={"exact": "/a"}, access=ANN), a_route(path="/a", public=True)],
        "routes[1]",
        "cannot be public: Access cannot tell it from blog.example.com/a, which has access",
    ),
    "different access for one domain": (
        [a_route(access=ANN), a_route(path={"regex": "^/v[12]"}, access=CI)],
        "routes[1]",
        "cannot tell the two apart",
    ),
    "a wildcard in a path": (
        [a_route(path={"regex": "^/a[*]/b"}, access=ANN)],
        "routes[0].path",
        "has a *, which Access treats as a wildcard",
    ),
    "more paths than an application has": (
        [a_route(path=f"/{number}", access=ANN) for number in range(6)],
        "routes",
        "has access for 6 paths, but an application has at most 5",
    ),
    "a path that is neither protected nor public below one of too many": (
        [*(a_route(path=f"/{number}", access=ANN) for number in range(6)), a_route(path="/5/hook")],
        "routes[6]",
        "would be covered by the access of blog.example.com/5",
    ),
}


@pytest.mark.parametrize(("routes", "key", "words"), CONFLICTS.values(), ids=CONFLICTS)
def test_routes_that_access_cannot_tell_apart_are_rejected(routes: list[Any], key: str, words: str) -> None:
    assert_rejected((values(*routes, accessTeam="acme"), key, words))


def test_an_application_may_have_five_paths() -> None:
    settings = parsed(*(a_route(path=f"/{number}", access=ANN) for number in range(5)))
    assert len(domains(settings)["blog.example.com"]) == 5


def test_a_fixed_status_beside_or_below_a_protected_path_needs_no_public() -> None:
    settings = parsed(a_route(path="/admin", access=ANN), a_route(service="http_status:410"))
    assert domains(settings) == {"blog.example.com": ["blog.example.com/admin"]}
    settings = parsed(a_route(access=ANN), a_route(path="/admin", service="http_status:410"))
    assert domains(settings) == {"blog.example.com": ["blog.example.com"]}


@pytest.mark.parametrize("domain", ["a.example.com", "a.example.com/v1", "*.example.com/v1/x", "a.b.example.com//v1/"])
def test_an_application_is_found_by_the_parts_of_a_domain(domain: str) -> None:
    hosts = ("a.example.com", "*.example.com", "*.b.example.com", "a.b.example.com", "b.example.com", "*.com")
    candidates = [host + path for host in hosts for path in ("", "/v1", "/v", "/v1/x", "/v1/xy", "//v1")]

    def covers(outer: str) -> bool:
        (host, _, path), (inner, _, below) = outer.partition("/"), domain.partition("/")
        same_host = host == inner or (host.startswith("*.") and inner.partition(".")[2] == host[2:])
        return same_host and (not path or f"{below}/".startswith(f"{path}/"))

    assert set(covering(domain, candidates)) == {each for each in candidates if covers(each)}


def test_many_routes_with_access_are_checked_one_by_one_and_not_in_pairs() -> None:
    def calls(number: int) -> int:
        some = [a_route(hostname=f"h{each}.example.com", path="/in", access=ANN) for each in range(number)]
        public = [a_route(hostname=f"h{each}.example.com", path="/in/out", public=True) for each in range(number)]
        found = Counter[str]()
        sys.setprofile(lambda _frame, event, _: found.update([event]))
        try:
            settings = parsed(*some, *public)
            assert len(settings.access_applications()) == 2 * number
            assert settings.ingress_rules("web")
        finally:
            sys.setprofile(None)
        return found["call"] + found["c_call"]

    calls(1)  # what is done once, such as the import of a module
    assert calls(200) < 2.5 * calls(100)

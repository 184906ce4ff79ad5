"""Who may pass before a route: what stands before which requests, and what is refused."""

from typing import Any

import pytest

from settings import AddressDestination, Settings, SettingsError
from settings.options.access import KEYS
from tests.support.settings_examples import a_route, values

ANN = {"allow": {"emails": ["ann@example.com"]}}
CI = {"serviceTokens": ["ci"]}
ID = "6a6f1e0a-5f3c-4e0b-9d0a-2c7a4a6f8b11"


def parsed(*routes: dict[str, Any], **more: Any) -> Settings:
    return Settings.parse(values(*routes, **{"accessTeam": "acme", **more}))


def found(settings: Settings) -> dict[str, list[str]]:
    """The domains of each guard, by name."""
    return {guard.name: [*guard.domains] for guard in settings.access_applications()}


def checked(settings: Settings) -> dict[str, str | None]:
    """Whose tickets the connector asks for, by hostname and path expression."""
    rules = settings.ingress_rules("web", {guard.name: guard.name for guard in settings.access_applications()})
    asked = {
        f"{rule.get('hostname', '*')} {rule.get('path', '')}".strip(): rule.get("origin_request", {}).get("access")
        for rule in rules
    }
    assert all(each is None or (each["required"], each["team_name"]) == (True, "acme") for each in asked.values())
    return {requests: each and each["aud_tags"][0] for requests, each in asked.items()}


def test_a_guarded_hostname_has_one_application_that_the_connector_trusts() -> None:
    settings = parsed(a_route(access=ANN), a_route(hostname="open.example.com"))
    assert found(settings) == {"blog.example.com": ["blog.example.com"]}
    assert checked(settings) == {"blog.example.com": "blog.example.com", "open.example.com": None, "*": None}


def test_paths_with_the_same_people_share_an_application() -> None:
    settings = parsed(a_route(path="/ops", access=ANN), a_route(path="/admin", access=ANN), a_route())
    assert found(settings) == {"blog.example.com": ["blog.example.com/ops", "blog.example.com/admin"]}
    assert found(parsed(a_route(access=ANN), a_route(path="/admin", access=ANN))) == {
        "blog.example.com": ["blog.example.com"]
    }


def test_paths_with_other_people_have_an_application_each_and_an_open_one_too() -> None:
    settings = parsed(
        a_route(access=ANN),
        a_route(path="/ops", access=CI),
        a_route(path="/ops/mine", access=ANN),
        a_route(path="/hook", public=True),
        a_route(path="/hook/more", public=True),
    )
    assert found(settings) == {
        "blog.example.com": ["blog.example.com", "blog.example.com/ops/mine"],
        "blog.example.com/ops": ["blog.example.com/ops"],
        "blog.example.com-public": ["blog.example.com/hook"],
    }
    asked = checked(settings)
    assert asked["blog.example.com ^/ops(/|$)"] == "blog.example.com/ops"
    assert asked["blog.example.com ^/ops/mine(/|$)"] == "blog.example.com"
    assert asked["blog.example.com ^/hook(/|$)"] is None


@pytest.mark.parametrize(
    ("path", "domain"),
    [
        ("/", "blog.example.com"),
        ({"exact": "/a/b"}, "blog.example.com/a/b"),
        ({"regex": "^/v[12]/"}, "blog.example.com"),
        ({"regex": "^/images/.*[.]png$"}, "blog.example.com/images"),
        ({"regex": "[.]png$"}, "blog.example.com"),
    ],
)
def test_an_application_stands_before_every_request_of_its_route(path: Any, domain: str) -> None:
    assert found(parsed(a_route(path=path, access=ANN))) == {"blog.example.com": [domain]}


def test_a_hostname_under_a_guarded_wildcard_says_what_it_is() -> None:
    wild = a_route(hostname="*.example.com", access=ANN)
    assert found(parsed(wild, a_route(public=True))) == {
        "*.example.com": ["*.example.com"],
        "blog.example.com-public": ["blog.example.com"],
    }
    assert found(parsed(wild, a_route(hostname="example.com"))) == {"*.example.com": ["*.example.com"]}


def test_people_and_names_are_sent_in_one_form() -> None:
    access = {"allow": {"emails": ["Ann@Example.com"], "emailDomains": ["Exämple.org"], "groups": [ID.upper()]}}
    (guard,) = parsed(a_route(access={**access, "sessionDuration": "30m"})).access_applications()
    assert guard.parts() == {
        "domains": ["blog.example.com"],
        "emails": ["ann@example.com"],
        "email_domains": ["xn--exmple-cua.org"],
        "groups": [ID],
        "session_duration": "30m",
    }


def test_the_team_is_asked_for_where_there_is_something_to_sign() -> None:
    with pytest.raises(SettingsError, match=r"accessTeam is missing: routes\[1\] has access"):
        parsed(a_route(hostname="open.example.com"), a_route(access=ANN), accessTeam=None)
    assert parsed(a_route(), accessTeam="").access_team is None


def test_a_connector_that_checks_tickets_reaches_the_teams_keys() -> None:
    keys = [AddressDestination(address, 443) for address in KEYS]
    assert [*parsed(a_route(access=ANN)).destinations("web")][1:] == keys
    assert len(parsed(a_route(public=True)).destinations("web")) == 1


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "nobody": ({}, "", "nobody may pass"),
    "nobody, from somewhere": ({"countries": ["DE"]}, "", "nobody may pass"),
    "no address": ({"allow": {"emails": ["ann"]}}, ".allow.emails[0]", "no e-mail address"),
    "an address of two people": ({"allow": {"emails": ["a@b@example.com"]}}, ".allow.emails[0]", "no e-mail address"),
    "an address twice": (
        {"allow": {"emails": ["a@b.de", "A@b.de"]}},
        ".allow.emails",
        "a@b.de is there more than once",
    ),
    "an address for a domain": ({"allow": {"emailDomains": ["@b.de"]}}, ".allow.emailDomains[0]", "more than a domain"),
    "a group by its name": ({"allow": {"groups": ["friends"]}}, ".allow.groups[0]", "the id that Cloudflare gave it"),
    "a provider by its name": ({"allow": {"identityProviders": ["okta"]}}, ".allow.identityProviders[0]", "the id"),
    "everybody": ({"allow": {"everyone": True}}, ".allow.everyone", "there is no such setting"),
    "a country in the vernacular": ({**ANN, "countries": ["UK"]}, ".countries[0]", "its code is GB"),
    "a country in small letters": ({**ANN, "countries": ["de"]}, ".countries[0]", "two capital letters"),
    "a network for a country": ({**ANN, "countries": ["T1"]}, ".countries[0]", "no country's code"),
    "a token with blanks": ({"serviceTokens": ["my ci"]}, ".serviceTokens[0]", "no name for a service token"),
    "a session of days": ({**ANN, "sessionDuration": "1d"}, ".sessionDuration", "from 1m to 730h"),
    "a session for ever": ({**ANN, "sessionDuration": "731h"}, ".sessionDuration", "from 1m to 730h"),
    "a session of nothing": ({**ANN, "sessionDuration": "0h"}, ".sessionDuration", "from 1m to 730h"),
}


@pytest.mark.parametrize(("access", "key", "says"), BAD.values(), ids=BAD)
def test_access_that_cannot_be_is_refused(access: dict[str, Any], key: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parsed(a_route(access=access))
    (mistake,) = refused.value.mistakes
    assert mistake.key == f"culvert:routes[0].access{key}"
    assert says in mistake.message


@pytest.mark.parametrize("team", ["acme.cloudflareaccess.com", "https://acme", "-"])
def test_a_team_is_its_name_alone(team: str) -> None:
    with pytest.raises(SettingsError, match=r"accessTeam is .* no name of a team"):
        parsed(a_route(access=ANN), accessTeam=team)


TOGETHER: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "guarded and public": ([a_route(access=ANN, public=True)], "routes[0].access", "the route is public"),
    "a path that says nothing": ([a_route(access=ANN), a_route(path="/hook")], "routes[1]", "public: true"),
    "a name under a wildcard": (
        [a_route(hostname="*.example.com", access=ANN), a_route()],
        "routes[1]",
        "public: true",
    ),
    "an open expression": (
        [a_route(access=ANN), a_route(path={"regex": "^/v[12]"}, public=True)],
        "routes[1]",
        "cannot tell it from what is guarded at blog.example.com",
    ),
    "an open path around a guarded one of its name": (
        [a_route(path={"exact": "/a"}, access=ANN), a_route(path="/a", public=True)],
        "routes[1]",
        "cannot tell it from what is guarded at blog.example.com/a",
    ),
    "two kinds of people at one place": (
        [a_route(access=ANN), a_route(path={"regex": "^/v[12]"}, access=CI)],
        "routes[1]",
        "cannot tell the two apart",
    ),
    "a wildcard in a path": ([a_route(path="/a*b", access=ANN)], "routes[0].path", "a wildcard"),
    "more paths than an application has": (
        [a_route(path=f"/{number}", access=ANN) for number in range(6)],
        "routes",
        "5 at most",
    ),
}


@pytest.mark.parametrize(("routes", "key", "says"), TOGETHER.values(), ids=TOGETHER)
def test_routes_that_access_cannot_tell_apart_are_refused(routes: list[Any], key: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parsed(*routes)
    (mistake,) = refused.value.mistakes
    assert mistake.key == f"culvert:{key}"
    assert says in mistake.message


def test_a_fixed_status_beside_a_guarded_path_needs_no_word() -> None:
    settings = parsed(a_route(path="/admin", access=ANN), a_route(service="http_status:410"))
    assert found(settings) == {"blog.example.com": ["blog.example.com/admin"]}

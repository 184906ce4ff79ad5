"""Every mistake in the settings is reported at once."""

import pytest

from settings import Settings, SettingsError
from tests.support.settings_examples import ZONE, a_backend, a_route, values


def messages(given: object) -> dict[str, str]:
    with pytest.raises(SettingsError, match="mistakes in the settings") as refusal:
        Settings.model_validate(given)
    return {issue.key.removeprefix("culvert:"): issue.message for issue in refusal.value.issues}


def test_three_invalid_routes_and_an_invalid_account_are_four_mistakes() -> None:
    given = values(
        a_route(hostname="blog.example.com:80"), a_route(service="ftp://x"), a_backend(port=0), accountId="mine"
    )
    assert list(messages(given)) == [
        "accountId",
        "routes[0].hostname",
        "routes[1].service",
        "routes[2].backend.port",
    ]


def test_several_mistakes_of_one_route_are_reported_together() -> None:
    given = values({"hostname": "*", "path": "v1", "servce": "http://blog", "advancedCertificate": "no"})
    assert set(messages(given)) == {
        "routes[0]",
        "routes[0].hostname",
        "routes[0].path",
        "routes[0].servce",
        "routes[0].advancedCertificate",
    }


def test_checks_between_keys_run_although_other_keys_are_invalid() -> None:
    given = values(
        a_route(hostname="*.*.example.com"),
        a_route(hostname="blog.example.org"),
        a_route(hostname="a.b.example.com"),
        a_route(path="/v1"),
        a_route(path="/v1"),
        a_route(hostname="out.example.com", service="http://origin.example.org"),
        connector={"replicas": 99},
        zones={"example.com": ZONE, "EXAMPLE.com": ZONE},
    )
    assert set(messages(given)) == {
        "routes[0].hostname",
        "routes[1].hostname",
        "routes[2].hostname",
        "routes[4]",
        "routes[5].service",
        "connector.replicas",
        'zones["EXAMPLE.com"]',
    }


def test_no_hostname_is_reported_outside_the_zones_while_a_zone_is_invalid() -> None:
    given = values(a_route(hostname="blog.example.org"), zones={"example.com": "7", "example_.org": None})
    assert set(messages(given)) == {'zones["example.com"]', 'zones["example_.org"]'}


def test_the_second_and_the_third_of_three_equal_routes_are_named() -> None:
    assert list(messages(values(a_route(), a_route(), a_route()))) == ["routes[1]", "routes[2]"]


def test_empty_settings_miss_the_three_required_keys() -> None:
    assert list(messages({})) == ["accountId", "zones", "routes"]


def test_the_error_numbers_its_mistakes() -> None:
    with pytest.raises(SettingsError, match=r"^3 mistakes in the settings; nothing was changed[.]") as refusal:
        Settings.parse({})
    lines = str(refusal.value).splitlines()
    assert [line[:2] for line in lines[1:]] == ["1.", "  ", "2.", "  ", "3.", "  "]
    assert lines[1].startswith("1. culvert:accountId is missing. Accepted: 32 hex digits")


def test_thousands_of_mistakes_are_counted_and_a_long_key_and_value_are_cut() -> None:
    routes = [{"hostname": "x" * 100_000, "y\x1b" * 100_000: 1}, *([{"hostname": "a", "service": "b"}] * 1000)]
    with pytest.raises(SettingsError, match="2003 mistakes in the settings") as refusal:
        Settings.model_validate(values(*routes))
    text = str(refusal.value)
    assert len(text.splitlines()) < 40
    assert len(text) < 10_000
    assert "\x1b" not in text
    assert text.endswith("... and 1988 more, not shown")
    assert all(len(str(issue.value)) <= 1000 for issue in refusal.value.issues)


def test_a_message_is_one_line_whatever_the_value_is() -> None:
    with pytest.raises(SettingsError, match="1 mistake") as refusal:
        Settings.model_validate(values(a_route(service="a\n" * 100)))
    assert len(str(refusal.value).splitlines()) == 3

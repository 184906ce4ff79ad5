"""Every mistake in the settings is reported at once."""

from pathlib import Path

import pytest

from settings import Settings, SettingsError
from tests.support.settings_examples import ZONE, a_backend, a_route, rejection, values


def messages(given: object) -> dict[str, str]:
    error = rejection(Settings.model_validate, given)
    return {issue.key.removeprefix("culvert:"): issue.message for issue in error.issues}


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
        "routes[0].hostname",
        "routes[0].path",
        "routes[0].servce",
        "routes[0].advancedCertificate",
    }


def test_what_is_below_a_misspelled_key_is_checked_in_the_same_run(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(f"""config:
  culvert:accountId: "0123456789abcdef0123456789abcdef"
  culvert:zones: {{example.com: {ZONE}}}
  culvert:conector:
    replica: 99
    scheduling:
      tolerationz: [{{keey: 3}}]
      tolerations: []
    logLevl: info
  culvert:routs:
    - {{hostnam: a.example.com, service: http://a}}
    - hostname: b.example.net
      servce: ftp://b
""")
    error = rejection(Settings.from_stack_file, file)
    found = [(issue.key.removeprefix("culvert:"), issue.location.partition(":")[2]) for issue in error.issues]
    assert sorted(found) == [
        ("conector", "4"),
        ("conector.logLevl", "9"),
        ("conector.replica", "5"),
        ("conector.replica", "5"),
        # Both spellings are there, so the unknown one is no slip of the other.
        ("conector.scheduling.tolerationz", "7"),
        ("routs", "10"),
        ("routs[0].hostnam", "11"),
        ("routs[1].servce", "13"),
        ("routs[1].servce", "13"),
    ]


def test_a_key_that_resembles_another_only_a_little_is_not_taken_for_it() -> None:
    # `engin` can only be a slip; `pre` may be meant for something else than `preset`.
    given = values(a_route(), networkPolicy={"allow": [{"cidr": "10.0.0.0/8", "ports": [80]}], "engin": "x", "pre": 1})
    assert set(messages(given)) == {"networkPolicy.engin", "networkPolicy.pre"}


def test_a_secret_under_a_misspelled_key_stays_hidden() -> None:
    given = values(a_route(), tokens="a-secret-of-mine", conector=1)
    assert not [text for text in messages(given).values() if "a-secret-of-mine" in text]


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
    lines = str(rejection(Settings.parse, {})).splitlines()
    assert lines[0] == "3 mistakes in the settings; nothing was changed."
    assert [line[:2] for line in lines[1:]] == ["1.", "  ", "2.", "  ", "3.", "  "]


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
    error = rejection(Settings.model_validate, values(a_route(service="a\n" * 100)))
    assert len(str(error).splitlines()) == 3

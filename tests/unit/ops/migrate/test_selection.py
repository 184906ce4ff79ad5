"""The tunnel that becomes a stack, of several in the input."""

from dataclasses import replace

import pytest

from ops.errors import OperatorError
from ops.migrate.conversion import convert
from ops.migrate.existing_setup import ExistingSetup
from ops.migrate.selection import select
from tests.support.migrate_input import origin, read_tunnels, remarks, rules

FIRST = """
tunnel: attic
originRequest: {connectTimeout: 5s, noTLSVerify: true}
ingress:
  - {hostname: a.example.org, service: "https://192.168.1.4", originRequest: {noTLSVerify: false}}
  - {service: "http_status:404"}
"""
SECOND = """
result:
  tunnel_id: 6ff42ae2-765d-4adf-8112-31c55c1551ef
  account_id: 0123456789abcdef0123456789abcdef
  config:
    originRequest: {tlsTimeout: 7}
    ingress:
      - {hostname: b.example.org, service: "http://192.168.1.5"}
      - {service: "http_status:503"}
success: true
"""
EMPTY = "cloudflare: {tunnel_token: eyJhIjoiYiJ9}"


def setups(*documents: str) -> list[ExistingSetup]:
    return read_tunnels(*documents)[0]


def test_several_tunnels_are_an_error_that_names_them() -> None:
    with pytest.raises(
        OperatorError, match=r"there are 2 tunnels, attic \(input.yaml:1\), 6ff42ae2.* --tunnel NAME, or"
    ):
        select(setups(FIRST, SECOND), None, merge=False)


@pytest.mark.parametrize("name", ["attic", "input.yaml:1"])
def test_a_tunnel_is_selected_by_its_name_or_its_title(name: str) -> None:
    assert rules(select(setups(FIRST, SECOND), name, merge=False))[0].startswith("a.example.org")


def test_a_name_that_no_tunnel_has_is_an_error_with_those_that_are_there() -> None:
    with pytest.raises(
        OperatorError, match=r"there is no tunnel cellar in the input, which has attic \(input.yaml:1\), 6"
    ):
        select(setups(FIRST, SECOND), "cellar", merge=False)


def test_a_tunnel_whose_rules_are_elsewhere_is_not_a_choice_but_reported() -> None:
    found = select(setups(FIRST, EMPTY), None, merge=False)
    assert found.name == "attic"
    assert "its rules are at Cloudflare, and not in the input" in remarks(found)


def test_merged_tunnels_keep_the_defaults_of_each_for_its_own_rules() -> None:
    found = select(setups(FIRST, SECOND), None, merge=True)
    assert rules(found) == [
        "a.example.org -> https://192.168.1.4",
        "b.example.org -> http://192.168.1.5",
        "* -> http_status:503",
        "* -> http_status:404",
    ]
    assert origin(found) == {"noTLSVerify": False}
    inherited = [{each.key: each.value for each in rule.inherited} for rule in found.rules[:2]]
    assert inherited == [{"connectTimeout": "5s", "noTLSVerify": True}, {"tlsTimeout": "7s"}]
    assert (found.defaults, found.from_api, found.account_id) == ([], False, "0123456789abcdef0123456789abcdef")
    assert "--merge: the routes of 2 tunnels become one stack with one tunnel: attic" in remarks(found)


@pytest.mark.parametrize("hostname", ["", "hostname: '*', "])
def test_the_final_404_of_a_merged_tunnel_receives_no_requests_of_the_others(hostname: str) -> None:
    first = FIRST.replace('{service: "http_status:404"}', f'{{{hostname}service: "http_status:404"}}')
    found = select(setups(first, SECOND), None, merge=True)
    assert [rule.service for rule in found.rules].index("http_status:404") == len(found.rules) - 1


def test_tunnels_of_several_accounts_are_not_merged() -> None:
    other = SECOND.replace("account_id: 0", "account_id: f").replace("tunnel_id: 6", "tunnel_id: 7")
    with pytest.raises(OperatorError, match=r"the tunnels are in 2 accounts, 0123.* f123.*: select one with --tunnel"):
        select(setups(SECOND, other), None, merge=True)


def test_access_of_a_merged_tunnel_is_reported_as_without_effect() -> None:
    found = select(
        setups(FIRST.replace("{connectTimeout", "{access: {required: true}, connectTimeout"), SECOND), None, True
    )
    assert "originRequest.access" in remarks(
        ExistingSetup(skipped=convert(replace(found, account_id="0" * 32)).skipped)
    )

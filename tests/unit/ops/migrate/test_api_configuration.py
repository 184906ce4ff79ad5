"""The reader of the answer to `GET …/configurations`."""

import json

import pytest

from ops.errors import OperatorError
from tests.support.migrate_input import read_tunnel, read_tunnels, remarks, rules

RESULT = {
    "tunnel_id": "6ff42ae2-765d-4adf-8112-31c55c1551ef",
    "account_id": "0123456789abcdef0123456789abcdef",
    "version": 7,
    "source": "cloudflare",
    "created_at": "2026-01-02T03:04:05Z",
    "config": {
        "ingress": [
            {
                "hostname": "wiki.example.org",
                "path": "^/a",
                "service": "http://wiki",
                "originRequest": {"tlsTimeout": 5},
            },
            {"service": "http_status:404"},
        ],
        "originRequest": {"connectTimeout": 30},
        "warp-routing": {"enabled": True},
    },
}
ANSWER = {"success": True, "errors": [], "messages": [], "result": RESULT}


@pytest.mark.parametrize("document", [ANSWER, RESULT], ids=["answer", "result"])
def test_the_answer_has_account_tunnel_and_rules(document: object) -> None:
    setup = read_tunnel(json.dumps(document, indent=2))
    assert (setup.account_id, setup.name) == ("0123456789abcdef0123456789abcdef", RESULT["tunnel_id"])
    assert rules(setup) == ["wiki.example.org ^/a -> http://wiki", "* -> http_status:404"]
    assert setup.from_api
    assert [(each.key, each.value) for each in (*setup.rules[0].origin, *setup.defaults)] == [
        ("tlsTimeout", 5),
        ("connectTimeout", 30),
    ]
    assert "warp-routing: the private networks that it routes" in remarks(setup)


def test_a_tab_in_the_answer_is_read_as_json_has_it() -> None:
    text = json.dumps(ANSWER, indent="\t").replace("http://wiki", "http:\\/\\/wiki")
    assert rules(read_tunnel(text))[0] == "wiki.example.org ^/a -> http://wiki"


def test_keys_that_are_not_documented_are_reported() -> None:
    report = remarks(read_tunnel(json.dumps({**ANSWER, "result": {**RESULT, "cfg": 1}})))
    assert "cfg: it is not a documented key of the answer" in report


def test_an_error_of_the_api_is_one_error() -> None:
    with pytest.raises(OperatorError, match=r'the API answered with an error: \[{"code": 10000'):
        read_tunnels('{"success": false, "errors": [{"code": 10000}], "result": null}')

"""Access policies, applications and service tokens: validation, references, and what is shown."""

from typing import Any

import pytest

from tests.support.emulator import ACCOUNT, Emulator, refusal

ACCESS = f"/accounts/{ACCOUNT}/access"
EVERYONE = [{"everyone": {}}]
FRIENDS = {"name": "friends", "decision": "allow", "include": [{"email_domain": {"domain": "example.com"}}]}
BLOG = {"type": "self_hosted", "name": "blog", "domain": "blog.example.com"}
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"decision": "permit"}, "decision"),
        ({"include": []}, "include"),
        ({"includes": EVERYONE}, "includes"),
        ({"include": [{}]}, "exactly one selector"),
        ({"include": [{"everyone": {}, "email": {"email": "a@example.com"}}]}, "exactly one selector"),
        ({"include": [{"mood": {}}]}, "unknown selector mood"),
        ({"include": [{"email": {"email": ""}}]}, "email needs email"),
        ({"require": [{"geo": {"country": "DE"}}]}, "geo needs country_code"),
        ({"include": [{"any_valid_service_token": {}}]}, "needs the decision non_identity"),
        ({"decision": "non_identity"}, "cannot be asked for"),
        ({"decision": "bypass"}, "cannot be asked for"),
        (
            {"decision": "non_identity", "include": [{"service_token": {"token_id": UNKNOWN_ID}}]},
            "no such service token",
        ),
        ({"session_duration": "a day"}, "session_duration"),
    ],
)
def test_an_invalid_policy_is_refused(emulator: Emulator, change: dict[str, Any], words: str) -> None:
    reply = emulator.call("POST", f"{ACCESS}/policies", FRIENDS | change)
    assert refusal(reply) == (400, 12130)
    assert words in reply.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "house"}, "type"),
        ({"domain": None}, "needs a domain"),
        ({"domain": "blog.example.net"}, "domain does not belong to zone"),
        ({"domain": "blog.example.com:443"}, "domain does not belong to zone"),
        ({"destinations": [{"type": "public", "uri": f"blog.example.com/{n}"} for n in range(6)]}, "at most 5"),
        ({"destinations": [{"type": "public", "url": "blog.example.com"}]}, "url"),
        ({"policies": [{"id": "x", "precedence": 0}]}, "policies"),
        ({"policies": [{"precedence": 1}, {"precedence": 1}]}, "policy precedences must be unique"),
        ({"session_duration": "1 day"}, "session_duration"),
    ],
)
def test_an_invalid_application_is_refused(emulator: Emulator, change: dict[str, Any], words: str) -> None:
    reply = emulator.call("POST", f"{ACCESS}/apps", BLOG | change)
    assert refusal(reply) == (400, 12130)
    assert words in reply.json()["errors"][0]["message"]


def test_an_application_with_an_unknown_policy_is_refused(emulator: Emulator) -> None:
    body = {**BLOG, "policies": [{"id": UNKNOWN_ID, "precedence": 1}]}
    assert refusal(emulator.call("POST", f"{ACCESS}/apps", body)) == (400, 12003)


def test_a_domain_belongs_to_one_application(emulator: Emulator) -> None:
    made = emulator.done("POST", f"{ACCESS}/apps", BLOG)
    other = {**BLOG, "domain": "x.example.com", "destinations": [{"type": "public", "uri": "blog.example.com/"}]}
    assert refusal(emulator.call("POST", f"{ACCESS}/apps", other)) == (409, 11010)
    assert emulator.call("PUT", f"{ACCESS}/apps/{made['id']}", BLOG | {"name": "log"}).status_code == 200
    assert emulator.call("POST", f"{ACCESS}/apps", BLOG | {"domain": "blog.example.com/admin"}).status_code == 200


def test_an_application_shows_its_policies_as_they_are_now(emulator: Emulator) -> None:
    policy = emulator.done("POST", f"{ACCESS}/policies", FRIENDS)
    body = {**BLOG, "policies": [{"id": policy["id"], "precedence": 3}]}
    made = emulator.done("POST", f"{ACCESS}/apps", body)
    emulator.done("PUT", f"{ACCESS}/policies/{policy['id']}", FRIENDS | {"name": "family"})
    (shown,) = emulator.done("GET", f"{ACCESS}/apps/{made['id']}")["policies"]
    assert (shown["name"], shown["precedence"]) == ("family", 3)


def test_policies_and_tokens_in_use_are_not_deleted(emulator: Emulator) -> None:
    token = emulator.done("POST", f"{ACCESS}/service_tokens", {"name": "ci"})
    programs = {"name": "ci", "decision": "non_identity", "include": [{"service_token": {"token_id": token["id"]}}]}
    policy = emulator.done("POST", f"{ACCESS}/policies", programs)
    application = emulator.done("POST", f"{ACCESS}/apps", {**BLOG, "policies": [policy["id"]]})
    paths = [f"{ACCESS}/apps/{application['id']}", f"{ACCESS}/policies/{policy['id']}"]
    paths.append(f"{ACCESS}/service_tokens/{token['id']}")
    for path in reversed(paths[1:]):
        assert refusal(emulator.call("DELETE", path)) == (400, 12130)
    for path in paths:
        emulator.done("DELETE", path)


def test_a_service_tokens_secret_is_shown_once(emulator: Emulator) -> None:
    made = emulator.done("POST", f"{ACCESS}/service_tokens", {"name": "ci"})
    shown = emulator.done("GET", f"{ACCESS}/service_tokens/{made['id']}")
    assert {**shown, "client_secret": made["client_secret"]} == made
    assert [key for key in made if key.startswith("_")] == []
    assert [each for each in emulator.owner("GET", "/state")["objects"] if each["id"] == made["id"]] == [
        {**shown, "kind": "service_tokens", "scope": ACCOUNT}
    ]


def test_a_service_tokens_secret_is_shown_when_created_and_rotated(emulator: Emulator) -> None:
    path = f"{ACCESS}/service_tokens"
    made = emulator.done("POST", path, {"name": "ci", "client_secret_version": 1})
    same = emulator.done("PUT", f"{path}/{made['id']}", {"name": "ci", "client_secret_version": 1})
    raised = emulator.done("PUT", f"{path}/{made['id']}", {"name": "ci", "client_secret_version": 2})
    assert "client_secret" in made
    assert "client_secret" not in same
    assert raised["client_secret"] != made["client_secret"]
    assert raised["client_id"] == made["client_id"]
    assert "client_secret" not in emulator.done("GET", f"{path}/{made['id']}")


def test_an_application_shows_its_policies_in_full_and_keeps_its_audience(emulator: Emulator) -> None:
    policy = emulator.done("POST", f"{ACCESS}/policies", FRIENDS)
    body = {"type": "self_hosted", "domain": "a.example.com", "policies": [{"id": policy["id"], "precedence": 3}]}
    made = emulator.done("POST", f"{ACCESS}/apps", body)
    changed = emulator.done("PUT", f"{ACCESS}/apps/{made['id']}", {**body, "name": "renamed"})
    assert made["policies"] == [{**policy, "precedence": 3}]
    assert len(made["aud"]) == 64
    assert changed["aud"] == made["aud"]

"""The five endpoints of a resource: create, read, update, list, delete, and their refusals."""

import json
import math
from typing import Any

import pytest

from tests.support.emulator import ACCOUNT, Emulator, refusal

ACCESS = f"/accounts/{ACCOUNT}/access"
POLICY = {"name": "friends", "decision": "allow", "include": [{"email_domain": {"domain": "example.com"}}]}
NOTIFICATION = {
    "name": "health",
    "alert_type": "tunnel_health_event",
    "mechanisms": {"email": [{"id": "a@example.com"}]},
}
RESOURCES = [
    (f"{ACCESS}/policies", POLICY, 12003),
    (f"{ACCESS}/apps", {"type": "bookmark", "domain": "a.example.com", "name": "a"}, 12002),
    (f"{ACCESS}/service_tokens", {"name": "ci"}, 12008),
    (f"/accounts/{ACCOUNT}/alerting/v3/policies", NOTIFICATION, 17103),
]


@pytest.mark.parametrize(("path", "body", "missing"), RESOURCES)
def test_an_object_is_created_read_updated_listed_and_deleted(
    emulator: Emulator, path: str, body: dict[str, Any], missing: int
) -> None:
    made = emulator.done("POST", path, body)
    read = emulator.done("GET", f"{path}/{made['id']}")
    assert {key: read[key] for key in body} == body
    first = next(iter(body))
    changed = {**body, first: "saas" if first == "type" else "changed"}
    emulator.done("PUT", f"{path}/{made['id']}", changed)
    again = emulator.done("GET", f"{path}/{made['id']}")
    assert {key: again[key] for key in body} == changed
    assert again["created_at"] == read["created_at"]
    assert [each["id"] for each in emulator.done("GET", path)] == [made["id"]]
    emulator.done("DELETE", f"{path}/{made['id']}")
    assert refusal(emulator.call("GET", f"{path}/{made['id']}")) == (404, missing)
    assert refusal(emulator.call("PUT", f"{path}/{made['id']}", body)) == (404, missing)
    assert refusal(emulator.call("DELETE", f"{path}/{made['id']}")) == (404, missing)


@pytest.mark.parametrize(("path", "body", "_missing"), RESOURCES)
def test_a_malformed_or_incomplete_object_is_refused(
    emulator: Emulator, path: str, body: dict[str, Any], _missing: int
) -> None:
    incomplete = dict(list(body.items())[1:])
    code = 12130 if "/access/" in path else 10400
    assert refusal(emulator.call("POST", path, incomplete)) == (400, code)
    assert refusal(emulator.call("POST", path, b"{")) == (400, code)
    assert refusal(emulator.call("POST", path, json.dumps({**body, "more": math.nan}).encode())) == (400, code)


def test_fields_that_the_model_ignores_are_not_stored(emulator: Emulator) -> None:
    made = emulator.done("POST", f"/accounts/{ACCOUNT}/teamnet/virtual_networks", {"name": "lab", "colour": "red"})
    assert "colour" not in made

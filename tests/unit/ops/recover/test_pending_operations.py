"""A state with notes of what was begun: what it is without them."""

from typing import Any, cast

import pytest

from ops.recover.live_resources import RECORD, TUNNEL, Outside, Thing
from ops.recover.pending_operations import cleared, creations
from ops.recover.state import add

URN = "urn:pulumi:dev::culvert::{type}::{name}"


class Told:
    """An outside of which it is known what is there: by name, with ids; and what is gone."""

    def __init__(self, there: dict[str, str] | None = None, gone: tuple[str, ...] = ()) -> None:
        self.there = there or {}
        self.gone_ids = gone

    def look_up(self, type: str, inputs: dict[str, Any]) -> Thing | None:
        number = self.there.get(inputs["name"])
        return Thing(type, inputs["name"], number, "", {}) if number else None

    def gone(self, resource: dict[str, Any]) -> bool:
        return resource["id"] in self.gone_ids


def resource(type: str, name: str, number: str = "", *after: str) -> dict[str, Any]:
    urn = URN.format(type=type, name=name)
    return {"urn": urn, "type": type, "id": number, "inputs": {"name": name}, "dependencies": list(after)}


def state(held: list[dict[str, Any]], **notes: dict[str, Any]) -> dict[str, Any]:
    pending = [{"type": type, "resource": each} for type, each in notes.items()]
    return {"version": 3, "deployment": {"resources": held, "pending_operations": pending}}


def names(state: dict[str, Any]) -> list[str]:
    return [each["inputs"]["name"] for each in state["deployment"]["resources"]]


def outside(**known: Any) -> Outside:
    return cast(Outside, Told(**known))


@pytest.mark.parametrize(("there", "found"), [({"a": "r1"}, ["r1"]), ({}, []), ({"b": "r2"}, [])])
def test_a_noted_creation_is_looked_for_by_its_inputs(there: dict[str, str], found: list[str]) -> None:
    noted = state([], creating=resource(RECORD, "a"))
    assert [thing.id for _, thing in creations(noted, outside(there=there))] == found


def test_a_creation_that_the_state_already_holds_is_no_second_one() -> None:
    noted = state([resource(RECORD, "a", "r1")], creating=resource(RECORD, "a"))
    assert creations(noted, outside(there={"a": "r1"})) == []


def test_only_creations_are_looked_for() -> None:
    noted = state([], updating=resource(RECORD, "a", "r1"))
    assert creations(noted, outside(there={"a": "r1"})) == []


def test_what_was_being_replaced_is_on_its_way_out() -> None:
    noted = state([resource(RECORD, "a", "r1"), resource(RECORD, "b", "r2")])
    add(noted, [resource(RECORD, "a", "r9")])
    assert names(noted) == ["a", "a", "b"]
    held = [(each["id"], each.get("delete", False)) for each in noted["deployment"]["resources"]]
    assert held == [("r9", False), ("r1", True), ("r2", False)]


def test_what_was_deleted_to_be_replaced_is_out() -> None:
    noted = state([{**resource(TUNNEL, "tunnel", "t1"), "pendingReplacement": True}, resource(RECORD, "b", "r2")])
    add(noted, [resource(TUNNEL, "tunnel", "t2")])
    assert [each["id"] for each in noted["deployment"]["resources"]] == ["t2", "r2"]


def test_a_tunnel_whose_deletion_happened_leaves_the_state() -> None:
    tunnel = resource(TUNNEL, "tunnel", "t1")
    noted = state([tunnel, resource(RECORD, "a", "r1")], deleting=tunnel)
    cleared(noted, outside(gone=("t1",)))
    assert names(noted) == ["a"]
    assert "pending_operations" not in noted["deployment"]


def test_a_tunnel_whose_deletion_did_not_happen_stays() -> None:
    tunnel = resource(TUNNEL, "tunnel", "t1")
    noted = state([tunnel], deleting=tunnel)
    cleared(noted, outside())
    assert names(noted) == ["tunnel"]


def test_what_others_depend_on_is_the_engines_to_take_out() -> None:
    tunnel = resource(TUNNEL, "tunnel", "t1")
    noted = state([tunnel, resource(RECORD, "a", "r1", tunnel["urn"])], deleting=tunnel)
    cleared(noted, outside(gone=("t1",)))
    assert names(noted) == ["tunnel", "a"]

"""Pending operations: the creations that took place, and the state without them."""

from typing import Any, cast

import pytest

from ops.recover.cloudflare_kinds import RECORD, TUNNEL
from ops.recover.kinds import KINDS
from ops.recover.live_resources import LiveResource, LiveResources
from ops.recover.pending_operations import completed_creations, drop_pending
from ops.recover.state import add_resources

URN = "urn:pulumi:dev::culvert::{type}::{name}"


class FakeLiveResources:
    """Live resources by name, each with its id; and the ids of deleted ones."""

    def __init__(self, existing: dict[str, str] | None = None, deleted: tuple[str, ...] = ()) -> None:
        self.existing = existing or {}
        self.deleted = deleted

    def find(self, type: str, inputs: dict[str, Any], except_for: set[tuple[str, str]]) -> LiveResource | None:
        found = self.existing.get(inputs["name"])
        if found is None or (type, found) in except_for:
            return None
        return LiveResource(KINDS[type], inputs["name"], found, "", {})

    def is_deleted(self, resource: dict[str, Any]) -> bool:
        return resource["id"] in self.deleted


def resource(type: str, name: str, id: str = "", *depends_on: str) -> dict[str, Any]:
    urn = URN.format(type=type, name=name)
    return {"urn": urn, "type": type, "id": id, "inputs": {"name": name}, "dependencies": list(depends_on)}


def state(resources: list[dict[str, Any]], **operations: dict[str, Any]) -> dict[str, Any]:
    pending = [{"type": type, "resource": each} for type, each in operations.items()]
    return {"version": 3, "deployment": {"resources": resources, "pending_operations": pending}}


def names(state: dict[str, Any]) -> list[str]:
    return [each["inputs"]["name"] for each in state["deployment"]["resources"]]


def live(**known: Any) -> LiveResources:
    return cast(LiveResources, FakeLiveResources(**known))


@pytest.mark.parametrize(("existing", "found"), [({"a": "r1"}, ["r1"]), ({}, []), ({"b": "r2"}, [])])
def test_a_pending_creation_is_found_by_its_inputs(existing: dict[str, str], found: list[str]) -> None:
    interrupted = state([], creating=resource(RECORD.type, "a"))
    assert [one.id for _, one in completed_creations(interrupted, live(existing=existing))] == found


def test_a_pending_creation_that_the_state_has_is_not_counted_again() -> None:
    interrupted = state([resource(RECORD.type, "a", "r1")], creating=resource(RECORD.type, "a"))
    assert completed_creations(interrupted, live(existing={"a": "r1"})) == []


def test_only_creations_are_looked_up() -> None:
    interrupted = state([], updating=resource(RECORD.type, "a", "r1"))
    assert completed_creations(interrupted, live(existing={"a": "r1"})) == []


def test_a_resource_being_replaced_is_marked_for_deletion() -> None:
    interrupted = state([resource(RECORD.type, "a", "r1"), resource(RECORD.type, "b", "r2")])
    add_resources(interrupted, [resource(RECORD.type, "a", "r9")])
    assert names(interrupted) == ["a", "a", "b"]
    present = [(each["id"], each.get("delete", False)) for each in interrupted["deployment"]["resources"]]
    assert present == [("r9", False), ("r1", True), ("r2", False)]


def test_a_resource_deleted_before_its_replacement_is_removed() -> None:
    interrupted = state(
        [{**resource(TUNNEL.type, "tunnel", "t1"), "pendingReplacement": True}, resource(RECORD.type, "b", "r2")]
    )
    add_resources(interrupted, [resource(TUNNEL.type, "tunnel", "t2")])
    assert [each["id"] for each in interrupted["deployment"]["resources"]] == ["t2", "r2"]


@pytest.mark.parametrize("noted", [True, False])
def test_a_tunnel_whose_deletion_took_place_leaves_the_state(noted: bool) -> None:
    # A destroy that runs the program notes no pending operation.
    tunnel = resource(TUNNEL.type, "tunnel", "t1")
    interrupted = state([tunnel, resource(RECORD.type, "a", "r1")], **({"deleting": tunnel} if noted else {}))
    drop_pending(interrupted, live(deleted=("t1",)))
    assert names(interrupted) == ["a"]
    assert "pending_operations" not in interrupted["deployment"]


def test_a_tunnel_whose_deletion_did_not_take_place_stays() -> None:
    tunnel = resource(TUNNEL.type, "tunnel", "t1")
    interrupted = state([tunnel], deleting=tunnel)
    drop_pending(interrupted, live())
    assert names(interrupted) == ["tunnel"]


def test_a_resource_that_others_depend_on_is_left_to_the_engine() -> None:
    tunnel = resource(TUNNEL.type, "tunnel", "t1")
    interrupted = state([tunnel, resource(RECORD.type, "a", "r1", tunnel["urn"])], deleting=tunnel)
    drop_pending(interrupted, live(deleted=("t1",)))
    assert names(interrupted) == ["tunnel", "a"]

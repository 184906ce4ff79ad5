"""A state after an interrupted run: objects that are being deleted, and outputs of what is gone."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pulumi import automation

from ops.errors import OperatorError
from ops.recover import repair
from ops.recover.cloudflare_kinds import RECORD, TUNNEL
from ops.recover.live_resources import LiveResources
from ops.recover.object_kinds import NAMESPACE
from ops.recover.repair import await_deletions
from ops.recover.state import Resource, drop_stale_outputs


def state(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": list(resources)}}


def resource(type: str, id: str, **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::culvert::{type}::{id}", "type": type, "id": id, **more}


def stack(**outputs: Any) -> dict[str, Any]:
    return resource("pulumi:pulumi:Stack", "", outputs={"tunnelName": "culvert-dev", **outputs})


@pytest.mark.parametrize("deleted", [True, False])
def test_an_object_that_is_being_deleted_is_awaited(deleted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    replies = [{"metadata": {"deletionTimestamp": "now"}}] * 3 + [None if deleted else {"metadata": {}}]
    paths: list[str] = []

    def find(path: str) -> Any:
        paths.append(path)
        return replies.pop(0)

    monkeypatch.setattr(repair, "_PAUSE", 0)
    said: list[str] = []
    live = cast(LiveResources, SimpleNamespace(cluster=SimpleNamespace(find=find)))
    await_deletions(state(resource(NAMESPACE.type, "blog"), resource(RECORD.type, "r1")), live, said.append)
    assert paths == ["/api/v1/namespaces/blog"] * 4
    assert said == ["  blog: waiting for its deletion"]


def test_a_deletion_that_does_not_end_is_awaited_for_a_limited_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "_PAUSE", 0)
    monkeypatch.setattr(repair, "_TIMEOUT", 0)
    cluster = SimpleNamespace(find=lambda _: {"metadata": {"deletionTimestamp": "now"}})
    said: list[str] = []
    live = cast(LiveResources, SimpleNamespace(cluster=cluster))
    await_deletions(state(resource(NAMESPACE.type, "blog")), live, said.append)
    assert "finalizers" in said[-1]


def test_outputs_of_what_is_gone_leave_the_state() -> None:
    records = {"a.example.com": "r1", "b.example.com": "r2"}
    interrupted = state(stack(tunnelId="t1", records=records), resource(RECORD.type, "r2"))
    assert drop_stale_outputs(interrupted)
    outputs = interrupted["deployment"]["resources"][0]["outputs"]
    assert outputs == {"tunnelName": "culvert-dev", "records": {"b.example.com": "r2"}}
    assert not drop_stale_outputs(interrupted)


def test_outputs_of_what_exists_stay() -> None:
    outputs = {"tunnelId": "t1", "records": {"a.example.com": "r1"}}
    complete = state(stack(**outputs), resource(RECORD.type, "r1"), resource(TUNNEL.type, "t1"))
    assert not drop_stale_outputs(complete)


def test_outputs_of_another_program_stay() -> None:
    other = state(resource("pulumi:pulumi:Stack", "", outputs={"records": {"a": "b"}, "tunnelId": "t"}))
    assert not drop_stale_outputs(other)


@pytest.mark.parametrize(
    "error",
    [
        automation.CommandError(automation.CommandResult("", "no such zone", 255)),
        OperatorError("events of another shape"),
    ],
    ids=["a program that fails", "an engine that prints something else"],
)
def test_a_preview_that_fails_leaves_the_rest_of_the_repair(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_stack: automation.Stack) -> list[Resource]:
        raise error

    monkeypatch.setattr(repair, "planned_creations", fail)
    said: list[str] = []
    assert repair._planned(cast(automation.Stack, None), said.append) == []
    assert said == [f"  the program cannot be previewed, so what it creates cannot be found: {error}"]

"""An update killed after any write to an API is completed by the next run, without leftovers."""

import base64
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from sandbox.engine.engine import Engine
from tests.e2e.conftest import Sandbox, settings
from tests.support.interrupted_engine import EngineHarness, engine_harness, quiet


@pytest.fixture(scope="module")
def harness(sandbox: Sandbox) -> Iterator[EngineHarness]:
    with engine_harness(sandbox) as harness:
        yield harness


Report = Callable[[str], None]


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    def print_line(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end=" ")

    return print_line


def desired(stack: str, hostname: str) -> dict[str, Any]:
    routes = [{"hostname": hostname, "service": "http://blog"}]
    return settings(stack, routes=routes, connector={"replicas": 1, "gracePeriod": "1s"})


def test_an_up_or_destroy_killed_after_any_write_is_completed(harness: EngineHarness, report: Report) -> None:
    engine = harness.engine("cut", desired("cut", "cut.example.com"))
    ups = destroys = None
    for k in count(1):
        if ups is None and not harness.killer.kill_after(k, lambda: engine.up(quiet)):
            ups = _count_kills(k - 1, harness.killer.writes)
        engine.up(quiet)
        assert_complete(harness, engine, "cut", "cut.example.com")
        if destroys is None and not harness.killer.kill_after(k, lambda: engine.destroy(quiet)):
            destroys = _count_kills(k - 1, harness.killer.writes)
        engine.destroy(quiet)
        assert_absent(harness, "cut")
        if ups and destroys:
            report(f"up: killed after {ups}; destroy: after {destroys}")
            return


def test_a_rotation_killed_after_any_write_is_completed(harness: EngineHarness, report: Report) -> None:
    engine = harness.engine("turned", desired("turned", "turned.example.com"))
    engine.up(quiet)
    tokens = {assert_complete(harness, engine, "turned", "turned.example.com")}

    def rotate() -> None:
        engine._run(lambda stack, **to: stack.up(show_secrets=False, replace=["**culvert-turned-secret"], **to), quiet)

    for k in count(1):
        killed = harness.killer.kill_after(k, rotate)
        engine.up(quiet)
        token = assert_complete(harness, engine, "turned", "turned.example.com")
        assert token not in tokens
        tokens.add(token)
        if not killed:
            report(f"rotation: killed after {_count_kills(k - 1, harness.killer.writes)}")
            break
    engine.destroy(quiet)
    assert_absent(harness, "turned")


def test_a_rename_killed_after_any_write_is_completed(harness: EngineHarness, report: Report) -> None:
    harness.engine("named", desired("named", "named0.example.com")).up(quiet)
    for k in count(1):
        hostname = f"named{k}.example.com"
        engine = harness.engine("named", desired("named", hostname))
        killed = harness.killer.kill_after(k, lambda engine=engine: engine.up(quiet))
        engine.up(quiet)
        assert_complete(harness, engine, "named", hostname)
        if not killed:
            report(f"rename: killed after {_count_kills(k - 1, harness.killer.writes)}")
            engine.destroy(quiet)
            assert_absent(harness, "named")
            return


def _count_kills(kills: int, writes: list[str]) -> str:
    """The number of kills, for the report; there must be one after each write of a complete run."""
    assert kills == len(writes) > 0, writes
    return f"{kills} of {len(writes)} writes"


def assert_complete(harness: EngineHarness, engine: Engine, stack: str, hostname: str) -> str:
    """Asserts that API, cluster and state have each declared resource once and agree; returns the token."""
    (tunnel,) = tunnels(harness, stack)
    assert [rule.get("hostname") for rule in tunnel["configuration"]["config"]["ingress"]] == [hostname, None]
    assert records(harness, stack) == {hostname: f"{tunnel['id']}.cfargotunnel.com"}
    # The next run imports what the killed engine was creating, and does not wait for imported resources.
    _await_available(harness, stack)
    objects = harness.namespaced_objects(stack)
    name = f"culvert-{stack}"
    (secret,) = [item for item in objects["Secret"] if item["type"] == "Opaque"]
    (connector,) = objects["Deployment"]
    assert [item["metadata"]["name"] for item in objects["Service"]] == [f"{name}-metrics"]
    assert [len(objects[kind]) for kind in ("NetworkPolicy", "PodDisruptionBudget")] == [1, 1]
    volumes = connector["spec"]["template"]["spec"]["volumes"]
    assert secret["metadata"]["name"] in [volume.get("secret", {}).get("secretName") for volume in volumes]
    assert connector["status"].get("availableReplicas") == connector["status"].get("updatedReplicas") == 1
    token = base64.b64decode(secret["data"]["token"]).decode()
    assert token == harness.token(tunnel["id"])
    state = harness.checkpoint(stack)
    assert not state.get("pending_operations")
    assert not [resource["urn"] for resource in state["resources"] if resource.get("delete")]
    assert engine.preview(quiet).changes == []
    return token


def _await_available(harness: EngineHarness, stack: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        (connector,) = harness.namespaced_objects(stack)["Deployment"]
        if connector["status"].get("availableReplicas") == 1:
            return
        time.sleep(0.1)


def assert_absent(harness: EngineHarness, stack: str) -> None:
    assert tunnels(harness, stack) == []
    assert records(harness, stack) == {}
    assert stack not in harness.namespaces()
    assert not (harness.checkpoint(stack) or {}).get("resources")


def tunnels(harness: EngineHarness, stack: str) -> list[dict[str, Any]]:
    listed = harness.api_state()["tunnels"]
    return [tunnel for tunnel in listed if not tunnel["deleted_at"] and tunnel["name"] == f"culvert-{stack}"]


def records(harness: EngineHarness, stack: str) -> dict[str, str]:
    listed = [record for zone in harness.api_state()["zones"] for record in zone["records"]]
    return {record["name"]: record["content"] for record in listed if record["comment"] == f"culvert/{stack}"}

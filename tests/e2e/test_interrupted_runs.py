"""An update that is cut off after any write to an API is made whole by the next, with nothing left over."""

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
    with engine_harness(sandbox) as made:
        yield made


Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end=" ")

    return tell


def wanted(stack: str, hostname: str) -> dict[str, Any]:
    routes = [{"hostname": hostname, "service": "http://blog"}]
    return settings(stack, routes=routes, connector={"replicas": 1, "gracePeriod": "1s"})


def test_up_and_destroy(harness: EngineHarness, tell: Tell) -> None:
    engine = harness.engine("cut", wanted("cut", "cut.example.com"))
    ups = destroys = None
    for k in count(1):
        if ups is None and not harness.killer.kill_after(k, lambda: engine.up(quiet)):
            ups = _all(k - 1, harness.killer.writes)
        engine.up(quiet)
        whole(harness, engine, "cut", "cut.example.com")
        if destroys is None and not harness.killer.kill_after(k, lambda: engine.destroy(quiet)):
            destroys = _all(k - 1, harness.killer.writes)
        engine.destroy(quiet)
        nothing(harness, "cut")
        if ups and destroys:
            tell(f"up: cut off after {ups}; destroy: after {destroys}")
            return


def test_rotation(harness: EngineHarness, tell: Tell) -> None:
    engine = harness.engine("turned", wanted("turned", "turned.example.com"))
    engine.up(quiet)
    before = {whole(harness, engine, "turned", "turned.example.com")}

    def rotate() -> None:
        engine._run(lambda stack, **to: stack.up(show_secrets=False, replace=["**culvert-turned-secret"], **to), quiet)

    for k in count(1):
        cut = harness.killer.kill_after(k, rotate)
        engine.up(quiet)
        token = whole(harness, engine, "turned", "turned.example.com")
        assert token not in before
        before.add(token)
        if not cut:
            tell(f"rotation: cut off after {_all(k - 1, harness.killer.writes)}")
            break
    engine.destroy(quiet)
    nothing(harness, "turned")


def test_rename(harness: EngineHarness, tell: Tell) -> None:
    harness.engine("named", wanted("named", "named0.example.com")).up(quiet)
    for k in count(1):
        hostname = f"named{k}.example.com"
        engine = harness.engine("named", wanted("named", hostname))
        cut = harness.killer.kill_after(k, lambda engine=engine: engine.up(quiet))
        engine.up(quiet)
        whole(harness, engine, "named", hostname)
        if not cut:
            tell(f"rename: cut off after {_all(k - 1, harness.killer.writes)}")
            engine.destroy(quiet)
            nothing(harness, "named")
            return


def _all(cuts: int, writes: list[str]) -> str:
    """How many of the writes of a whole run it was cut off after: each of them."""
    assert cuts == len(writes) > 0, writes
    return f"{cuts} of {len(writes)} writes"


def whole(harness: EngineHarness, engine: Engine, stack: str, hostname: str) -> str:
    """API, cluster and state hold what was declared, once, and agree about it. Gives the token."""
    (tunnel,) = tunnels(harness, stack)
    assert [rule.get("hostname") for rule in tunnel["configuration"]["config"]["ingress"]] == [hostname, None]
    assert records(harness, stack) == {hostname: f"{tunnel['id']}.cfargotunnel.com"}
    # What was being made when the engine was killed is imported by the next run, which does not wait for it as for what
    # it makes itself.
    _await_available(harness, stack)
    objects = harness.namespaced_objects(stack)
    name = f"culvert-{stack}"
    (secret,) = [found for found in objects["Secret"] if found["type"] == "Opaque"]
    (connector,) = objects["Deployment"]
    assert [found["metadata"]["name"] for found in objects["Service"]] == [f"{name}-metrics"]
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


def nothing(harness: EngineHarness, stack: str) -> None:
    assert tunnels(harness, stack) == []
    assert records(harness, stack) == {}
    assert stack not in harness.namespaces()
    assert not (harness.checkpoint(stack) or {}).get("resources")


def tunnels(harness: EngineHarness, stack: str) -> list[dict[str, Any]]:
    found = harness.api_state()["tunnels"]
    return [tunnel for tunnel in found if not tunnel["deleted_at"] and tunnel["name"] == f"culvert-{stack}"]


def records(harness: EngineHarness, stack: str) -> dict[str, str]:
    found = [record for zone in harness.api_state()["zones"] for record in zone["records"]]
    return {record["name"]: record["content"] for record in found if record["comment"] == f"culvert/{stack}"}

"""Every example stack file: it deploys, a second `up` changes nothing, and `destroy` leaves nothing."""

from pathlib import Path
from typing import Any

import pytest
from kubernetes.dynamic.resource import ResourceList

from settings import Settings
from tests.e2e.conftest import Sandbox
from tests.support.paths import PROJECT

EXAMPLES = sorted((PROJECT / "examples" / "stacks").glob("Pulumi.*.yaml"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name.split(".")[1])
def test_an_example_deploys_is_stable_and_is_destroyed(sandbox: Sandbox, file: Path) -> None:
    # The first command creates the zones, records and tunnels that a stack file expects to exist.
    sandbox.run("env", "--config", str(file))
    before = everything(sandbox, file)
    first = sandbox.run("up", "--config", str(file))
    assert first["summary"]["create"] > 0
    again = sandbox.run("up", "--config", str(file))
    assert again["changes"] == []
    assert again["calls"]["writes"] == 0
    sandbox.run("destroy", "--config", str(file))
    assert everything(sandbox, file) == without_adopted(before, file)


def without_adopted(before: dict[str, Any], file: Path) -> dict[str, Any]:
    """The resources without the adopted ones: those belong to the stack, and are deleted with it."""
    settings = Settings.from_stack_file(file)
    records = {route.adopt for route in settings.routes}
    return {
        **before,
        "tunnels": before["tunnels"] - {settings.tunnel.adopt},
        "records": {(zone, record) for zone, record in before["records"] if record not in records},
    }


def everything(sandbox: Sandbox, file: Path) -> dict[str, Any]:
    """The resources in the API and in the cluster, without those of controllers."""
    state = sandbox.state()
    namespace = Settings.from_stack_file(file).namespace
    return {
        "tunnels": {tunnel["id"] for tunnel in state["tunnels"] if not tunnel["deleted_at"]},
        "records": {(zone["name"], record["id"]) for zone in state["zones"] for record in zone["records"]},
        "objects": {(item["kind"], item["id"]) for item in state["objects"]},
        "cluster": set(objects(sandbox, namespace.name if namespace else f"culvert-{file.name.split('.')[1]}")),
    }


def objects(sandbox: Sandbox, namespace: str) -> list[str]:
    """The cluster-scoped objects and those of one namespace, without those of controllers."""
    names: list[str] = []
    for kind in sandbox.cluster().resources.search():
        if (
            isinstance(kind, ResourceList)
            or "list" not in (kind.verbs or [])
            or kind.kind in CONTROLLERS
            or "/" in kind.name
        ):
            continue
        items = kind.get(namespace=namespace).items if kind.namespaced else kind.get().items
        names += [f"{kind.group_version}/{kind.kind}/{item.metadata.name}" for item in items]
    return names


CONTROLLERS = {"Event", "Lease", "Node", "PodMetrics", "NodeMetrics", "EndpointSlice", "Endpoints", "APIService"}
"""Kinds whose objects controllers create and delete on their own."""

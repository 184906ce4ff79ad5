"""Every example stack file: it comes up, is unchanged on the second `up`, and leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest
from kubernetes.dynamic.resource import ResourceList

from settings import Settings
from tests.e2e.conftest import PROJECT, Sandbox

EXAMPLES = sorted((PROJECT / "examples" / "stacks").glob("Pulumi.*.yaml"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name.split(".")[1])
def test_an_example_comes_up_stays_and_goes(sandbox: Sandbox, file: Path) -> None:
    # The first command creates what a stack file takes for granted.
    sandbox.run("env", "--config", str(file))
    before = everything(sandbox, file)
    made = sandbox.run("up", "--config", str(file))
    assert made["summary"]["create"] > 0
    again = sandbox.run("up", "--config", str(file))
    assert again["changes"] == []
    assert again["calls"]["writes"] == 0
    sandbox.run("destroy", "--config", str(file))
    assert everything(sandbox, file) == without_adopted(before, file)


def without_adopted(before: dict[str, Any], file: Path) -> dict[str, Any]:
    """Adopted resources belong to the stack, and are deleted with it."""
    settings = Settings.from_stack_file(file)
    records = {route.adopt for route in settings.routes}
    return {
        **before,
        "tunnels": before["tunnels"] - {settings.tunnel.adopt},
        "records": {(zone, record) for zone, record in before["records"] if record not in records},
    }


def everything(sandbox: Sandbox, file: Path) -> dict[str, Any]:
    """The resources in the API and the cluster that no controller made."""
    state = sandbox.state()
    namespace = Settings.from_stack_file(file).namespace
    return {
        "tunnels": {tunnel["id"] for tunnel in state["tunnels"] if not tunnel["deleted_at"]},
        "records": {(zone["name"], record["id"]) for zone in state["zones"] for record in zone["records"]},
        "objects": {(made["kind"], made["id"]) for made in state["objects"]},
        "cluster": set(objects(sandbox, namespace.name if namespace else f"culvert-{file.name.split('.')[1]}")),
    }


def objects(sandbox: Sandbox, namespace: str) -> list[str]:
    """The cluster's own objects, and those of one namespace, without those that controllers keep for themselves."""
    found: list[str] = []
    for kind in sandbox.cluster().resources.search():
        if (
            isinstance(kind, ResourceList)
            or "list" not in (kind.verbs or [])
            or kind.kind in CONTROLLERS
            or "/" in kind.name
        ):
            continue
        items = kind.get(namespace=namespace).items if kind.namespaced else kind.get().items
        found += [f"{kind.group_version}/{kind.kind}/{item.metadata.name}" for item in items]
    return found


CONTROLLERS = {"Event", "Lease", "Node", "PodMetrics", "NodeMetrics", "EndpointSlice", "Endpoints", "APIService"}
"""Kinds whose objects controllers create and delete on their own."""

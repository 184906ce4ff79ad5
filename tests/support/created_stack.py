"""A stack as its program creates it: its resources at the emulated Cloudflare API and in a fake cluster."""

import json
import runpy
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.pulumi_values import UNKNOWN
from ops.recover.cloudflare_kinds import TUNNEL
from ops.recover.kinds import KINDS
from ops.recover.object_kinds import ObjectKind
from sandbox.providers.cloudflare.provider import Cloudflare
from sandbox.providers.interface import Request
from tests.support.api_server import ENGINE, FakeApiServer
from tests.support.emulator import OTHER_ZONE, TUNNELS, Emulator
from tests.support.mock_recorder import TUNNEL_ID, ZONE_ID, Deploy, Recorded, Registered
from tests.support.paths import PROJECT

ADOPTED_TUNNEL = "c1744f8b-faa1-48a4-9e5c-02ac921467fa"
"""The tunnel of another owner that an example adopts."""
EXAMPLES = sorted((PROJECT / "examples/stacks").glob("*.yaml"))


def example_name(file: Path) -> str:
    return file.name.removeprefix("Pulumi.").removesuffix(".yaml")


def record_program(deploy: Deploy, file: Path, stack: str) -> Recorded:
    """What the program registers for a stack file."""
    settings = {key: value for key, value in yaml.safe_load(file.read_text())["config"].items() if value is not None}
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    # Objects of other owners that the example adopts.
    tunnel = {"name": "other", "configSrc": "cloudflare", "deletedAt": ""}
    record = {"id": "023e105f4ecef8ad9ca31a8372d0c353", "name": "adopted.example.com", "type": "CNAME"}
    records = {"results": [{**record, "content": "other.example.net", "createdOn": "2026-01-01T00:00:00Z"}]}
    return deploy(
        lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"),
        stack,
        config,
        answers={"getZeroTrustTunnelCloudflared": tunnel, "getDnsRecords": records},
    )


@dataclass
class CreatedStack:
    """`ids` are the real ids by those of the mocks; `planned` the resources as a preview describes them."""

    ids: dict[str, str]
    planned: list[dict[str, Any]]
    keys: set[tuple[str, str]]
    """Type and id of each resource that is looked for."""


def create(
    recorded: Recorded, emulator: Emulator, cluster: FakeApiServer, patch: pytest.MonkeyPatch, stack: str
) -> CreatedStack:
    """Creates what a program registered, as the engine's plugins do."""
    patch.setenv("CLOUDFLARE_BASE_URL", emulator.base_url)
    patch.setenv("CLOUDFLARE_API_TOKEN", emulator.token)
    provider, created = Cloudflare(), CreatedStack({ZONE_ID: OTHER_ZONE}, [], set())
    if any(resource.imported for resource in recorded.resources):
        created.ids[ADOPTED_TUNNEL] = emulator.tunnel("other")
    for resource in recorded.resources:
        kind = KINDS.get(resource.type)
        if resource.imported and resource.type == TUNNEL.type:
            id = created.ids[_mock_id(resource)] = created.ids[ADOPTED_TUNNEL]
            emulator.done("PATCH", f"{TUNNELS}/{id}", {"name": resource.inputs["name"]})
        elif resource.type.startswith("cloudflare:"):
            inputs = _replace(resource.inputs, created.ids)
            id, _ = provider.create(Request(resource.type, resource.name, "", news=inputs))
            created.ids.setdefault(_mock_id(resource), id)
        else:
            id = _add_object(cluster, resource) if isinstance(kind, ObjectKind) else ""
        if kind:
            created.keys.add((kind.type, id))
            created.planned.append(_entry(resource, created.ids, stack))
    return created


def _mock_id(resource: Registered) -> str:
    return TUNNEL_ID if resource.type == TUNNEL.type else f"{resource.name}-id"


def _add_object(cluster: FakeApiServer, resource: Registered) -> str:
    metadata = deepcopy(resource.inputs["metadata"])
    name, namespace = metadata.pop("name", f"{resource.name}-1a2b3c4d"), metadata.pop("namespace", None)
    version, kind = resource.inputs["apiVersion"], resource.inputs["kind"]
    cluster.add(version, kind, name, namespace, managedFields=ENGINE, **metadata)
    return f"{namespace}/{name}" if namespace else name


def _entry(resource: Registered, ids: dict[str, str], stack: str) -> dict[str, Any]:
    inputs = deepcopy(_replace(resource.inputs, {**ids, **dict.fromkeys(set(ids) - {ZONE_ID}, UNKNOWN)}))
    if "metadata" in inputs and "name" not in inputs["metadata"]:
        inputs["metadata"]["name"] = f"{resource.name}-0a0b0c0d"
        inputs["metadata"].setdefault("annotations", {})["pulumi.com/autonamed"] = "true"
    urn = f"urn:pulumi:{stack}::culvert::{resource.type}::{resource.name}"
    return {"urn": urn, "type": resource.type, "custom": True, "inputs": inputs}


def _replace(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replace(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replace(inner, ids) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        for mocked, real in ids.items():
            value = (UNKNOWN if real == UNKNOWN else value.replace(mocked, real)) if mocked in value else value
    return value

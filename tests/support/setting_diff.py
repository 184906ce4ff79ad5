"""The resources that a change of settings changes: the program runs with the settings before and after it."""

import json
import runpy
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from settings.schema import group_in
from tests.support.mock_recorder import TUNNEL_ID, Deploy, Registered
from tests.support.paths import PROJECT

BASE: dict[str, Any] = {
    "accountId": "0123456789abcdef0123456789abcdef",
    "zones": {"example.com": "89abcdef0123456789abcdef01234567"},
    "namespace": "blog",
    "routes": [{"hostname": "blog.example.com", "service": "http://blog"}],
}
RECORD_ID = "023e105f4ecef8ad9ca31a8372d0c353"
UP = {
    "readStackOutputs": {
        "outputs": {"tunnelName": "culvert-dev", "tunnelId": TUNNEL_ID, "records": {"blog.example.com": RECORD_ID}}
    }
}
"""Answers to look-ups if the stack of `BASE` is deployed, with its tunnel and record."""


def setting_diff(deploy: Deploy, before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The created (+), changed (~) and deleted (-) resources between two stack files: `BASE` with the keys of each.

    None removes a key. A resource is its kind and its name without the stack's: `~ Deployment cloudflared`.
    """
    old, new = _resources(deploy, before), _resources(deploy, after)
    return {
        *(f"+ {name}" for name in new.keys() - old.keys()),
        *(f"- {name}" for name in old.keys() - new.keys()),
        *(f"~ {name}" for name in old.keys() & new.keys() if _state(old[name]) != _state(new[name])),
    }


def _state(resource: Registered) -> tuple[dict[str, Any], bool]:
    """The parts of a resource that the state stores, without its parent."""
    return resource.inputs, resource.protect


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The path of each setting of a model, such as `connector.image.tag`."""
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        group = group_in(field.annotation)
        yield from keys(group, f"{key}.") if group else [key]


_recorded: dict[str, dict[str, Registered]] = {}
"""The resources of each stack file that ran: most changes start from the same one."""


def _resources(deploy: Deploy, changes: Mapping[str, Any]) -> dict[str, Registered]:
    stack_file = json.dumps(changes)
    if stack_file not in _recorded:
        _recorded[stack_file] = _run(deploy, changes)
    return _recorded[stack_file]


def _run(deploy: Deploy, changes: Mapping[str, Any]) -> dict[str, Registered]:
    values = {f"culvert:{key}": value for key, value in {**BASE, **changes}.items() if value is not None}
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    recorded = deploy(
        lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"), "dev", config, answers=UP
    )
    return {str(resource).replace("culvert-dev-", ""): resource for resource in recorded.resources}

"""What a change of settings touches: the same program run with the settings before and after, and what differs."""

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
"""The stack of `BASE` is up already, and has a tunnel and a record."""


def touched(deploy: Deploy, before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """What is made (+), changed (~) and gone (-) between two stack files, `BASE` with the keys of each; None takes a key out.

    Resources as kind and name, without the stack's own name before it: `~ Deployment cloudflared`.
    """
    old, new = _resources(deploy, before), _resources(deploy, after)
    return {
        *(f"+ {name}" for name in new.keys() - old.keys()),
        *(f"- {name}" for name in old.keys() - new.keys()),
        *(f"~ {name}" for name in old.keys() & new.keys() if _kept(old[name]) != _kept(new[name])),
    }


def _kept(resource: Registered) -> tuple[dict[str, Any], bool]:
    """What the state keeps of a resource, apart from where it stands."""
    return resource.inputs, resource.protect


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every single setting of a model, as in `connector.image.tag`."""
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        group = group_in(field.annotation)
        yield from keys(group, f"{key}.") if group else [key]


def _resources(deploy: Deploy, changes: Mapping[str, Any]) -> dict[str, Registered]:
    given = {f"culvert:{key}": value for key, value in {**BASE, **changes}.items() if value is not None}
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}
    recorded = deploy(
        lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"), "dev", config, answers=UP
    )
    return {str(resource).replace("culvert-dev-", ""): resource for resource in recorded.resources}

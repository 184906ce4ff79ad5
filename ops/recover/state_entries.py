"""Entries of a state for things that are out there."""

from typing import Any

from clients.pulumi_values import UNKNOWN, is_secret
from ops.recover.live_resources import KUBERNETES, Thing, manager
from ops.recover.state import Resource

SCHEMA = '{"schema_version":"500"}'
"""What the Cloudflare plugin keeps beside the outputs of each of its resources (pulumi-cloudflare 6)."""
HIDDEN = "[secret]"
"""What a preview's JSON has in place of a secret; a state has the object that `is_secret` recognizes."""


def as_taken(resource: Resource, thing: Thing) -> Resource:
    """The entry of a resource whose inputs are those that it was made with.

    What else it says of itself comes with a refresh; the secrets among its inputs stay encrypted.
    """
    inputs = resource.get("inputs") or {}
    return {**resource, "id": thing.id, "outputs": _outputs(inputs, thing)}


def as_planned(planned: Resource, thing: Thing) -> Resource:
    """The entry of a resource that the program would make: what a plan cannot know, or hides, is as it is out there.

    A secret is left out: it is not to stand in the clear, and the next update sets it anew.
    """
    live = dict(thing.body)
    if thing.type.startswith(KUBERNETES):
        metadata = {key: live["metadata"].get(key) for key in ("name", "namespace") if live["metadata"].get(key)}
        planned = {
            **planned,
            "inputs": {**planned["inputs"], "metadata": {**planned["inputs"]["metadata"], **metadata}},
        }
        if thing.kind == "Secret":
            live = {key: value for key, value in live.items() if key not in ("data", "stringData")}
            hidden = {key: value for key, value in planned["inputs"].items() if key not in ("data", "stringData")}
            planned = {**planned, "inputs": hidden}
    inputs = _filled(planned["inputs"], live)
    return {**planned, "id": thing.id, "inputs": inputs, "outputs": _outputs(inputs, thing)}


def _outputs(inputs: dict[str, Any], thing: Thing) -> dict[str, Any]:
    if not thing.type.startswith(KUBERNETES):
        return {"__meta": SCHEMA, **inputs, "id": thing.id}
    # The one that owns its fields, or the next update would find them in conflict with its own.
    own = manager(thing.body)
    return {**inputs, "__fieldManager": own} if own not in ("", "pulumi-kubernetes") else inputs


def _hidden(value: Any) -> bool:
    return value == HIDDEN or is_secret(value)


def _filled(planned: Any, live: Any) -> Any:
    if isinstance(planned, dict):
        known = live if isinstance(live, dict) else {}
        filled = {key: _filled(value, known.get(key)) for key, value in planned.items() if not _hidden(value)}
        return {key: value for key, value in filled.items() if value is not None}
    if isinstance(planned, list):
        known = live if isinstance(live, list) else []
        return [_filled(value, known[at] if at < len(known) else None) for at, value in enumerate(planned)]
    return live if planned == UNKNOWN else planned

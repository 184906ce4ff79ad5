"""State entries for live resources."""

from typing import Any

from clients.pulumi_values import UNKNOWN, is_secret
from ops.recover.live_resources import FIELD_MANAGER, KUBERNETES, LiveResource, field_manager
from ops.recover.state import Resource

SCHEMA = '{"schema_version":"500"}'
"""What the Cloudflare plugin keeps beside the outputs of each of its resources (pulumi-cloudflare 6)."""
HIDDEN = "[secret]"
"""What a preview has in place of a secret; a state has the object that `is_secret` recognizes."""
_SECRET_DATA = ("data", "stringData")


def from_pending(resource: Resource, live: LiveResource) -> Resource:
    """The entry of a pending operation's resource: its inputs are those that it was created with.

    A refresh adds the remaining outputs. Secrets among its inputs stay encrypted.
    """
    inputs = resource.get("inputs") or {}
    return {**resource, "id": live.id, "outputs": _outputs(inputs, live)}


def from_preview(planned: Resource, live: LiveResource) -> Resource:
    """The entry of a planned resource. What a preview does not know comes from the live resource.

    Secrets are left out: they must not be in the state as plain text, and the next update sets them anew.
    """
    body = dict(live.body)
    if live.type.startswith(KUBERNETES):
        metadata = {key: body["metadata"].get(key) for key in ("name", "namespace") if body["metadata"].get(key)}
        inputs = {**planned["inputs"], "metadata": {**planned["inputs"]["metadata"], **metadata}}
        if live.kind == "Secret":
            body = {key: value for key, value in body.items() if key not in _SECRET_DATA}
            inputs = {key: value for key, value in inputs.items() if key not in _SECRET_DATA}
        planned = {**planned, "inputs": inputs}
    inputs = _fill_in(planned["inputs"], body)
    return {**planned, "id": live.id, "inputs": inputs, "outputs": _outputs(inputs, live)}


def _outputs(inputs: dict[str, Any], live: LiveResource) -> dict[str, Any]:
    if not live.type.startswith(KUBERNETES):
        return {"__meta": SCHEMA, **inputs, "id": live.id}
    # The object's own field manager: with another, the next update would conflict with it.
    manager = field_manager(live.body)
    return {**inputs, "__fieldManager": manager} if manager not in ("", FIELD_MANAGER) else inputs


def _fill_in(planned: Any, live: Any) -> Any:
    """Planned values, without secrets, and with live values in place of unknown ones."""
    if isinstance(planned, dict):
        known = live if isinstance(live, dict) else {}
        filled = {
            key: _fill_in(value, known.get(key))
            for key, value in planned.items()
            if value != HIDDEN and not is_secret(value)
        }
        return {key: value for key, value in filled.items() if value is not None}
    if isinstance(planned, list):
        known = live if isinstance(live, list) else []
        return [_fill_in(value, known[index] if index < len(known) else None) for index, value in enumerate(planned)]
    return live if planned == UNKNOWN else planned

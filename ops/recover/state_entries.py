"""State entries for live resources."""

from collections.abc import Iterable
from typing import Any

from clients.pulumi_values import UNKNOWN, is_secret
from components.exposure.hooks.rulesets import hook_name
from ops.recover.cloudflare_kinds import RULESET, SERVICE_TOKEN, TUNNEL
from ops.recover.live_resources import FIELD_MANAGER, LiveResource, field_manager
from ops.recover.object_kinds import SECRET, ObjectKind
from ops.recover.state import Resource
from settings import base_name

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
    return {**resource, "id": live.id, "outputs": _outputs(inputs, live), **_options(resource, live)}


def from_preview(planned: Resource, live: LiveResource) -> Resource:
    """The entry of a planned resource. What a preview does not know comes from the live resource.

    Secrets are left out: they must not be in the state as plain text, and the next update sets them anew.
    """
    body = dict(live.body)
    if isinstance(live.kind, ObjectKind):
        metadata = {key: body["metadata"].get(key) for key in ("name", "namespace") if body["metadata"].get(key)}
        inputs = {**planned["inputs"], "metadata": {**planned["inputs"]["metadata"], **metadata}}
        if live.kind is SECRET:
            body = {key: value for key, value in body.items() if key not in _SECRET_DATA}
            inputs = {key: value for key, value in inputs.items() if key not in _SECRET_DATA}
        planned = {**planned, "inputs": inputs}
    else:
        body = _engine_names(body)
    inputs = _fill_in(planned["inputs"], body)
    return {**planned, "id": live.id, "inputs": inputs, "outputs": _outputs(inputs, live), **_options(planned, live)}


def set_missing_secrets(resources: Iterable[Resource]) -> None:
    """Gives tunnels without a secret, which were imported, an empty one, until the next update sets a new one.

    After an update that sets a secret where there is none, Cloudflare's plugin (5.22) would omit strings from the other
    requests of its run: docs/adoption.md.
    """
    for resource in resources:
        if resource["type"] == TUNNEL.type:
            resource["outputs"] = {"tunnelSecret": "", **resource.get("outputs", {})}


def loses_secret(live: LiveResource) -> bool:
    """Whether the API shows a secret of this resource only when it is created."""
    return live.kind is SERVICE_TOKEN


def _options(entry: Resource, live: LiveResource) -> Resource:
    if loses_secret(live):
        # The next update replaces it: the new one first, then the policies that admit it, then the old one is deleted.
        return {"taint": True}
    if live.kind is RULESET:
        # What a preview does not tell; without it, a destroy ahead of the next update would leave the rules in place.
        return {"resourceHooks": {"BeforeDelete": [hook_name(base_name(*_project_and_stack(entry["urn"])))]}}
    return {}


def _project_and_stack(urn: str) -> tuple[str, str]:
    first, project, *_ = urn.split("::")
    return project, first.rpartition(":")[2]


def _outputs(inputs: dict[str, Any], live: LiveResource) -> dict[str, Any]:
    if not isinstance(live.kind, ObjectKind):
        return {"__meta": SCHEMA, **inputs, "id": live.id}
    # The object's own field manager: with another, the next update would conflict with it.
    manager = field_manager(live.body)
    return {**inputs, "__fieldManager": manager} if manager not in ("", FIELD_MANAGER) else inputs


def _engine_names(body: Any) -> Any:
    """A reply of Cloudflare's API under the engine's names: in camel case, those of lists in the plural as well."""
    if isinstance(body, list):
        return [_engine_names(value) for value in body]
    if not isinstance(body, dict):
        return body
    named: dict[str, Any] = {}
    for key, value in body.items():
        first, *rest = key.split("_")
        name, translated = first + "".join(word.capitalize() for word in rest), _engine_names(value)
        named |= {name: translated, f"{name}s": translated} if isinstance(value, list) else {name: translated}
    return named


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

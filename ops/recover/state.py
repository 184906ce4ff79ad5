"""A stack's state in the engine's format: exported, edited and imported, with its secrets encrypted throughout."""

from collections.abc import Iterable
from typing import Any

from pulumi import automation
from pydantic import BaseModel, ConfigDict, ValidationError

from ops.errors import OperatorError
from settings import json_text

_LOOK = "look at what it prints: pulumi stack export"
Resource = dict[str, Any]
"""One resource of a state: `urn`, `type`, `id`, `inputs`, `outputs`, `parent`, `provider`, …"""


class _Shape(BaseModel):
    """The fields that are read here, of an object that may have others."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Resource(_Shape):
    urn: str
    type: str
    id: str = ""
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    parent: str = ""
    provider: str = ""
    dependencies: list[str] | None = None


class _Operation(_Shape):
    type: str
    resource: _Resource


class _Deployment(_Shape):
    resources: list[_Resource] | None = None
    pending_operations: list[_Operation] | None = None
    secrets_providers: dict[str, Any] | None = None


class _State(_Shape):
    version: int
    deployment: _Deployment


def export_state(stack: automation.Stack) -> dict[str, Any]:
    """`{version, deployment}`. The Automation API's own export decrypts the secrets, so it is not used.

    Raises OperatorError where the engine prints something else.
    """
    assert isinstance(stack.workspace, automation.LocalWorkspace)
    state = command_json(stack.workspace, "stack", "export", "--stack", stack.name)
    try:
        _State.model_validate(state)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "all of it"
        raise OperatorError(f"the engine printed no state of a stack: {place}: {first['msg']}; {_LOOK}") from None
    return state


def command_json(workspace: automation.LocalWorkspace, *arguments: str) -> Any:
    """The JSON that a `pulumi` command prints. Secrets in it are not decrypted. Raises OperatorError if it is none."""
    home = {"PULUMI_HOME": workspace.pulumi_home} if workspace.pulumi_home else {}
    done = workspace.pulumi_command.run([*arguments], workspace.work_dir, {**home, **workspace.env_vars})
    try:
        return json_text.loads(done.stdout)
    except ValueError:
        raise OperatorError(f"the engine printed no JSON for {' '.join(arguments[:2])}; {_LOOK}") from None


def import_state(stack: automation.Stack, state: dict[str, Any]) -> None:
    """Writes the state back. The engine refuses an inconsistent one."""
    stack.import_stack(automation.Deployment(state["version"], state["deployment"]))


def resources(state: dict[str, Any]) -> list[Resource]:
    return state["deployment"].get("resources") or []


def pending_operations(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Operations that were started and whose outcome was never recorded: `{type: creating | …, resource}`."""
    return state["deployment"].get("pending_operations") or []


def add_resources(state: dict[str, Any], entries: Iterable[Resource]) -> None:
    """Adds resources to the state. One that is there under the same URN was being replaced: it is to be deleted."""
    present = resources(state)
    for entry in entries:
        index = next(
            (index for index, one in enumerate(present) if one["urn"] == entry["urn"] and not one.get("delete")), None
        )
        if index is None:
            present.append(entry)
        elif present[index].get("pendingReplacement"):
            # Deleted before its replacement: only the entry was kept, so that the URN still resolves.
            present[index] = entry
        else:
            present[index] = {**present[index], "delete": True}
            present.insert(index, entry)
    state["deployment"]["resources"] = present


def drop_stale_outputs(state: dict[str, Any]) -> bool:
    """Removes from the stack's outputs the records and the tunnel that it no longer has; returns whether it had any.

    An interrupted destroy leaves the outputs of the last update, by which the program knows its own resources: it would
    not look for a record that others have created meanwhile.
    """
    ids = {resource.get("id") for resource in resources(state)}
    changed = False
    for stack in resources(state):
        outputs = stack.get("outputs") or {}
        if stack["type"] != "pulumi:pulumi:Stack" or "tunnelName" not in outputs:
            continue
        records = outputs.get("records") or {}
        stale = [hostname for hostname, id in records.items() if id not in ids]
        for hostname in stale:
            del records[hostname]
        gone = outputs.get("tunnelId") is not None and outputs["tunnelId"] not in ids
        if gone:
            del outputs["tunnelId"]
        changed = changed or gone or bool(stale)
    return changed


def urn_name(urn: str) -> str:
    """The name in a URN."""
    return urn.rsplit("::", 1)[-1]

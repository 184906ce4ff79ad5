"""A stack's state in the engine's format: exported, edited and imported, with its secrets encrypted throughout."""

import json
from collections.abc import Iterable
from typing import Any

from pulumi import automation

Resource = dict[str, Any]
"""One resource of a state: `urn`, `type`, `id`, `inputs`, `outputs`, `parent`, `provider`, …"""


def export_state(stack: automation.Stack) -> dict[str, Any]:
    """`{version, deployment}`. The Automation API's own export decrypts the secrets, so it is not used."""
    assert isinstance(stack.workspace, automation.LocalWorkspace)
    return command_json(stack.workspace, "stack", "export", "--stack", stack.name)


def command_json(workspace: automation.LocalWorkspace, *arguments: str) -> Any:
    """The JSON that a `pulumi` command prints. Secrets in it are not decrypted."""
    home = {"PULUMI_HOME": workspace.pulumi_home} if workspace.pulumi_home else {}
    done = workspace.pulumi_command.run([*arguments], workspace.work_dir, {**home, **workspace.env_vars})
    return json.loads(done.stdout)


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

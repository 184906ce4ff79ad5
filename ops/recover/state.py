"""A stack's state as the engine keeps it: read, and written back, with its secrets encrypted throughout."""

import json
from collections.abc import Iterable
from typing import Any

from pulumi import automation

Resource = dict[str, Any]
"""One resource of a state: `urn`, `type`, `id`, `inputs`, `outputs`, `parent`, `provider`, …"""


def export(stack: automation.Stack) -> dict[str, Any]:
    """`{version, deployment}`. The Automation API's own export decrypts the secrets, so it is not used."""
    assert isinstance(stack.workspace, automation.LocalWorkspace)
    return printed(stack.workspace, "stack", "export", "--stack", stack.name)


def printed(workspace: automation.LocalWorkspace, *arguments: str) -> Any:
    """The JSON that a command of the engine prints, its secrets as they come."""
    home = {"PULUMI_HOME": workspace.pulumi_home} if workspace.pulumi_home else {}
    done = workspace.pulumi_command.run([*arguments], workspace.work_dir, {**home, **workspace.env_vars})
    return json.loads(done.stdout)


def keep(stack: automation.Stack, state: dict[str, Any]) -> None:
    """Writes the state back. The engine refuses one that does not hold together."""
    stack.import_stack(automation.Deployment(state["version"], state["deployment"]))


def resources(state: dict[str, Any]) -> list[Resource]:
    return state["deployment"].get("resources") or []


def pending(state: dict[str, Any]) -> list[dict[str, Any]]:
    """What the engine noted before it asked for it, and never crossed out: `{type: creating | …, resource}`."""
    return state["deployment"].get("pending_operations") or []


def add(state: dict[str, Any], entries: Iterable[Resource]) -> None:
    """Puts resources into the state. One that is there already was being replaced: it is on its way out, or out."""
    held = resources(state)
    for entry in entries:
        at = next((at for at, one in enumerate(held) if one["urn"] == entry["urn"] and not one.get("delete")), None)
        if at is None:
            held.append(entry)
        elif held[at].get("pendingReplacement"):
            # Deleted first, and kept only so that something answers to its name.
            held[at] = entry
        else:
            held[at] = {**held[at], "delete": True}
            held.insert(at, entry)
    state["deployment"]["resources"] = held


def last(urn: str) -> str:
    """The name in a URN."""
    return urn.rsplit("::", 1)[-1]

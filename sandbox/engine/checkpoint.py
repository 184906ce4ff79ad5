"""The checkpoint files of the state backend: listed, and restored where an interrupted write damaged one.

Resources that an interrupted run was creating are found from its pending operations (`ops/recover`).
"""

import json
import shutil
from pathlib import Path
from typing import Any

from clients.pulumi_values import is_secret
from sandbox.directory import SandboxDirectory
from sandbox.engine.property_diff import SECRET
from sandbox.errors import SandboxError
from sandbox.tools.tool import Progress


def list_stacks(directory: SandboxDirectory) -> list[dict[str, Any]]:
    """The stacks of a sandbox, each `{"name", "resources", "providers", "updated"}`: the number of resources, as the
    engine's summary of a run counts them, that of the providers beside them, and the last change.

    All are None for a checkpoint that an interrupted write damaged.
    """
    stacks = []
    for file in sorted(directory.path.glob("state/.pulumi/stacks/*/*.json")):
        if not _is_complete(file):  # the stack's next command restores its backup
            stacks.append({"name": file.stem, "resources": None, "providers": None, "updated": None})
            continue
        latest = deployment(file)
        types = [resource["type"] for resource in latest.get("resources") or []]
        providers = sum(each.startswith("pulumi:providers:") for each in types)
        stacks.append(
            {
                "name": file.stem,
                "resources": len(types) - providers,
                "providers": providers,
                "updated": (latest.get("manifest") or {}).get("time"),
            }
        )
    return stacks


def deployment(checkpoint: Path) -> dict[str, Any]:
    """The state in a complete checkpoint: `{resources, pending_operations, manifest, …}`, with secrets encrypted.

    Empty before the stack's first run.
    """
    return (json.loads(checkpoint.read_text()).get("checkpoint") or {}).get("latest") or {}


def outputs(deployment: dict[str, Any]) -> dict[str, Any]:
    """The stack's outputs in a state, with secrets masked as the engine's commands mask them."""
    resources = deployment.get("resources") or []
    stack = next((one for one in resources if one["type"] == "pulumi:pulumi:Stack"), {})
    return _masked(stack.get("outputs") or {})


def _masked(value: Any) -> Any:
    if is_secret(value):
        return SECRET
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return {key: _masked(item) for key, item in value.items()} if isinstance(value, dict) else value


def delete_drafts(state: Path, stack: str) -> None:
    """Deletes what a write to the state backend left unfinished: temporary files, and locks without content.

    The engine reads every file of a stack's locks, and ends with `unexpected end of JSON input` at an empty one, as a
    full disk leaves it. `state` is the folder `.pulumi` of the backend; no engine may run on the stack.
    """
    for lock in state.glob(f"locks/**/{stack}/*"):
        if lock.is_file() and not _is_complete(lock):
            lock.unlink(missing_ok=True)
    for draft in state.glob(f"stacks/*/{stack}.json*.tmp"):
        draft.unlink(missing_ok=True)


def restore(checkpoint: Path, progress: Progress) -> None:
    """Replaces a damaged checkpoint by its backup. The file backend writes in place, so a kill can cut a write short.

    The backup is complete and at most one step behind; that step is among its pending operations. The backend keeps a
    `.attrs` file with type and checksum beside each. It works without one, but not with a damaged one.
    """
    backup = checkpoint.with_name(f"{checkpoint.name}.bak")
    for attributes in (path.with_name(f"{path.name}.attrs") for path in (checkpoint, backup)):
        if not _is_complete(attributes):
            attributes.unlink(missing_ok=True)
    if _is_complete(checkpoint) or not (checkpoint.exists() or backup.exists()):
        return
    if not _is_complete(backup):
        raise SandboxError(
            f"the state file {checkpoint} and its backup are damaged; start over with: python -m sandbox down --delete",
            key="state",
            value=str(checkpoint),
            accepted="a complete checkpoint, or none",
        )
    progress("an interrupted run damaged the state file: restoring its backup")
    shutil.copy(backup, checkpoint)


def _is_complete(file: Path) -> bool:
    try:
        return isinstance(json.loads(file.read_text()), dict)
    except (FileNotFoundError, ValueError):
        return False

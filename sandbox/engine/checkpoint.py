"""The checkpoint files of the state backend: listed, and restored where an interrupted write damaged one.

Resources that an interrupted run was creating are found from its pending operations (`ops/recover`).
"""

import json
import shutil
from pathlib import Path
from typing import Any

from sandbox.directory import SandboxDirectory
from sandbox.errors import SandboxError
from sandbox.tools.tool import Progress


def list_stacks(directory: SandboxDirectory) -> list[dict[str, Any]]:
    """The stacks of a sandbox, each `{"name", "resources", "updated"}`: the number of resources and the last change."""
    stacks = []
    for file in sorted(directory.path.glob("state/.pulumi/stacks/*/*.json")):
        latest = (json.loads(file.read_text()).get("checkpoint") or {}).get("latest") or {}
        stacks.append(
            {
                "name": file.stem,
                "resources": len(latest.get("resources") or []),
                "updated": (latest.get("manifest") or {}).get("time"),
            }
        )
    return stacks


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

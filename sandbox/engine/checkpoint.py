"""After a run that was cut off: a checkpoint whose writing was. What the run was making is `recover`'s to find."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from sandbox.errors import SandboxError


def restore(checkpoint: Path, progress: Callable[[str], None]) -> None:
    """Puts the checkpoint before in the place of one whose writing was cut off: the file backend writes in place.

    The one before is whole, and at most one step behind; what that step was making is in its notes, for `repair_state`. Beside each
    lies what the backend keeps of its kind and sum; it does without, but not with half of it.
    """
    backup = checkpoint.with_name(f"{checkpoint.name}.bak")
    for beside in (path.with_name(f"{path.name}.attrs") for path in (checkpoint, backup)):
        if not _whole(beside):
            beside.unlink(missing_ok=True)
    if _whole(checkpoint) or not (checkpoint.exists() or backup.exists()):
        return
    if not _whole(backup):
        raise SandboxError(
            f"the state {checkpoint} is damaged, and so is its backup; begin anew with: python -m sandbox down --delete",
            key="state",
            value=str(checkpoint),
            accepted="a whole checkpoint, or none",
        )
    progress("the state was being written when a run was cut off: going back to the one before")
    shutil.copy(backup, checkpoint)


def _whole(checkpoint: Path) -> bool:
    try:
        return isinstance(json.loads(checkpoint.read_text()), dict)
    except (FileNotFoundError, ValueError):
        return False

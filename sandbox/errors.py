"""Errors of the sandbox, in the shape that `--json` prints."""

import errno
import shutil
from pathlib import Path
from typing import Any

_FULL = (errno.ENOSPC, errno.EDQUOT)
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
_ELSEWHERE = "CULVERT_SANDBOX_HOME names the sandbox's directory, CULVERT_CACHE that of the tools"
_LITTLE_SPACE = 16 << 20
"""Bytes. With less, the servers and the engine fail in many ways, and not all of them say why."""


def error_entry(
    message: str, *, key: str = "", value: object = None, accepted: str = "", source: str = ""
) -> dict[str, Any]:
    """One entry of `{"errors": […]}`.

    `key` names the setting, environment variable, tool or resource at fault, `value` its value, `accepted` what would
    be accepted instead, `source` the page that states the rule. Each but the message may be empty.
    """
    return {"key": key, "value": value, "accepted": accepted, "source": source, "message": message}


class SandboxError(Exception):
    """A single failure, with the fields of `error_entry`."""

    def __init__(
        self, message: str, *, key: str = "", value: object = None, accepted: str = "", source: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.key = key
        self.value = value
        self.accepted = accepted
        self.source = source

    def entry(self) -> dict[str, Any]:
        """The error as an entry of `{"errors": […]}`."""
        return error_entry(self.message, key=self.key, value=self.value, accepted=self.accepted, source=self.source)


def from_os_error(error: OSError) -> dict[str, Any]:
    """The entry for a file that cannot be written or read, by this process itself."""
    path = str(error.filename or "")
    reason = (error.strerror or str(error)).lower()
    message = f"{path}: {reason}" if path else reason
    if error.errno in _FULL:
        advice = "Free some space and run the same command again; what was saved before is kept"
        return error_entry(f"{message}. {advice}", key="disk", value=path, accepted=f"free disk space. {_ELSEWHERE}")
    if error.errno in DENIED:
        accepted = "a path that this user can write to"
        return error_entry(f"{message}. {_ELSEWHERE}", key="path", value=path, accepted=accepted)
    return error_entry(message, key="path", value=path)


def disk_note(path: Path) -> list[dict[str, Any]]:
    """An entry if the disk of `path` is full, which may be why a server or the engine has failed; else none."""
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    if free >= _LITTLE_SPACE:
        return []
    message = (
        f"the disk of {path} is full: {free / 1e6:.1f} MB are free. This may be the cause. Free some space and run the "
        f"same command again; what was saved before is kept"
    )
    return [error_entry(message, key="disk", value=str(path), accepted=f"free disk space. {_ELSEWHERE}")]

"""The directory of one sandbox: its state, logs and secrets."""

import contextlib
import glob
import os
import secrets
import shlex
import shutil
import stat
from pathlib import Path

from sandbox.errors import SandboxError

PROJECT = Path(__file__).resolve().parents[1]
"""The folder of `Pulumi.yaml`, whose program the sandbox runs."""

MARKER = ".culvert-sandbox"
"""The file in every directory that a sandbox made. No other directory is changed or deleted."""

_MARKER_TEXT = "culvert's sandbox made this directory. `python -m sandbox down --delete` deletes it.\n"
_VARIABLE = "CULVERT_SANDBOX_HOME"


class SandboxDirectory:
    """The directory of one sandbox. Two sandboxes in two directories share only the cached tools.

    `CULVERT_SANDBOX_HOME` names the directory; the default is `.sandbox` beside `Pulumi.yaml`.
    """

    def __init__(self, path: Path | None = None) -> None:
        chosen = os.environ.get(_VARIABLE)
        self.path = (path or (Path(chosen) if chosen else PROJECT / ".sandbox")).resolve()

    def create(self) -> "SandboxDirectory":
        """Creates the directory, readable by its owner only: it holds an API token, a kubeconfig and the state.

        Raises `SandboxError` if the path cannot be used, or if there is something that no sandbox made.
        """
        if os.pathsep in str(self.path):
            raise self._error(f"{self.path} cannot be a sandbox: KUBECONFIG would read its {os.pathsep!r} as two paths")
        if not os.path.lexists(self.path) or self._is_new():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self.path / MARKER, _MARKER_TEXT)
        self.check_made_by_sandbox()
        self.path.chmod(0o700)
        for folder in ("run", "state", "pulumi", "stacks"):
            (self.path / folder).mkdir(exist_ok=True)
        # The engine gets a PULUMI_HOME of its own, so that the user's login stays as it is. Plugins are shared.
        with contextlib.suppress(RuntimeError):  # this machine does not say where the home directory is
            plugins = Path(os.environ.get("PULUMI_HOME") or "~/.pulumi").expanduser() / "plugins"
            link = self.path / "pulumi" / "plugins"
            if plugins.is_dir() and not link.exists():
                link.unlink(missing_ok=True)
                link.symlink_to(plugins)
        return self

    def check_made_by_sandbox(self) -> None:
        """Raises `SandboxError` if the path is anything but a directory that a sandbox made. It may be missing."""
        if not os.path.lexists(self.path) or (self.path / MARKER).is_file():
            return
        raise self._error(
            f"{self.path} is not a directory that a sandbox made: it has no file {MARKER}. It is neither used nor "
            f"deleted. Name another path with {_VARIABLE}. If an earlier version of culvert made this directory: "
            f"touch {shlex.quote(str(self.path / MARKER))}"
        )

    def delete(self) -> None:
        """Deletes the directory. Its path is free at once: a killed deletion leaves no half of it there.

        Raises `SandboxError` for a directory that no sandbox made.
        """
        self.check_made_by_sandbox()
        doomed = self.path.with_name(f"{self.path.name}.deleted-{secrets.token_hex(4)}")
        try:
            self.path.rename(doomed)
        except FileNotFoundError:
            pass
        except OSError:  # its parent is read-only
            _delete_marked(self.path)
        for deleted in self.path.parent.glob(f"{glob.escape(self.path.name)}.deleted-*"):
            if (deleted / MARKER).is_file():
                _delete_marked(deleted)

    def delete_drafts(self) -> None:
        """Deletes what a killed process left of a file that it was writing; none may be running."""
        for draft in self.path.rglob("*.draft"):
            draft.unlink(missing_ok=True)

    @property
    def backend_url(self) -> str:
        """The Pulumi backend that holds the state of every stack of this sandbox."""
        return (self.path / "state").as_uri()

    def secret(self, name: str) -> str:
        """A random secret of this sandbox, generated on first use and stored in a file of mode 0600."""
        path = self.path / name
        if not path.exists():
            self.write_secret(name, secrets.token_urlsafe(32))
        return path.read_text().strip()

    def write_secret(self, name: str, value: str) -> Path:
        """Stores `value` in a file of mode 0600 and returns its path."""
        path = self.path / name
        write_private(path, value)
        return path

    def _is_new(self) -> bool:
        """Whether the path is an empty directory that only its owner can enter, as `mktemp -d` makes it."""
        if self.path.is_symlink() or not self.path.is_dir():
            return False
        # Another process may be about to write the marker.
        if any(not entry.name.startswith(MARKER) for entry in self.path.iterdir()):
            return False
        found = self.path.stat()
        return found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == 0o700

    def _error(self, message: str) -> SandboxError:
        accepted = "a path where nothing is yet, or a directory that a sandbox made"
        return SandboxError(message, key=_VARIABLE, value=str(self.path), accepted=accepted)


def without_programs(path: str) -> str:
    """A PATH without the folders of programs that sandboxes put there (`sandbox/shell/`)."""
    return os.pathsep.join(
        entry for entry in path.split(os.pathsep) if not (entry and (Path(entry).parent / MARKER).is_file())
    )


def write_private(path: Path, text: str) -> None:
    """Replaces the file atomically by one of mode 0600; others cannot read it at any moment.

    If that fails, as on a full disk, the file is as it was and nothing else is left.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _delete_marked(directory: Path) -> None:
    """Deletes a directory, its marker last: what is left of a killed deletion can be deleted by the next."""
    for entry in directory.iterdir():
        if entry.name == MARKER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    shutil.rmtree(directory)

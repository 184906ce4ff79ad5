"""The directory of one sandbox: its state, logs and secrets."""

import os
import secrets
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
"""The folder of `Pulumi.yaml`, whose program the sandbox runs."""


class SandboxDirectory:
    """The directory of one sandbox. Two sandboxes in two directories share only the cached tools.

    `CULVERT_SANDBOX_HOME` names the directory; the default is `.sandbox` beside `Pulumi.yaml`.
    """

    def __init__(self, path: Path | None = None) -> None:
        chosen = os.environ.get("CULVERT_SANDBOX_HOME")
        self.path = (path or (Path(chosen) if chosen else PROJECT / ".sandbox")).resolve()

    def create(self) -> "SandboxDirectory":
        """Creates the directory, readable by its owner only: it holds an API token, a kubeconfig and the state."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        for folder in ("run", "state", "pulumi", "stacks"):
            (self.path / folder).mkdir(exist_ok=True)
        # The engine gets a PULUMI_HOME of its own, so that the user's login stays as it is. Plugins are shared.
        plugins = Path(os.environ.get("PULUMI_HOME") or "~/.pulumi").expanduser() / "plugins"
        link = self.path / "pulumi" / "plugins"
        if plugins.is_dir() and not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(plugins)
        return self

    @property
    def backend_url(self) -> str:
        """The Pulumi backend that holds the state of every stack of this sandbox."""
        return f"file://{self.path / 'state'}"

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


def write_private(path: Path, text: str) -> None:
    """Replaces the file atomically by one of mode 0600; others cannot read it at any moment."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)

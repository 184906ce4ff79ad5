"""Where one sandbox keeps what it has: its folder, and the secrets that never leave it."""

import os
import secrets
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
"""The folder that holds `Pulumi.yaml`: the program that the sandbox runs."""


class SandboxDirectory:
    """The folder of one sandbox. Two sandboxes in two folders share nothing but the cached tools.

    `CULVERT_SANDBOX_HOME` names the folder; without it, `.sandbox` beside `Pulumi.yaml`.
    """

    def __init__(self, path: Path | None = None) -> None:
        named = os.environ.get("CULVERT_SANDBOX_HOME")
        self.path = (path or (Path(named) if named else PROJECT / ".sandbox")).resolve()

    def create(self) -> "SandboxDirectory":
        """Creates the folder, readable by its owner only: it holds an API token, a kubeconfig and the state."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        for folder in ("run", "state", "pulumi", "stacks"):
            (self.path / folder).mkdir(exist_ok=True)
        # The engine's own folder is the sandbox's, so that nobody's login is touched; the plugins somebody has are theirs.
        plugins = Path(os.environ.get("PULUMI_HOME") or "~/.pulumi").expanduser() / "plugins"
        link = self.path / "pulumi" / "plugins"
        if plugins.is_dir() and not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(plugins)
        return self

    def secret(self, name: str) -> str:
        """A random secret of this sandbox, made on first use and kept in a file of mode 0600."""
        path = self.path / name
        if not path.exists():
            self.write_secret(name, secrets.token_urlsafe(32))
        return path.read_text().strip()

    def write_secret(self, name: str, value: str) -> Path:
        """Keeps `value` in a file of mode 0600, never for a moment readable by others; returns its path."""
        path = self.path / name
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(value)
        part.replace(path)
        return path

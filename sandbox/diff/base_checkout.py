"""The base of a comparison: another checkout of this project, whose commands run with its own code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError, error_entry


class BaseCheckout:
    """A checkout, and the directory of the sandbox in which its commands run.

    Its `python -m sandbox` runs with the Python and the packages of this process.
    """

    def __init__(self, checkout: Path, home: Path) -> None:
        self.checkout = checkout.resolve()
        self._home = home
        if not (self.checkout / "Pulumi.yaml").is_file():
            raise SandboxError(
                f"{checkout} is not a checkout of this project: it has no Pulumi.yaml",
                key="--base",
                value=str(checkout),
                accepted="a folder with the base's files: git worktree add DIR main",
                source="https://git-scm.com/docs/git-worktree",
            )

    def run(self, command: str, stack: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The result of a command of the base's sandbox, and its errors: one of the two is empty."""
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", command, "--stack", stack, "--json"],
            cwd=self.checkout,
            env={**env, "CULVERT_SANDBOX_HOME": str(self._home)},
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            # In a process group of its own: it receives Ctrl-C once, from this process, and has time to clean up.
            process_group=0,
        )
        try:
            output, _ = process.communicate()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
        try:
            result = json.loads(output)
        except ValueError:
            result = {}
        if process.returncode == 0 and isinstance(result, dict):
            return result, []
        errors = result.get("errors") if isinstance(result, dict) else None
        unexplained = f"python -m sandbox {command} ended with exit status {process.returncode} and no error message"
        return {}, errors or [error_entry(unexplained, key="--base")]

"""The base of a comparison: another checkout of this project, run by its own code."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.engine.diagnostics import as_error
from sandbox.errors import SandboxError


class Base:
    """A checkout, and the sandbox (`home`) that its commands work in.

    Its `python -m sandbox` is run as a person would run it there, with the Python and the packages of this process.
    """

    def __init__(self, checkout: Path, home: Path) -> None:
        self.checkout = checkout.resolve()
        self._home = home
        if not (self.checkout / "Pulumi.yaml").is_file():
            raise SandboxError(
                f"{checkout} is no checkout of this project: it has no Pulumi.yaml",
                key="--base",
                value=str(checkout),
                accepted="a folder with the base's files: git worktree add DIR main",
                source="https://git-scm.com/docs/git-worktree",
            )

    def run(self, command: str, stack: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """What the command answered, and the errors it told: one of the two is empty."""
        env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", command, "--stack", stack, "--json"],
            cwd=self.checkout,
            env={**env, "CULVERT_SANDBOX_HOME": str(self._home)},
            stdout=subprocess.PIPE,
            text=True,
            # In a group of its own, so that Ctrl-C reaches it once, from here, and it has the time to clean up.
            process_group=0,
        )
        try:
            printed, _ = process.communicate()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        try:
            answer = json.loads(printed)
        except ValueError:
            answer = {}
        if process.returncode == 0 and isinstance(answer, dict):
            return answer, []
        told = answer.get("errors") if isinstance(answer, dict) else None
        silent = f"python -m sandbox {command} ended with exit status {process.returncode}, and did not say why"
        return {}, told or [as_error(silent, key="--base")]

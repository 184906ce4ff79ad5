"""The Automation API's workspace of one stack: locked, and repaired after an interrupted run."""

import gc
import os
import runpy
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pulumi import automation
from pulumi.automation._stack import StackInitMode

from ops.project import project_folder, project_name
from sandbox.directory import PROJECT, SandboxDirectory
from sandbox.engine import checkpoint
from sandbox.engine.engine_processes import await_orphans
from sandbox.engine.property_diff import SECRET
from sandbox.engine.pulumi_command import PulumiCommand
from sandbox.engine.stack_file import stored_stack_file, write_copy
from sandbox.errors import SandboxError
from sandbox.tools import Tool
from sandbox.tools.tool import Progress
from settings.loading import STACK_FILE


class _Workspace(automation.LocalWorkspace):
    """A workspace that reads the state where the library would run a command of the engine, which takes longer than the
    reading a hundredfold."""

    checkpoint: Path

    def select_stack(self, stack_name: str) -> None:
        """Nothing: each command names its stack."""

    def stack_outputs(self, stack_name: str) -> automation.OutputMap:
        """Outputs with secrets masked, never decrypted."""
        del stack_name  # the workspace has one stack
        outputs = checkpoint.outputs(checkpoint.deployment(self.checkpoint))
        return {name: automation.OutputValue(value, secret=value == SECRET) for name, value in outputs.items()}


class _Stack(automation.Stack):
    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:
        """An empty summary of the last run, which the library asks for after each: no command prints any of it."""
        del show_secrets
        return automation.UpdateSummary("", datetime.min, "", {}, {}, "")


class StackWorkspace:
    """The workspace of one stack: `tool` is the engine, `env` its environment, `config` the user's stack file."""

    def __init__(
        self,
        directory: SandboxDirectory,
        stack: str,
        config: Path | None,
        tool: Tool,
        env: Mapping[str, str],
        progress: Progress,
    ) -> None:
        self._directory = directory
        self._name = stack
        self._config = config
        self._command = PulumiCommand(tool)
        self._env = dict(env)
        self._progress = progress

    @property
    def note(self) -> Path:
        """A file that exists while a run changes the stack, and afterwards unless the run ended in good order.

        The engine alone does not say that a run was cut off: it writes no pending operation for what a destroy with
        the program deletes, and none for what a provider was creating when it died.
        """
        return self._directory.path / "stacks" / self._name / "unfinished"

    @property
    def stack_file(self) -> Path:
        """The stack file in the sandbox, that of the last run."""
        return stored_stack_file(self._directory, self._name)

    def deployment(self) -> dict[str, Any]:
        """The stack's state, `{resources, pending_operations, …}` with secrets encrypted; empty before its first
        run."""
        return checkpoint.deployment(self._checkpoint)

    @property
    def _state_folder(self) -> Path:
        return self._directory.path / "state" / ".pulumi"

    @property
    def _checkpoint(self) -> Path:
        return self._state_folder / "stacks" / project_name() / f"{self._name}.json"

    @contextmanager
    def open(self) -> Iterator[automation.Stack]:
        """The stack, for one command at a time. Raises `SandboxError` while another command uses it."""
        folder = self._directory.path / "stacks" / self._name
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise SandboxError(
                f"another command is running on stack {self._name!r}; wait until it ends",
                key="--stack",
                value=self._name,
                accepted="a stack on which no other command runs",
            ) from None
        try:
            await_orphans(self._directory.backend_url, self._name, self._progress)
            checkpoint.delete_drafts(self._state_folder, self._name)
            checkpoint.restore(self._checkpoint, self._progress)
            if self._config:
                write_copy(self._directory, self._name, self._config, self._progress)
            yield self._select(folder)
        finally:
            lock.release()

    def _select(self, folder: Path) -> automation.Stack:
        shutil.copy(project_folder() / "Pulumi.yaml", folder / "Pulumi.yaml")
        workspace = _Workspace(
            work_dir=str(folder),
            pulumi_home=str(self._directory.path / "pulumi"),
            program=self._run_program,
            env_vars=self._env,
            pulumi_command=self._command,
        )
        workspace.checkpoint = self._checkpoint
        mode = StackInitMode.SELECT if self._checkpoint.exists() else StackInitMode.CREATE
        stack = _Stack(self._name, workspace, mode)
        if any((self._state_folder / "locks").glob(f"**/{self._name}/*.json")):
            self._note_interruption(f"unlocking stack {self._name!r}, which an interrupted run left locked")
            stack.cancel()
        return stack

    def _note_interruption(self, message: str) -> None:
        # A plain `pulumi` leaves no note of its own.
        self.note.touch()
        self._progress(message)

    def _run_program(self) -> None:
        """Runs `__main__.py` as `pulumi up` does: its imports are relative to the project's folder."""
        # The program and its resource hooks call the APIs from this process, not from the engine's.
        addresses = {key: value for key, value in self._env.items() if key.startswith(("CLOUDFLARE_", "KUBECONFIG"))}
        os.environ.update(addresses)
        if str(PROJECT) not in sys.path:
            sys.path.insert(0, str(PROJECT))
        collects = gc.isenabled()
        try:
            with self._stack_file_named():
                runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")
        finally:
            # The program disables it, because its own process ends with it.
            if collects:
                gc.enable()

    @contextmanager
    def _stack_file_named(self) -> Iterator[None]:
        """The engine reads a copy of the user's stack file, whose lines the program's errors name."""
        if not self._config:
            yield
            return
        os.environ[STACK_FILE] = str(self._config.resolve())
        try:
            yield
        finally:
            del os.environ[STACK_FILE]

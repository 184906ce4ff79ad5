"""The real Pulumi engine, driven over one stack of a sandbox.

`__main__.py` runs as it is, as the inline program of the Automation API: the engine calls back into this process, so that no
language plugin is needed (https://www.pulumi.com/docs/iac/automation-api/).
"""

import os
import runpy
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml
from filelock import FileLock, Timeout
from pulumi import automation
from pulumi.automation import errors as automation_errors
from pulumi.automation.events import StepEventMetadata
from semver import VersionInfo

from ops.recover import pending_operations, state
from sandbox.directory import PROJECT, SandboxDirectory
from sandbox.engine import checkpoint, diagnostics, policy_pack
from sandbox.engine.property_diff import SECRET
from sandbox.engine.stack_file import PROJECT_NAME, kept, rehearsal
from sandbox.engine.update_result import Change, Recorder, plain_outputs
from sandbox.errors import SandboxError
from sandbox.secret_operators.sealed_secrets import certificate
from sandbox.services.services import external_kubeconfig
from sandbox.tools import Tool

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """What one run did: counts by operation, the resources that changed, and the stack's outputs (secret ones masked)."""

    summary: dict[str, int]
    changes: list[Change]
    outputs: dict[str, Any]
    steps: list[StepEventMetadata]
    """What `changes` was made from: old and new values, which are too much to print with every run."""
    violations: list[policy_pack.Violation]
    """Rules that the stack breaks, where it was judged by them; a run that succeeded broke advisory ones only."""

    def as_json(self) -> dict[str, Any]:
        changes = [asdict(change) for change in self.changes]
        return {"summary": self.summary, "changes": changes, "outputs": self.outputs}


class _Command(automation.PulumiCommand):
    """Runs the engine in a process group of its own.

    A terminal sends Ctrl-C to the whole foreground group; the engine would then be told twice, by the terminal and by us, and
    the second time it stops at once and leaves resources half made. So it is told by us alone.
    """

    def __init__(self, tool: Tool) -> None:
        self.command = str(tool.path)
        self.running: subprocess.Popen[str] | None = None
        self.version = VersionInfo.parse(tool.version.removeprefix("v"))

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> automation.CommandResult:
        path = os.pathsep.join([str(Path(self.command).parent), os.environ.get("PATH", ""), str(policy_pack.LAUNCHER)])
        own = {"PATH": path, "CULVERT_POLICY_PYTHON": sys.executable, "PULUMI_AUTOMATION_API": "true"}
        env = {**os.environ, **additional_env, **own}
        collected: dict[str, list[str]] = {"out": [], "err": []}

        def consume(stream: Any, name: str, tell: Callable[[str], Any] | None) -> None:
            for line in stream:
                collected[name].append(line.rstrip())
                if tell:
                    tell(line.rstrip())

        with subprocess.Popen(
            [self.command, "--non-interactive", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=env,
            encoding="utf-8",
            process_group=0,
        ) as process:
            self.running = process
            readers = [
                threading.Thread(target=consume, args=(process.stdout, "out", on_output)),
                threading.Thread(target=consume, args=(process.stderr, "err", on_error)),
            ]
            for reader in readers:
                reader.start()
            try:
                for reader in readers:
                    reader.join()
            except KeyboardInterrupt:
                self._stop(process)
                raise
            finally:
                self.running = None
        result = automation.CommandResult("\n".join(collected["out"]), "\n".join(collected["err"]), process.returncode)
        if process.returncode:
            raise automation_errors.create_command_error(result)
        return result

    @staticmethod
    def _stop(process: subprocess.Popen[str]) -> None:
        """Lets the engine finish what is under way and keep it; a second interrupt, or 60 seconds, ends it."""
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class _Workspace(automation.LocalWorkspace):
    def stack_outputs(self, stack_name: str) -> automation.OutputMap:
        """As the engine masks them, so by one command where the library runs two: no secret comes in here."""
        outputs = state.command_json(self, "stack", "output", "--json", "--stack", stack_name)
        return {name: automation.OutputValue(value, secret=value == SECRET) for name, value in outputs.items()}


class Engine:
    """One stack of a sandbox, and what can be done with it.

    `tool` is the engine, `env` what it needs to reach the sandbox's servers. Only one command works on a stack at a time.
    """

    def __init__(
        self,
        home: SandboxDirectory,
        stack: str,
        config: Path | None,
        tool: Tool,
        env: Mapping[str, str],
        progress: Progress,
    ) -> None:
        self._home = home
        self._name = stack
        self._config = config
        self._progress = progress
        self._command = _Command(tool)
        self._env = dict(env)

    def preview(self, tell: Progress, policy: bool = False) -> Report:
        """What `up` would do; changes nothing. With `policy`, the policy rules judge it."""
        return self._run(lambda stack, **to: stack.preview(**self._judged(policy), **to), tell)

    def up(self, tell: Progress, policy: bool = False) -> Report:
        """Makes what the program declares, as far as the policy rules let it where `policy` says so."""
        return self._run(lambda stack, **to: stack.up(show_secrets=False, **self._judged(policy), **to), tell)

    def refresh(self, tell: Progress) -> Report:
        """Reads every resource again, and tells what differs from the state."""
        return self._run(lambda stack, **to: stack.refresh(show_secrets=False, **to), tell)

    def destroy(self, tell: Progress, run_program: bool = False) -> Report:
        """Deletes everything that the state holds; the program runs too where asked, and where something has hooks for its
        deletion, without which the engine refuses. Where something is protected, a preview refuses before anything is deleted,
        as `pulumi destroy` does: the deletion itself would go on past it.
        """

        def do(stack: automation.Stack, **to: Any) -> automation.DestroyResult:
            resources = state.resources(state.export_state(stack))
            hooks = [resource.get("resourceHooks") or {} for resource in resources]
            needed = run_program or any({"BeforeDelete", "AfterDelete"} & set(kinds) for kinds in hooks)
            if any(resource.get("protect") for resource in resources):
                stack.preview_destroy(run_program=needed, **to)
            return stack.destroy(show_secrets=False, run_program=needed, **to)

        return self._run(do, tell)

    def outputs(self) -> dict[str, Any]:
        """The outputs of the last `up`, secret ones masked."""
        with self._stack() as stack:
            return plain_outputs(stack.outputs())

    def export(self) -> dict[str, Any]:
        """The state as the engine keeps it, secrets encrypted."""
        with self._stack() as stack:
            return state.export_state(stack)

    def _judged(self, policy: bool) -> dict[str, Any]:
        return policy_pack.arguments(self._name) if policy else {}

    def _run(self, do: Callable[..., Any], tell: Progress) -> Report:
        recorder = Recorder()
        with self._stack() as stack:
            pending_operations.repair_state(stack, self._env, self._progress)
            try:
                done = do(stack, on_output=tell, on_event=recorder, color="never")
            except automation.CommandError as error:
                raise diagnostics.from_run(recorder.diagnostics, error, self._name, recorder.violations) from error
            outputs = plain_outputs(done.outputs if isinstance(done, automation.UpResult) else stack.outputs())
        return Report(recorder.summary(), recorder.changes, outputs, recorder.steps, recorder.violations)

    @contextmanager
    def _stack(self) -> Iterator[automation.Stack]:
        folder = self._home.path / "stacks" / self._name
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise SandboxError(
                f"another command is at work on stack {self._name!r}; wait for it to end",
                key="--stack",
                value=self._name,
                accepted="a stack on which no other command works",
            ) from None
        try:
            _end_orphans(self._env["PULUMI_BACKEND_URL"], self._name, self._progress)
            checkpoint.restore(
                self._home.path / "state/.pulumi/stacks" / PROJECT_NAME / f"{self._name}.json", self._progress
            )
            try:
                yield self._open(folder)
            except automation.CommandError as error:
                raise diagnostics.from_run([], error, self._name) from error
        finally:
            lock.release()

    def _open(self, folder: Path) -> automation.Stack:
        settings_file = kept(self._home, self._name)
        before = yaml.safe_load(settings_file.read_text()) if settings_file.exists() else {}
        if self._config:
            content, left_out = rehearsal(
                self._config, None if external_kubeconfig() else lambda: certificate(self._home)
            )
            if left_out:
                self._progress(f"left out of the rehearsal, since they belong to real accounts: {', '.join(left_out)}")
            if "encryptionsalt" in before:
                content["encryptionsalt"] = before["encryptionsalt"]
            settings_file.write_text(yaml.safe_dump(content, sort_keys=False))
        shutil.copy(PROJECT / "Pulumi.yaml", folder / "Pulumi.yaml")
        workspace = _Workspace(
            work_dir=str(folder),
            pulumi_home=str(self._home.path / "pulumi"),
            program=self._program,
            env_vars=self._env,
            pulumi_command=self._command,
        )
        stack = automation.Stack.create_or_select(self._name, workspace)
        if (self._home.path / "state" / ".pulumi" / "locks").exists() and _locked(self._home, self._name):
            self._progress(f"stack {self._name!r} is still locked by a run that was cut off: unlocking it")
            stack.cancel()
        return stack

    def _program(self) -> None:
        """Runs `__main__.py` as `pulumi up` would: from the project's folder, which its imports are relative to."""
        # Its hooks call the API as the providers do, and from here, not from the engine's process.
        os.environ.update({key: value for key, value in self._env.items() if key.startswith("CLOUDFLARE_")})
        if str(PROJECT) not in sys.path:
            sys.path.insert(0, str(PROJECT))
        runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")


def _locked(home: SandboxDirectory, stack: str) -> bool:
    return any((home.path / "state" / ".pulumi" / "locks").glob(f"**/{stack}/*.json"))


def engines(backend: str, stack: str | None = None) -> list[psutil.Process]:
    """Engine processes that a sandbox command started on this state (on one stack of it, where `stack` is given).

    A `pulumi` that somebody runs by hand against the same state is not among them: it lacks `--exec-kind`.
    """
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != "pulumi":
            continue
        try:
            arguments = process.cmdline()
            ours = process.environ().get("PULUMI_BACKEND_URL") == backend and "--exec-kind" in arguments
            if ours and (stack is None or stack in arguments):
                found.append(process)
        except psutil.Error:
            continue
    return found


def stop_engines(backend: str) -> list[str]:
    """Ends every engine of this sandbox, asked first; returns a word for each."""
    running = engines(backend)
    for process in running:
        process.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(running, timeout=60)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive)
    return ["engine"] * len(running)


def _end_orphans(backend: str, stack: str, progress: Progress) -> None:
    """Waits for an engine whose command was killed: it keeps what it has made, then finds its program gone and ends."""
    orphans = engines(backend, stack)
    if orphans:
        progress(f"an earlier run on stack {stack!r} was cut off; letting its engine finish what is under way")
        _, alive = psutil.wait_procs(orphans, timeout=60)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive)

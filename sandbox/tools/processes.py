"""The background processes of a sandbox: started once, found by later commands, stopped by name."""

import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from sandbox.directory import write_private
from sandbox.errors import SandboxError

MARK = "CULVERT_DAEMON"
"""Environment variable of every process started here, with a random value. A process is ours if it has the value that
was recorded with its id. Ids are reused, and the creation time that the system reports moves with the clock; this
value is safe from both."""

HELD = ("/bin/sh", "-c", 'read -r go || exit 1; exec "$@" </dev/null', "sh")
"""Prefix of a command that is held until `release`: a shell waits for a line on its input, then becomes the command.

The command runs only after its process id is recorded. If the caller is interrupted or dies before that, the pipe
closes and the shell exits, so that no unrecorded process is left behind."""


def release(child: subprocess.Popen[bytes]) -> None:
    """Lets a process run that was started with `HELD` and a pipe as its input. An ended process is not an error."""
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin:
        child.stdin.write(b"go\n")


class Supervisor:
    """Starts and stops the processes of one sandbox, which outlive the command that started them.

    `home` is the sandbox's directory. A process has a name, a record `home/run/NAME.json` (its id and mark) and a log
    `home/logs/NAME.log` (both output streams, readable by the owner only; `NAME.log.old` is that of the previous run).
    """

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        *,
        ready: Callable[[], bool] | None = None,
        timeout: float = 30,
        cwd: Path | None = None,
    ) -> int:
        """Starts `command` in a session of its own and returns its process id once `ready` returns true.

        A running process of that name is stopped first. `env` is added to the caller's environment. `ready` is called
        20 times a second for at most `timeout` seconds. If the process ends or is not ready in time, `SandboxError`
        has the end of its log. After an error or an interruption, no process is left running.
        """
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name):
            raise ValueError(
                f"{name!r} is not a process name: it must consist of lower-case letters, digits and any of . _ -"
            )
        first_started = self._read(name).get("first_started") or time.time_ns()
        self.stop(name)
        for folder in (self._record(name).parent, self.log(name).parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark = secrets.token_hex(16)
        with self._fresh_log(name) as log:
            child = subprocess.Popen(
                [*HELD, *map(str, command)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {}), MARK: mark},
                cwd=cwd,
                start_new_session=True,
            )
        self._children[child.pid] = child
        try:
            self._write(
                name, {"pid": child.pid, "mark": mark, "first_started": first_started, "command": [*map(str, command)]}
            )
            release(child)
            self._await(name, child, ready, timeout)
        except BaseException:
            self.stop(name, grace=2)
            raise
        return child.pid

    def running(self, name: str) -> bool:
        """Whether the process recorded under `name` is alive, and its id has not been reused."""
        return self._process(name) is not None

    def names(self) -> list[str]:
        """Names of the running processes, in the order of their first start: a restarted process keeps its place,
        since the processes that depend on it still do."""
        names = [path.stem for path in (self.home / "run").glob("*.json")]
        return sorted(filter(self.running, names), key=lambda name: self._read(name).get("first_started", 0))

    def stop(self, name: str, grace: float = 15) -> None:
        """Terminates the process and its session; kills them after `grace` seconds. It need not be running."""
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 10)):
            process = self._process(name)
            if process is None:
                break
            # It leads a session of its own, so its id is that of the process group, which includes its children.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            deadline = time.monotonic() + seconds
            while self.running(name) and time.monotonic() < deadline:
                time.sleep(0.02)
        if not self.running(name):
            self._record(name).unlink(missing_ok=True)

    def stop_all(self) -> None:
        """Stops every process of this sandbox, newest first: later processes depend on earlier ones."""
        for name in reversed(self.names()):
            self.stop(name)

    def log(self, name: str) -> Path:
        """The log file of the process."""
        return self.home / "logs" / f"{name}.log"

    def log_end(self, name: str, lines: int = 15) -> str:
        """The last lines of the log, for an error message."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-lines:])
        return ""

    def _await(
        self, name: str, child: subprocess.Popen[bytes], ready: Callable[[], bool] | None, timeout: float
    ) -> None:
        deadline = time.monotonic() + timeout
        while True:
            if child.poll() is not None:
                raise SandboxError(f"{name} ended at once (exit status {child.returncode}). {self._log_note(name)}")
            if ready is None or ready():
                return
            if time.monotonic() > deadline:
                raise SandboxError(f"{name} was not ready after {timeout:g} seconds. {self._log_note(name)}")
            time.sleep(0.05)

    def _log_note(self, name: str) -> str:
        end = self.log_end(name)
        return f"The end of {self.log(name)}:\n{end}" if end else f"{self.log(name)} is empty."

    def _record(self, name: str) -> Path:
        return self.home / "run" / f"{name}.json"

    def _write(self, name: str, record: dict[str, object]) -> None:
        write_private(self._record(name), json.dumps(record))

    def _fresh_log(self, name: str):
        path = self.log(name)
        with contextlib.suppress(FileNotFoundError):
            path.replace(path.with_suffix(".log.old"))
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")

    def _read(self, name: str) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            record = json.loads(self._record(name).read_text())
            return record if isinstance(record, dict) else {}
        return {}

    def _process(self, name: str) -> psutil.Process | None:
        record = self._read(name)
        pid, mark = record.get("pid"), record.get("mark")
        if not isinstance(pid, int) or not mark:
            return None
        if pid in self._children:
            self._children[pid].poll()  # reaps a child that has ended
        deadline = time.monotonic() + 2
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            # The environment is unreadable for an instant: while the shell becomes the command, and while a killed
            # process ends. The latter counts as running until its last thread has ended and released its ports.
            while not (environment := _environment(process)):
                ended = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
                if ended or time.monotonic() > deadline:
                    return None
                time.sleep(0.005)
            return process if environment.get(MARK) == mark else None
        return None


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.NoSuchProcess:  # some systems raise this for a process that is ending
        return {}

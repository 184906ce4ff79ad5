"""The sandbox's background processes: started once, found again by later commands, stopped by name."""

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

from sandbox.errors import SandboxError

MARK = "CULVERT_DAEMON"
"""Environment variable that every process started here carries. Its value is drawn anew for each start, so a process
is ours if, and only if, it still has the value that was recorded with its id: that holds however ids are reused and
however the clock is set meanwhile (which moves the creation time that the system reports)."""

LAUNCH = ("/bin/sh", "-c", 'read -r go || exit 1; exec "$@" </dev/null', "sh")
"""What a command is started through: the process waits for a line on its input before it becomes the command. The line
is sent once the process is known to whoever has to end it; where the caller is interrupted or dies before that, the pipe
closes and the process goes too. At no moment does a command run that nobody knows of."""


def let_go(child: subprocess.Popen[bytes]) -> None:
    """Sends that line to a process that was started through `LAUNCH` with a pipe as its input. One that has ended is no error."""
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin:
        child.stdin.write(b"go\n")


class Supervisor:
    """Starts and stops the processes of one sandbox, which outlive the command that started them.

    `home` is that sandbox's folder. Each process has a name, `home/run/NAME.json` (its id and mark) and
    `home/logs/NAME.log` (both streams, for the owner's eyes; the log of the run before is kept as `NAME.log.old`).
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
        """Start `command` in a session of its own and return its process id once `ready` says so.

        A process of that name which still runs is stopped first. `env` is added to the caller's environment. `ready` is
        asked 20 times a second for at most `timeout` seconds. A process that ends, or does not get ready in time, is a
        `SandboxError` with the end of its log, and nothing of it is left running; the same goes for an interruption.
        """
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
            raise ValueError(f"{name!r} is no name for a process: small letters, digits, dots and hyphens")
        since = self._read(name).get("since") or time.time_ns()
        self.stop(name)
        for folder in (self._record(name).parent, self.log(name).parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark = secrets.token_hex(16)
        with self._fresh_log(name) as log:
            child = subprocess.Popen(
                [*LAUNCH, *map(str, command)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {}), MARK: mark},
                cwd=cwd,
                start_new_session=True,
            )
        self._children[child.pid] = child
        try:
            self._write(name, {"pid": child.pid, "mark": mark, "since": since, "command": [*map(str, command)]})
            let_go(child)
            self._await(name, child, ready, timeout)
        except BaseException:
            self.stop(name, patience=2)
            raise
        return child.pid

    def running(self, name: str) -> bool:
        """Whether the process recorded under `name` is alive and is the one that was started here."""
        return self._process(name) is not None

    def names(self) -> list[str]:
        """Names of the processes that run, in the order they were first started: one that died and was started again
        has its old place, as what leans on it still does."""
        names = [path.stem for path in (self.home / "run").glob("*.json")]
        return sorted(filter(self.running, names), key=lambda name: self._read(name).get("since", 0))

    def stop(self, name: str, patience: float = 15) -> None:
        """End the process and its session: asked first, killed after `patience` seconds. Nothing to end is no error."""
        for request, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 10)):
            process = self._process(name)
            if process is None:
                break
            # It leads its own session, so the group's number is its id and the group holds what it started, too.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, request)
            deadline = time.monotonic() + seconds
            while self.running(name) and time.monotonic() < deadline:
                time.sleep(0.02)
        if not self.running(name):
            self._record(name).unlink(missing_ok=True)

    def stop_all(self) -> None:
        """End every process of this sandbox, the youngest first, as what was started later needs what came before."""
        for name in reversed(self.names()):
            self.stop(name)

    def log(self, name: str) -> Path:
        """Where the process writes what it has to say."""
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
                raise SandboxError(f"{name} ended at once (exit {child.returncode}). {self._said(name)}")
            if ready is None or ready():
                return
            if time.monotonic() > deadline:
                raise SandboxError(f"{name} was not ready after {timeout:g} seconds. {self._said(name)}")
            time.sleep(0.05)

    def _said(self, name: str) -> str:
        end = self.log_end(name)
        return f"The end of {self.log(name)}:\n{end}" if end else f"{self.log(name)} is empty."

    def _record(self, name: str) -> Path:
        return self.home / "run" / f"{name}.json"

    def _write(self, name: str, record: dict[str, object]) -> None:
        path = self._record(name)
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(record))
        draft.replace(path)

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
            self._children[pid].poll()  # a child of ours that ended stays listed until it is asked for
        deadline = time.monotonic() + 2
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            # For an instant there is no environment to be read: while the shell turns into the command, and while a
            # killed process ends. The latter counts until its last thread, and so the last of its ports, is gone.
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
    except psutil.NoSuchProcess:  # some systems say so of one that is ending
        return {}

"""Commands that use one sandbox at the same time, and the one that ends the others: `down`."""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from sandbox.directory import SandboxDirectory, write_private
from sandbox.tools.tool import Progress

_TIMEOUT = 120
"""Seconds that a command has to let its engine finish, to stop what it started and to end."""


@contextlib.contextmanager
def in_use(directory: SandboxDirectory, command: str, progress: Progress) -> Iterator[None]:
    """Creates the sandbox's directory and lets `down` know that `command` uses it.

    A `down` that is at work is awaited. One that starts later interrupts the command.
    """
    with alone(directory, progress):
        folder = _folder(directory)
        folder.mkdir(exist_ok=True)
        record = folder / f"{os.getpid()}.json"
        write_private(record, json.dumps({"pid": os.getpid(), "command": command}))
        lock = FileLock(record.with_suffix(".lock"))
        lock.acquire()
    try:
        yield
    except KeyboardInterrupt:
        if _read(record).get("ended_by"):
            progress("`python -m sandbox down` ended this command")
        raise
    finally:
        with contextlib.suppress(OSError):
            record.unlink(missing_ok=True)
            record.with_suffix(".lock").unlink(missing_ok=True)
        lock.release()


@contextlib.contextmanager
def alone(directory: SandboxDirectory, progress: Progress) -> Iterator[None]:
    """The sandbox's directory, created, while no other command begins to use it or deletes it."""
    started, announced = time.monotonic(), False
    while (lock := _lock(directory)) is None:
        if not announced and time.monotonic() - started > 1:
            progress("another command stops this sandbox; waiting for it")
            announced = True
        time.sleep(0.05)
    try:
        yield
    finally:
        os.close(lock)


def _lock(directory: SandboxDirectory) -> int | None:
    """The descriptor of a locked file in the directory, which is created.

    None if another process holds the lock, or has deleted the directory meanwhile.

    Not a FileLock: that would create a deleted directory anew.
    """
    with contextlib.ExitStack() as stack:
        try:
            path = directory.create().path / "run" / "alone.lock"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The directory may have been deleted, and created anew, since the file was opened.
            if os.fstat(descriptor).st_ino != path.stat().st_ino:
                return None
        except (BlockingIOError, FileNotFoundError):
            return None
        stack.pop_all()
        return descriptor


def end_commands(directory: SandboxDirectory, progress: Progress) -> list[str]:
    """Interrupts every command that uses the sandbox, and kills those that do not end in time; returns their names."""
    ended: list[str] = []
    for lock in map(FileLock, sorted(_folder(directory).glob("*.lock"))):
        record = Path(lock.lock_file).with_suffix(".json")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            # The lock is held, so the process that wrote its id beside it is alive.
            content = _read(record)
            command, pid = str(content.get("command")), int(str(content["pid"]))
            progress(f"ending `python -m sandbox {command}` (process {pid})")
            write_private(record, json.dumps({**content, "ended_by": "down"}))
            _end(pid, lock)
            ended.append(command)
        for left in (record, Path(lock.lock_file)):
            left.unlink(missing_ok=True)
        lock.release()
    return ended


def _end(pid: int, lock: BaseFileLock) -> None:
    """Ends the process that holds the lock, and takes the lock."""
    for number, seconds in ((signal.SIGTERM, _TIMEOUT), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=seconds)
            return


def _folder(directory: SandboxDirectory) -> Path:
    return directory.path / "run" / "commands"


def _read(record: Path) -> dict[str, object]:
    with contextlib.suppress(OSError, ValueError):
        content = json.loads(record.read_text())
        return content if isinstance(content, dict) else {}
    return {}

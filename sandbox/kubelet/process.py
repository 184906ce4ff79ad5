"""A child process that ends with the kubelet, even where the kubelet is killed."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil

MARK = "CULVERT_CONNECTORS"
"""Environment variable by which `stop_orphans` finds processes of an earlier run; its value is the sandbox's folder."""


class Process:
    """A running command, with both its output streams in a log that only its owner can read."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(
        cls, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path, home: Path
    ) -> "Process":
        """Starts the command with this environment and none of the kubelet's. Raises OSError where that fails."""
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
            process = await asyncio.create_subprocess_exec(
                *command,
                env={**environment, MARK: str(home)},
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                # A signal to the kubelet's process group must not reach it: the kubelet stops it in order.
                process_group=0,
                preexec_fn=_end_with_parent,
            )
        return cls(process)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        """The exit status, once there is one; after a signal, the negative of its number."""
        return await self._process.wait()

    async def stop(self, grace_period: float) -> None:
        """Sends SIGTERM, and SIGKILL after `grace_period` seconds."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            # Not wait_for: before Python 3.12 it loses a cancellation that comes as the process ends.
            async with asyncio.timeout(grace_period):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


def stop_orphans(home: Path, timeout: float = 2) -> int:
    """Stops the processes that an earlier run of this sandbox left because it was killed; their number."""
    orphans = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(home):
                process.terminate()
                orphans.append(process)
    _, remaining = psutil.wait_procs(orphans, timeout)
    for process in remaining:
        process.kill()
    return len(orphans)


def owner_of_socket(pids: Iterable[int], address: tuple[str, int]) -> int | None:
    """Which of these processes has a TCP socket with this address and port of its own."""
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            if any(one.laddr == address for one in psutil.Process(pid).net_connections("tcp")):
                return pid
    return None


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    """In the child: has the kernel terminate it when its parent ends, where the kernel supports that."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

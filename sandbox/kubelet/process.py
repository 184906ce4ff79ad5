"""One process of this machine that ends with us, whatever becomes of us."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

MARK = "CULVERT_CONNECTORS"
"""Environment variable by which processes that an earlier run left are found again; its value is the sandbox's folder."""


class Process:
    """A running command, with both its streams in a log for its owner's eyes."""

    def __init__(self, running: asyncio.subprocess.Process) -> None:
        self._running = running

    @classmethod
    async def start(
        cls, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path, home: Path
    ) -> "Process":
        """Raises OSError where the command cannot be run. Its environment is the one given, and nothing of ours."""
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
            running = await asyncio.create_subprocess_exec(
                *command,
                env={**environment, MARK: str(home)},
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                # Whoever stops us by our process group leaves it to us to stop these, in order.
                process_group=0,
                preexec_fn=_end_with_parent,
            )
        return cls(running)

    @property
    def pid(self) -> int:
        return self._running.pid

    async def ended(self) -> int:
        """The exit status, once there is one; negative for the signal that ended it."""
        return await self._running.wait()

    async def stop(self, grace: float) -> None:
        """Asks it to end, and ends it after `grace` seconds."""
        with contextlib.suppress(ProcessLookupError):
            self._running.terminate()
        try:
            # Not wait_for: before Python 3.12 it loses a cancellation that comes as the process ends.
            async with asyncio.timeout(grace):
                await self._running.wait()
        except TimeoutError:
            self.kill()
            await self._running.wait()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._running.kill()


def stop_leftovers(home: Path, patience: float = 5) -> int:
    """Ends what a run of this sandbox left that could not tidy up; how many those were."""
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(home):
                process.terminate()
                left.append(process)
    _, stubborn = psutil.wait_procs(left, patience)
    for process in stubborn:
        process.kill()
    return len(left)


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    """In the new process: have the kernel ask it to end when ours is gone, where the kernel does that."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

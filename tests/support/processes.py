"""Waiting for a condition, and asking whether a process is alive."""

import time
from collections.abc import Callable

import psutil


def alive(pid: int) -> bool:
    """Whether the process runs. A zombie has ended; only its parent can reap it."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def eventually(condition: Callable[[], object], seconds: float = 60) -> None:
    """Waits until the condition holds; fails, naming it, if it does not hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"does not hold after {seconds:g} seconds: {condition}"
        time.sleep(0.05)

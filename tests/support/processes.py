"""Processes that a test started, or that somebody started for it."""

import psutil


def alive(pid: int) -> bool:
    """Ended, one is a zombie until whoever started it has asked how: that is not ours to do."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

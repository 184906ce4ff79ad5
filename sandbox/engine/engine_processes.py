"""Engine processes that sandbox commands have started: found, awaited, stopped."""

import signal

import psutil

from sandbox.tools.tool import Progress

_TIMEOUT = 60
"""Seconds that an engine has to finish its current steps and save the state."""


def find_engines(backend: str, stack: str | None = None) -> list[psutil.Process]:
    """Engines that a sandbox command started on this backend, or on one stack of it.

    A `pulumi` that the user runs by hand against the same backend is left out: it lacks `--exec-kind`.
    """
    engines = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] != "pulumi":
            continue
        try:
            arguments = process.cmdline()
            ours = process.environ().get("PULUMI_BACKEND_URL") == backend and "--exec-kind" in arguments
            if ours and (stack is None or stack in arguments):
                engines.append(process)
        except psutil.Error:
            continue
    return engines


def stop_engines(backend: str) -> int:
    """Interrupts every engine of this sandbox and kills those that do not end in time; returns how many there were."""
    engines = find_engines(backend)
    for process in engines:
        process.send_signal(signal.SIGINT)
    _wait_or_kill(engines)
    return len(engines)


def await_orphans(backend: str, stack: str, progress: Progress) -> None:
    """Waits for an engine whose command was killed. It saves its current steps, misses its program and ends."""
    orphans = find_engines(backend, stack)
    if orphans:
        progress(f"an earlier run on stack {stack!r} was interrupted; waiting for its engine to finish")
        _wait_or_kill(orphans)


def _wait_or_kill(engines: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(engines, timeout=_TIMEOUT)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive)

"""One sandbox command as a whole process tree: how long it took, what it asked the API for, how much memory it held."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from sandbox.home import PROJECT

_EVERY = 0.1


@dataclass(frozen=True)
class Measured:
    """`seconds` by the clock on the wall, and `work` in seconds of processor time, of the command with the engine and without
    the sandbox's servers: on a machine that others use too it says more; `reads` and `writes` of the API; `program` and
    `engine` in MiB, the largest that the process with the Python program in it and the engine's were seen to hold; `report` is
    what the command printed."""

    seconds: float
    work: float
    reads: int
    writes: int
    program: int
    engine: int
    report: dict[str, Any]

    @property
    def calls(self) -> int:
        return self.reads + self.writes


def sandbox(env: Mapping[str, str], *arguments: str) -> Measured:
    """Runs `python -m sandbox ARGUMENTS --json` with this environment. Raises RuntimeError with its last words where it fails."""
    command = [sys.executable, "-m", "sandbox", *arguments, "--json"]
    # To files: a pipe that nobody reads while memory is watched would fill up.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun, worked = time.monotonic(), _worked()
        process = subprocess.Popen(command, cwd=PROJECT, env=dict(env), stdout=out, stderr=err)
        watched = psutil.Process(process.pid)
        peak = {"program": 0, "engine": 0}
        while process.poll() is None:
            _watch(watched, peak)
            time.sleep(_EVERY)
        seconds, work = time.monotonic() - begun, _worked() - worked
        out.seek(0)
        err.seek(0)
        printed, said = out.read().decode(), err.read().decode()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} ended with {process.returncode}: {printed[-1000:]}{said[-3000:]}")
    report = json.loads(printed)
    calls = report.get("calls", {}) if isinstance(report, dict) else {}
    return Measured(
        seconds, work, calls.get("reads", 0), calls.get("writes", 0), peak["program"], peak["engine"], report
    )


def set_faults(page: str, home: Path, **faults: Any) -> None:
    """Switches on this trouble of the sandbox's, and all other off."""
    admin = {"Authorization": f"Bearer {(home / 'admin').read_text().strip()}"}
    httpx.put(f"{page}sandbox/faults", json=faults, headers=admin).raise_for_status()


def _worked() -> float:
    """Processor time of every child that has ended, and of theirs."""
    times = os.times()
    return times.children_user + times.children_system


def _watch(process: psutil.Process, peak: dict[str, int]) -> None:
    try:
        engines = [child for child in process.children() if child.name() == "pulumi"]
        for name, found in (("program", [process]), ("engine", engines)):
            held = sum(each.memory_info().rss for each in found) >> 20
            peak[name] = max(peak[name], held)
    except psutil.Error:
        # It ended while it was being looked at.
        return


def stack_file(folder: Path, stack: str, settings: Mapping[str, Any]) -> Path:
    """A stack file with these settings, keys without `culvert:`. JSON is YAML."""
    path = folder / f"Pulumi.{stack}.yaml"
    path.write_text(json.dumps({"config": {f"culvert:{key}": value for key, value in settings.items()}}))
    return path

"""Measurement of one command with all its processes: time, API calls and memory."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from sandbox.directory import PROJECT, SandboxDirectory
from sandbox.services.admin_api import CallCount
from sandbox.services.services import SandboxServices

_SAMPLING_INTERVAL = 0.1
_ENGINES = ("pulumi", "terraform")


@dataclass(frozen=True)
class Measurement:
    """One command, measured with the processes that it starts and without the sandbox's servers."""

    seconds: float
    """Elapsed time."""
    work: float
    """Processor time in seconds, which depends less on a machine's other load."""
    reads: int
    """GET calls to the API."""
    writes: int
    """All other calls to the API."""
    program: int
    """Peak memory of the process with the Python program, in MiB."""
    engine: int
    """Peak memory of the engine, in MiB."""
    output: str

    @property
    def report(self) -> Any:
        """The command's output, parsed as JSON."""
        return json.loads(self.output)


def measure(env: Mapping[str, str], command: Sequence[str], cwd: Path = PROJECT) -> Measurement:
    """Runs the command with the sandbox of this environment. Raises RuntimeError, with its output, where it fails."""
    services = SandboxServices(SandboxDirectory(Path(env["CULVERT_SANDBOX_HOME"])), lambda _: None)
    mark = services.calls()[0] if services.running else 0
    # To files: a pipe would fill up, because this process samples memory and does not read it.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started, work_before = time.monotonic(), _children_work()
        process = subprocess.Popen(command, cwd=cwd, env=dict(env), stdout=out, stderr=err)
        peak = {"program": 0, "engine": 0}
        while process.poll() is None:
            _sample_memory(process.pid, peak)
            time.sleep(_SAMPLING_INTERVAL)
        seconds, work = time.monotonic() - started, _children_work() - work_before
        out.seek(0)
        err.seek(0)
        output, errors = out.read().decode(), err.read().decode()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {output[-1000:]}{errors[-3000:]}")
    calls = CallCount.of(services.calls(mark)[1] if services.running else [])
    return Measurement(seconds, work, calls.reads, calls.writes, peak["program"], peak["engine"], output)


def sandbox(env: Mapping[str, str], *arguments: str) -> Measurement:
    """Measures `python -m sandbox ARGUMENTS --json`, in the sandbox of this environment."""
    return measure(env, [sys.executable, "-m", "sandbox", *arguments, "--json"])


def set_faults(dashboard: str, home: Path, **faults: Any) -> None:
    """Enables these faults of the sandbox, and disables all others."""
    admin = {"Authorization": f"Bearer {(home / 'admin').read_text().strip()}"}
    httpx.put(f"{dashboard}sandbox/faults", json=faults, headers=admin).raise_for_status()


def _children_work() -> float:
    """Processor time, in seconds, of all child processes that have ended, and of theirs."""
    times = os.times()
    return times.children_user + times.children_system


def _sample_memory(pid: int, peak: dict[str, int]) -> None:
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
        names = {process: process.name() for process in processes}
        engines = [process.memory_info().rss for process in processes if names[process] in _ENGINES]
        programs = [process.memory_info().rss for process in processes if names[process].startswith("python")]
    except psutil.Error:
        return  # a process has ended meanwhile
    peak["engine"] = max(peak["engine"], sum(engines) >> 20)
    peak["program"] = max(peak["program"], max(programs, default=0) >> 20)


def stack_file(folder: Path, stack: str, settings: Mapping[str, Any]) -> Path:
    """A stack file with these settings, keys without `culvert:`. It is written as JSON, which is YAML."""
    path = folder / f"Pulumi.{stack}.yaml"
    path.write_text(json.dumps({"config": {f"culvert:{key}": value for key, value in settings.items()}}))
    return path

"""One command as a whole process tree: how long it took, what it asked the API for, how much memory it held."""

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

_EVERY = 0.1
_ENGINES = ("pulumi", "terraform")


@dataclass(frozen=True)
class Measured:
    """`seconds` by the clock on the wall, and `work` in seconds of processor time, of the command with all that it starts and
    without the sandbox's servers: on a machine that others use too it says more; `reads` and `writes` of the API; `program` and
    `engine` in MiB, the largest that the process with the Python program in it and the engine's were seen to hold; `printed` is
    what the command printed."""

    seconds: float
    work: float
    reads: int
    writes: int
    program: int
    engine: int
    printed: str

    @property
    def report(self) -> Any:
        """What the command printed, where that is JSON."""
        return json.loads(self.printed)


def measure(env: Mapping[str, str], command: Sequence[str], cwd: Path = PROJECT) -> Measured:
    """Runs the command beside the sandbox that this environment names. Raises RuntimeError with its last words where it fails."""
    services = SandboxServices(SandboxDirectory(Path(env["CULVERT_SANDBOX_HOME"])), lambda _: None)
    mark = services.calls()[0] if services.running else 0
    # To files: a pipe that nobody reads while memory is watched would fill up.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun, worked = time.monotonic(), _worked()
        process = subprocess.Popen(command, cwd=cwd, env=dict(env), stdout=out, stderr=err)
        peak = {"program": 0, "engine": 0}
        while process.poll() is None:
            _watch(process.pid, peak)
            time.sleep(_EVERY)
        seconds, work = time.monotonic() - begun, _worked() - worked
        out.seek(0)
        err.seek(0)
        printed, said = out.read().decode(), err.read().decode()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {printed[-1000:]}{said[-3000:]}")
    made = services.calls(mark)[1] if services.running else []
    count = CallCount.of(made)
    return Measured(seconds, work, count.reads, count.writes, peak["program"], peak["engine"], printed)


def sandbox(env: Mapping[str, str], *arguments: str) -> Measured:
    """Measures `python -m sandbox ARGUMENTS --json`, in the sandbox that this environment names."""
    return measure(env, [sys.executable, "-m", "sandbox", *arguments, "--json"])


def set_faults(page: str, home: Path, **faults: Any) -> None:
    """Switches on this trouble of the sandbox's, and all other off."""
    admin = {"Authorization": f"Bearer {(home / 'admin').read_text().strip()}"}
    httpx.put(f"{page}sandbox/faults", json=faults, headers=admin).raise_for_status()


def _worked() -> float:
    """Processor time of every child that has ended, and of theirs."""
    times = os.times()
    return times.children_user + times.children_system


def _watch(command: int, peak: dict[str, int]) -> None:
    try:
        root = psutil.Process(command)
        processes = [root, *root.children(recursive=True)]
        names = {each: each.name() for each in processes}
        engines = [each.memory_info().rss for each in processes if names[each] in _ENGINES]
        programs = [each.memory_info().rss for each in processes if names[each].startswith("python")]
    except psutil.Error:
        # It ended while it was being looked at.
        return
    peak["engine"] = max(peak["engine"], sum(engines) >> 20)
    peak["program"] = max(peak["program"], max(programs, default=0) >> 20)


def stack_file(folder: Path, stack: str, settings: Mapping[str, Any]) -> Path:
    """A stack file with these settings, keys without `culvert:`. JSON is YAML."""
    path = folder / f"Pulumi.{stack}.yaml"
    path.write_text(json.dumps({"config": {f"culvert:{key}": value for key, value in settings.items()}}))
    return path

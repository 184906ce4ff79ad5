"""A pytest plugin that runs the tests of each mutant in a fork of one process, which has collected them all.

pytest runs in `mutants/`, where mutmut wrote each module with all mutants of its functions. A variable of the
environment names the mutant that is called instead of its function.
"""

import gc
import itertools
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import hypothesis
import pytest

SURVIVED, KILLED, NO_TESTS, TIMEOUT = 0, 1, 33, 36
"""mutmut's codes."""
SECONDS = 10
"""What a mutant's tests may take beyond three times their usual time."""
TESTS = Path("tests.json")
"""By test: the functions that it calls, its seconds, whether it fails without a mutant, its file's time of change."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutants", action="append", help="glob of the mutants to run")
    parser.addoption("--jobs", type=int, help="mutants at a time")


class FirstFailure:
    """Ends a mutant's process."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os._exit(KILLED)

    def finish(self) -> None:
        os._exit(SURVIVED)


class Recorder:
    """Writes which functions each test calls where no mutant is active."""

    def __init__(self, known: dict[str, dict[str, Any]]) -> None:
        self.tests = known
        self.called: set[str] = set()
        self.began = time.process_time()
        # Each mutated module imports it, and its own way to record a call is slow.
        trampoline: Any = sys.modules["mutmut.mutation.trampoline"]
        trampoline.record_trampoline_hit = lambda name, caller: self.called.add(name)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self.tests[report.nodeid]
        test["fails"] |= report.failed
        if report.when == "teardown":
            test["functions"] = sorted(self.called)
            test["seconds"] = time.process_time() - self.began
            self.called.clear()
            self.began = time.process_time()

    def finish(self) -> None:
        TESTS.write_text(json.dumps(self.tests, indent=1))
        os._exit(0)


def fork(items: list[pytest.Item], plugin: FirstFailure | Recorder, mutant: str, seconds: float, directory: str) -> int:
    """Runs the tests in another process, and returns its id."""
    if pid := os.fork():
        return pid
    resource.setrlimit(resource.RLIMIT_CPU, (round(seconds), round(seconds) + 1))
    signal.alarm(10 * round(seconds))  # a process that waits
    os.environ |= {"MUTANT_UNDER_TEST": mutant, "TMPDIR": directory}
    tempfile.tempdir = None
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.stdout.fileno())
    os.dup2(silence, sys.stderr.fileno())
    items[0].config.pluginmanager.register(plugin)
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    plugin.finish()
    return 0


def record(items: dict[str, pytest.Item], directory: str) -> dict[str, dict[str, Any]]:
    """What is known of each test. The tests of new and changed files are run for it."""
    known: dict[str, dict[str, Any]] = json.loads(TESTS.read_text()) if TESTS.exists() else {}
    known = {id: test for id, test in known.items() if id in items}
    due = {id: item.path.stat().st_mtime for id, item in items.items()}
    due = {id: changed for id, changed in due.items() if known.get(id, {}).get("changed") != changed}
    if due:
        known |= {id: {"functions": [], "seconds": 0, "fails": False, "changed": due[id]} for id in due}
        fork([items[id] for id in due], Recorder(known), "stats", 3600, directory)
        os.wait()
        known = json.loads(TESTS.read_text())
    for id in (id for id, test in known.items() if test["fails"]):
        print("left out, as it fails without a mutant:", id)
    return known


def todo(metas: dict[Path, Any], globs: list[str]) -> list[tuple[Path, str]]:
    return [
        (path, name)
        for glob in globs
        for path, meta in metas.items()
        for name, code in meta["exit_code_by_key"].items()
        if fnmatchcase(name, glob) and code not in (KILLED, TIMEOUT)
    ]


LIMIT = float(os.environ.get("LIMIT", "5"))


def pytest_runtestloop(session: pytest.Session) -> bool:
    # A broken example need not become the simplest one.
    phases = set(hypothesis.Phase) - {hypothesis.Phase.shrink, hypothesis.Phase.explain}
    hypothesis.settings.register_profile("mutation", phases=phases, derandomize=True, database=None)
    hypothesis.settings.load_profile("mutation")
    gc.freeze()  # A fork copies the memory that its garbage collector writes to.
    items = {item.nodeid: item for item in session.items}
    running: dict[int, tuple[Path, str, str]] = {}
    metas = {path: json.loads(path.read_text()) for path in sorted(Path().rglob("*.py.meta"))}
    with tempfile.TemporaryDirectory() as directory:
        tests = {id: test for id, test in record(items, directory).items() if not test["fails"]}
        started = time.monotonic()

        def write(path: Path, name: str, code: int) -> None:
            metas[path]["exit_code_by_key"][name] = code
            path.write_text(json.dumps(metas[path], indent=4))
            print(f"{time.monotonic() - started:.0f} s", code, name, flush=True)

        def await_one() -> None:
            pid, status = os.wait()
            path, name, own = running.pop(pid)
            shutil.rmtree(own, ignore_errors=True)
            code = os.waitstatus_to_exitcode(status)
            write(path, name, TIMEOUT if code in (-signal.SIGALRM, -signal.SIGXCPU) else code)

        for path, name in todo(metas, session.config.option.mutants):
            function = name.partition("__mutmut_")[0]
            calling = [id for id, test in tests.items() if function in test["functions"]]
            calling.sort(key=lambda id: (len(tests[id]["functions"]), tests[id]["seconds"]))
            if not calling:
                write(path, name, NO_TESTS)
                continue
            total = itertools.accumulate(tests[id]["seconds"] for id in calling)
            calling = [id for id, until in zip(calling, total, strict=True) if until <= LIMIT] or calling[:1]
            seconds = SECONDS + 3 * sum(tests[id]["seconds"] for id in calling)
            own = tempfile.mkdtemp(dir=directory)
            running[fork([items[id] for id in calling], FirstFailure(), name, seconds, own)] = path, name, own
            if len(running) == session.config.option.jobs:
                await_one()
        while running:
            await_one()
    return True

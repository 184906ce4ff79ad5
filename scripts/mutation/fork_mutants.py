"""A pytest plugin that runs the tests of each mutant in a fork of one process, which has collected them all.

pytest runs in `mutants/`, where mutmut wrote each module with all mutants of its functions. A variable of the
environment names the mutant that is called instead of its function.
"""

import gc
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from itertools import accumulate
from pathlib import Path
from typing import Any

import hypothesis
import pytest

SURVIVED, KILLED, NO_TESTS, TIMEOUT = 0, 1, 33, 36
"""mutmut's codes."""
PATIENCE = 10
"""Seconds that they may take beyond thrice that time."""
KILLER = "killer"
"""File with the test that killed a mutant, in the mutant's temporary folder."""
TESTS = Path("tests.json")
"""By test: the functions that it calls, its seconds, whether it fails without a mutant, its file's time of change."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutants", action="append", help="glob of the mutants to run")
    parser.addoption("--jobs", type=int, help="mutants at a time")
    parser.addoption("--seconds", type=float, help="how long the tests of a mutant may take: the slowest are left out")


class FirstFailure:
    """Ends a mutant's process."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        # Before pytest makes a report, for which it parses the modules of the traceback.
        if call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            Path(os.environ["TMPDIR"], KILLER).write_text(item.nodeid)
            os._exit(KILLED)

    def finish(self) -> None:
        os._exit(SURVIVED)


class Recorder:
    """Writes which functions each test calls where no mutant is active."""

    def __init__(self, tests: dict[str, dict[str, Any]]) -> None:
        self.tests, self.called, self.began = tests, set[str](), time.process_time()
        # Each mutated module imports it, and its own way to record a call is slow.
        trampoline: Any = sys.modules["mutmut.mutation.trampoline"]
        trampoline.record_trampoline_hit = lambda name, **_: self.called.add(name)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self.tests[report.nodeid]
        test["fails"] |= report.failed
        if report.when == "teardown":
            test |= {"functions": sorted(self.called), "seconds": time.process_time() - self.began}
            self.called, self.began = set[str](), time.process_time()

    def finish(self) -> None:
        TESTS.write_text(json.dumps(self.tests, indent=1))
        os._exit(0)


def fork(items: list[pytest.Item], plugin: FirstFailure | Recorder, mutant: str, seconds: float, temporary: str) -> int:
    """Runs the tests in another process, and returns its id. It ends after so many seconds of the processor."""
    if pid := os.fork():
        return pid
    resource.setrlimit(resource.RLIMIT_CPU, (round(seconds), round(seconds) + 1))
    signal.alarm(10 * round(seconds))  # a process that waits
    os.environ |= {"MUTANT_UNDER_TEST": mutant, "TMPDIR": temporary}
    tempfile.tempdir = None
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.stdout.fileno())
    os.dup2(silence, sys.stderr.fileno())
    try:
        items[0].config.pluginmanager.register(plugin)
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        plugin.finish()
    finally:
        os._exit(KILLED)  # an error of pytest itself


def record(items: dict[str, pytest.Item], temporary: str) -> dict[str, dict[str, Any]]:
    """What is known of each test that passes. The tests of new and changed files are run for it."""
    tests: dict[str, dict[str, Any]] = json.loads(TESTS.read_text()) if TESTS.exists() else {}
    tests = {id: test for id, test in tests.items() if id in items}
    changed = {id: item.path.stat().st_mtime for id, item in items.items()}
    due = [id for id in items if id not in tests or tests[id]["changed"] != changed[id]]
    if due:
        tests |= {id: {"functions": [], "seconds": 0, "fails": False, "changed": changed[id]} for id in due}
        fork([items[id] for id in due], Recorder(tests), "stats", 3600, temporary)
        os.wait()
        tests = json.loads(TESTS.read_text())
    for id in [id for id, test in tests.items() if test["fails"]]:
        print("left out, as it fails without a mutant:", id)
        del tests[id]
    return tests


def pytest_runtestloop(session: pytest.Session) -> bool:
    if session.testsfailed:
        # As in pytest's own loop. Every mutant of a module that cannot be imported would count as killed.
        raise session.Interrupted("tests cannot be collected")
    # A broken example need not become the simplest one.
    phases = set(hypothesis.Phase) - {hypothesis.Phase.shrink, hypothesis.Phase.explain}
    hypothesis.settings.register_profile("mutation", phases=phases, derandomize=True, database=None)
    hypothesis.settings.load_profile("mutation")
    gc.freeze()  # A fork copies the memory that its garbage collector writes to.
    items = {item.nodeid: item for item in session.items}
    metas = {path: json.loads(path.read_text()) for path in sorted(Path().rglob("*.py.meta"))}
    running: dict[int, tuple[Path, str, str]] = {}
    longest = session.config.option.seconds
    killers = defaultdict[str, Counter[str]](Counter)
    with tempfile.TemporaryDirectory() as directory:
        tests, started = record(items, directory), time.monotonic()

        def write(path: Path, name: str, code: int) -> None:
            metas[path]["exit_code_by_key"][name] = code
            # Whole or not at all: the next run continues where this one is interrupted.
            written = path.with_suffix(".written")
            written.write_text(json.dumps(metas[path], indent=4))
            written.replace(path)
            print(f"{time.monotonic() - started:.0f} s", code, name, flush=True)

        def await_one() -> None:
            pid, status = os.wait()
            path, name, temporary = running.pop(pid)
            if (killer := Path(temporary, KILLER)).exists():
                killers[function_of(name)][killer.read_text()] += 1
            shutil.rmtree(temporary, ignore_errors=True)
            code = os.waitstatus_to_exitcode(status)
            write(path, name, TIMEOUT if code in (-signal.SIGALRM, -signal.SIGXCPU) else code)

        for path, name in todo(metas, session.config.option.mutants):
            function = function_of(name)
            calling = [id for id, test in tests.items() if function in test["functions"]]
            calling.sort(key=lambda id: tests[id]["seconds"])
            until = accumulate(tests[id]["seconds"] for id in calling)
            chosen = [id for id, seconds in zip(calling, until, strict=True) if seconds <= longest] or calling[:1]
            # First those that noticed others of the function; then, as tests mirror the source, those with its names.
            found = killers[function]
            chosen.sort(key=lambda id: (-found[id], -len(words(function) & words(id.partition("::")[0]))))
            if not chosen:
                write(path, name, NO_TESTS)
                continue
            limit = PATIENCE + 3 * sum(tests[id]["seconds"] for id in chosen)
            temporary = tempfile.mkdtemp(dir=directory)
            pid = fork([items[id] for id in chosen], FirstFailure(), name, limit, temporary)
            running[pid] = path, name, temporary
            if len(running) == session.config.option.jobs:
                await_one()
        while running:
            await_one()
    return True


def function_of(mutant: str) -> str:
    return mutant.partition("__mutmut_")[0]


def words(name: str) -> set[str]:
    return set(re.split(r"[\W_]+", name))


def todo(metas: dict[Path, Any], globs: list[str]) -> list[tuple[Path, str]]:
    """The mutants that were not killed yet, in the order of the globs."""
    return [
        (path, name)
        for glob in globs
        for path, meta in metas.items()
        for name, code in meta["exit_code_by_key"].items()
        if fnmatchcase(name, glob) and code not in (KILLED, TIMEOUT)
    ]

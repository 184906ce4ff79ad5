"""Runs of the example stacks, killed after each of their writes: hours, so `scripts/kill_matrix` collects it."""

import contextlib
import signal
import time
import traceback
from collections.abc import Iterator

import pytest

from scripts.kill_matrix.matrix import Matrix
from scripts.kill_matrix.plan import OPERATIONS
from tests.e2e.conftest import running_sandbox
from tests.support.interrupted_engine import EngineHarness, engine_harness
from tests.support.kill_matrix import ExampleStack

LIMIT = 900
"""Seconds that a kill and its completion may take: one that hangs fails, and the next has another sandbox."""


@pytest.mark.timeout(0)  # of the whole
def test_runs_killed_after_a_write_are_completed(matrix: Matrix, tmp_path_factory: pytest.TempPathFactory) -> None:
    harness = None
    with contextlib.ExitStack() as running:
        for example, turn in matrix.turns():
            if harness is None:
                box = running.enter_context(running_sandbox(tmp_path_factory.mktemp("sandbox")))
                harness = running.enter_context(engine_harness(box))
            if not _play(harness, matrix, example, turn):
                # What is left over would make others fail: they get another sandbox.
                running.close()
                harness = None
    assert not matrix.failed


def _play(harness: EngineHarness, matrix: Matrix, example: str, turn: int) -> bool:
    """Plays one turn of an example; returns False after a failure."""
    kill, began = None, 0.0
    try:
        stack = ExampleStack(harness, example)
        if not matrix.is_counted(example):
            for operation in OPERATIONS:
                matrix.count(example, operation, stack.count_writes(operation))
        for kill in matrix.kills(example, turn):
            began = time.monotonic()
            with _limit():
                after = stack.play(kill)
            matrix.add(kill, time.monotonic() - began, after)
        stack.remove()
    except Exception:
        writes = harness.killer.writes
        error = f"{traceback.format_exc()}\nlast writes: {writes}\nlast messages: {harness.messages[-20:]}"
        if kill is None:
            matrix.give_up(example, error)
        else:
            matrix.add(kill, time.monotonic() - began, (writes or ["nothing"])[-1], error)
        return False
    return True


@contextlib.contextmanager
def _limit() -> Iterator[None]:
    def end(*_: object) -> None:
        raise TimeoutError(f"not completed after {LIMIT} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)

"""A run of each example stack, killed after one of its writes, is completed by the next run, without leftovers.

A sample: one kill a stack. Which operation is killed, and after which write, depends on the stack's number alone.
`python -m scripts.kill_matrix` kills each operation after each write.
"""

from collections.abc import Iterator

import pytest

from scripts.kill_matrix.plan import EXAMPLES, TARGETS, Kill
from tests.e2e.conftest import Sandbox
from tests.support.interrupted_engine import EngineHarness, engine_harness
from tests.support.kill_matrix import ExampleStack


@pytest.fixture(scope="module")
def harness(sandbox: Sandbox) -> Iterator[EngineHarness]:
    with engine_harness(sandbox) as harness:
        yield harness


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=EXAMPLES)
def test_a_killed_run_is_completed(harness: EngineHarness, number: int) -> None:
    example = [*EXAMPLES][number]
    # No example has fewer writes than these.
    operation, write = (
        (("change", "rotate", "rename")[number // 3 % 3], 1),
        (("destroy --run-program", "destroy")[number // 3 % 2], 1 + number * 3 % 6),
        ("up", 1 + number * 5 % 6),
    )[number % 3]
    stack = ExampleStack(harness, example)
    stack.play(Kill(example, operation, TARGETS[number % 4], write))
    stack.remove()

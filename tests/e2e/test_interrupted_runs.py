"""A run of each example stack, killed after one of its writes, is completed by the next run, without leftovers.

A sample: which operation of which stack is killed after which write depends on the stack's number alone.
`python -m scripts.kill_matrix` kills each operation after each write.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Sandbox
from tests.support.interrupted_engine import TARGETS, EngineHarness, engine_harness
from tests.support.kill_matrix import EXAMPLES, ExampleStack, kill_after_each_write


@pytest.fixture(scope="module")
def harness(sandbox: Sandbox) -> Iterator[EngineHarness]:
    with engine_harness(sandbox) as harness:
        yield harness


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=EXAMPLES)
def test_a_killed_destroy_is_completed(harness: EngineHarness, number: int) -> None:
    stack = ExampleStack(harness, [*EXAMPLES][number])
    operation = ("destroy --run-program", "destroy")[number % 2]
    # No example has fewer writes.
    write = 1 + number * 5 % 8
    assert [*kill_after_each_write(stack, operation, [*TARGETS.values()][number % 4], [write])] == [1]
    stack.remove()

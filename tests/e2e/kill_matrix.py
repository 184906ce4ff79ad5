"""Every run of every example stack, killed after each of its writes: hours, so `scripts/kill_matrix.py` collects it."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.conftest import Sandbox
from tests.support.interrupted_engine import TARGETS, EngineHarness, engine_harness
from tests.support.kill_matrix import EXAMPLES, OPERATIONS, ExampleStack, kill_after_each_write


@pytest.fixture(scope="module")
def harness(sandbox: Sandbox) -> Iterator[EngineHarness]:
    with engine_harness(sandbox) as harness:
        yield harness


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_a_run_killed_after_any_write_is_completed(
    harness: EngineHarness,
    record_property: Callable[[str, object], None],
    example: str,
    operation: str,
    target: str,
) -> None:
    stack = ExampleStack(harness, example)
    for key, value in (("example", example), ("operation", operation), ("target", target), ("kills", 0)):
        record_property(key, value)
    for kills in kill_after_each_write(stack, operation, TARGETS[target]):
        record_property("kills", kills)
    stack.remove()

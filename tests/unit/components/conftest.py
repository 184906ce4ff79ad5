"""Components deployed against mocks."""

from collections.abc import Iterator

import pytest

from tests.support.mock_recorder import Deploy, recorder


@pytest.fixture
def deploy() -> Iterator[Deploy]:
    """Runs a program to its end as project `culvert` and returns what it registered."""
    with recorder() as run:
        yield run

"""One edge for all tests here."""

from collections.abc import Iterator

import pytest

from tests.edge.local_edge import LocalEdge, fresh


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEdge]:
    with fresh(tmp_path_factory.mktemp("edge")) as made:
        yield made

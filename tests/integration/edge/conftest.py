"""One edge for all tests here."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.edge_connector import Connector
from tests.support.local_edge import LocalEdge, fresh
from tests.support.quic_connector import QuicConnector

PLAYED = {"http2": Connector, "quic": QuicConnector}


@pytest.fixture(scope="session")
def shared_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEdge]:
    with fresh(tmp_path_factory.mktemp("edge")) as made:
        yield made


@pytest.fixture
def edge(shared_edge: LocalEdge, request: pytest.FixtureRequest) -> LocalEdge:
    """It, with connectors played over the transport that the test asks for (`local_edge.over_both`)."""
    transport = getattr(request, "param", "http2")
    return replace(shared_edge, played=PLAYED[transport], transport=transport)

"""One edge for all tests of this folder."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.edge_connector import Connector
from tests.support.local_edge import LocalEdge, separate_edge
from tests.support.quic_connector import QuicConnector

CONNECTORS = {"http2": Connector, "quic": QuicConnector}


@pytest.fixture(scope="session")
def shared_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEdge]:
    with separate_edge(tmp_path_factory.mktemp("edge")) as edge:
        yield edge


@pytest.fixture
def edge(shared_edge: LocalEdge, request: pytest.FixtureRequest) -> LocalEdge:
    """The shared edge, with connectors over the test's transport (`local_edge.both_transports`)."""
    transport = getattr(request, "param", "http2")
    return replace(shared_edge, connector_class=CONNECTORS[transport], transport=transport)

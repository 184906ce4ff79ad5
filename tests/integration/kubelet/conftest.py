"""One embedded cluster for all tests here, a namespace for each."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import cluster, tools
from sandbox.directory import SandboxDirectory
from sandbox.kubelet.kwok_stages import without_connectors
from sandbox.tools.processes import Supervisor
from tests.support.kubelet_cluster import Farm, plot


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxDirectory, Path]]:
    """A sandbox's folder and the kubeconfig of its cluster."""
    home = SandboxDirectory(tmp_path_factory.mktemp("connectors") / "home").create()
    supervisor = Supervisor(home.path)
    programs, stages = tools.ensure(cluster.PROGRAMS, print), without_connectors(cluster.stages())
    kubeconfig = cluster.start(home.path, programs, supervisor, print, stages)
    yield home, kubeconfig
    supervisor.stop_all()


@pytest.fixture
def farm(ground: tuple[SandboxDirectory, Path], request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Farm]:
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:50].strip("-")
    with plot(*ground, name, tmp_path) as made:
        yield made

"""One embedded cluster and one kubelet for all tests of this folder, and a namespace for each test."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import sandbox.cluster
from sandbox import tools
from sandbox.cluster import network_policy_crds
from sandbox.directory import SandboxDirectory
from sandbox.kubelet.kwok_stages import exclude_connector_pods
from sandbox.tools.processes import Supervisor
from tests.support.kubelet_cluster import KubeletCluster, KubeletProcess, namespace


@pytest.fixture(scope="session")
def kubelet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeletProcess]:
    """The cluster's kubelet, not yet running."""
    home = SandboxDirectory(tmp_path_factory.mktemp("connectors") / "home").create()
    supervisor = Supervisor(home.path)
    stages = exclude_connector_pods(sandbox.cluster.stages())
    programs = tools.ensure(sandbox.cluster.PROGRAMS, print)
    definitions = partial(network_policy_crds.definitions, print)
    kubeconfig = sandbox.cluster.start(home.path, programs, supervisor, print, stages, definitions)
    kubelet = KubeletProcess(home, kubeconfig)
    yield kubelet
    kubelet.stop()
    supervisor.stop_all()


@pytest.fixture
def cluster(kubelet: KubeletProcess, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KubeletCluster]:
    """A namespace whose connector pods run the stub of cloudflared."""
    kubelet.ensure_running()
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[-50:].strip("-")
    with namespace(kubelet, name, tmp_path) as cluster:
        yield cluster

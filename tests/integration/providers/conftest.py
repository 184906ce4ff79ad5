"""The kubernetes stand-in over gRPC, against a real API server."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import cluster
from sandbox.cluster.external import external_kubeconfig
from sandbox.providers.kubernetes.api import Api
from sandbox.tools import ensure
from sandbox.tools.processes import Supervisor
from tests.support.plugin_client import Plugin, running_plugin


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster for these tests, or the external cluster of the sandbox's configuration."""
    if external := external_kubeconfig():
        yield external
        return
    home = tmp_path_factory.mktemp("cluster")
    supervisor = Supervisor(home)
    try:
        yield cluster.start(home, ensure(cluster.PROGRAMS, print), supervisor, print)
    finally:
        supervisor.stop_all()


@pytest.fixture
def kubernetes(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    with running_plugin("kubernetes") as plugin:
        yield plugin


@pytest.fixture
def cluster_api(kubeconfig: Path) -> Api:
    """Direct access to the API server."""
    return Api(str(kubeconfig))


@pytest.fixture
def namespace(cluster_api: Api) -> Iterator[str]:
    """A namespace per test, with the restricted Pod Security standard."""
    name = f"test-{secrets.token_hex(4)}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    cluster_api.create(manifest, preview=False)
    yield name
    cluster_api.delete(manifest, "Background")

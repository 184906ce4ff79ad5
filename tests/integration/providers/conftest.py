"""The stand-ins over gRPC: cloudflare against recorded replies, kubernetes against a real API server."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import cluster
from sandbox.providers.kubernetes.api import Api
from sandbox.services.services import external_kubeconfig
from sandbox.tools import ensure
from sandbox.tools.processes import Supervisor
from tests.support.plugin_client import Plugin, attached
from tests.support.replay_server import Recorded, recorded


@pytest.fixture
def api() -> Iterator[Recorded]:
    with recorded() as served:
        yield served


@pytest.fixture
def cloudflare(api: Recorded, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", api.url)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "the-token-of-this-test")
    with attached("cloudflare") as plugin:
        yield plugin


@pytest.fixture
def random() -> Iterator[Plugin]:
    with attached("random") as plugin:
        yield plugin


@pytest.fixture(scope="session")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cluster of these tests' own, or the one that the sandbox is told to use."""
    if given := external_kubeconfig():
        yield given
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
    with attached("kubernetes") as plugin:
        yield plugin


@pytest.fixture
def cluster_api(kubeconfig: Path) -> Api:
    """The API server, for looking behind the stand-in's back."""
    return Api(str(kubeconfig))


@pytest.fixture
def namespace(cluster_api: Api) -> Iterator[str]:
    """A namespace of the test's own, with the restricted Pod Security standard."""
    name = f"test-{secrets.token_hex(4)}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    thing = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    cluster_api.create(thing, preview=False)
    yield name
    cluster_api.delete(thing, "Background")

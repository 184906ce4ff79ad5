"""The live resources of the emulated API, and of a fake cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.recover.live_resources import LiveResources
from tests.support.api_server import FakeApiServer, serve


@pytest.fixture
def live(cloudflare_environ: dict[str, str]) -> LiveResources:
    return LiveResources(cloudflare_environ)


@pytest.fixture
def cluster() -> FakeApiServer:
    return FakeApiServer()


@pytest.fixture
def everywhere(cloudflare_environ: dict[str, str], cluster: FakeApiServer, tmp_path: Path) -> Iterator[LiveResources]:
    """The live resources of the emulated API and of `cluster`."""
    with serve(cluster, tmp_path) as kubeconfig:
        yield LiveResources({**cloudflare_environ, "KUBECONFIG": kubeconfig})

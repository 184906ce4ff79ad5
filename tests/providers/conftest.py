"""The stand-ins over gRPC; the cloudflare one against recorded replies."""

from collections.abc import Iterator

import pytest

from tests.providers.harness import Plugin, attached
from tests.providers.recorded import Recorded, recorded


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

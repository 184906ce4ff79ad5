"""The stand-ins over gRPC: cloudflare against recorded replies or the emulator, random on its own."""

from collections.abc import Iterator

import pytest

from tests.support.plugin_client import Plugin, running_plugin
from tests.support.replay_server import ReplayServer, replay_server


@pytest.fixture
def api() -> Iterator[ReplayServer]:
    with replay_server() as server:
        yield server


@pytest.fixture
def cloudflare(api: ReplayServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", api.url)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "the-token-of-this-test")
    with running_plugin("cloudflare") as plugin:
        yield plugin


@pytest.fixture
def random() -> Iterator[Plugin]:
    with running_plugin("random") as plugin:
        yield plugin

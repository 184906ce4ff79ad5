"""The stand-ins over gRPC: cloudflare against recorded replies or the emulator, random on its own."""

from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulator
from tests.support.plugin_client import Plugin, running_plugin
from tests.support.recorded_program import ACCOUNT, ZONE
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
def plugin(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    """The stand-in of Cloudflare's provider, which talks to the emulator."""
    emulator.owner("POST", "/seed", {"zones": [{"id": ZONE, "name": "example.test", "account": ACCOUNT}]})
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", emulator.base_url)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", emulator.token)
    with running_plugin("cloudflare") as plugin:
        yield plugin


@pytest.fixture
def random() -> Iterator[Plugin]:
    with running_plugin("random") as plugin:
        yield plugin

"""The engine is asked for the plugins that a stack's resources will use, before the program reads its settings."""

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from clients import plugin_start
from clients.plugin_start import PROVIDERS, sdk_version, start_plugins


def test_each_plugin_is_asked_for_once_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[Any] = []

    def send(request: Any) -> object:
        requests.append(request)
        return object()

    monkeypatch.setattr(plugin_start, "get_monitor", lambda: SimpleNamespace(Invoke=SimpleNamespace(future=send)))
    calls = start_plugins()
    assert [(request.tok.split(":")[0], request.version) for request in requests] == [
        (name, sdk_version(name)) for name in ("kubernetes", "random", "cloudflare")
    ]
    # A call that nothing refers to is cancelled.
    assert len(calls) == 3


@pytest.mark.parametrize("monitor", [None, SimpleNamespace(Invoke=lambda request: request)])
def test_without_an_engine_nothing_is_asked_for(monkeypatch: pytest.MonkeyPatch, monitor: object) -> None:
    monkeypatch.setattr(plugin_start, "get_monitor", lambda: monitor)
    assert start_plugins() == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_version_is_the_one_that_resources_ask_for(provider: str) -> None:
    # With another version or address, the engine would start a second plugin for the resources.
    sdk = import_module(f"pulumi_{provider}._utilities")
    assert (sdk_version(provider), "") == (sdk.get_version(), sdk.get_plugin_download_url() or "")

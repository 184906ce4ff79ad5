"""The API and the token of calls that no resource makes."""

import pulumi
import pytest

from components.exposure.hooks.provider_api import provider_api
from tests.support.emulator import ACCOUNT, Emulator


@pytest.mark.parametrize("configured", [True, False])
def test_calls_go_where_the_providers_go(
    emulator: Emulator, cloudflare_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, configured: bool
) -> None:
    """The stack's configuration comes before the environment."""
    elsewhere = {"CLOUDFLARE_BASE_URL": "http://127.0.0.1:9", "CLOUDFLARE_API_TOKEN": "another"}
    for name, value in (elsewhere if configured else cloudflare_environ).items():
        monkeypatch.setenv(name, value)
    stack = {"cloudflare:apiToken": emulator.token, "cloudflare:baseUrl": emulator.base_url}
    pulumi.runtime.set_all_config(stack if configured else {})
    try:
        assert provider_api().connectors(ACCOUNT, emulator.tunnel()) == []
    finally:
        pulumi.runtime.set_all_config({})


def test_a_call_that_fails_for_a_moment_is_repeated(
    emulator: Emulator, cloudflare_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloudflare_environ.items():
        monkeypatch.setenv(name, value)
    tunnel = emulator.tunnel()
    emulator.owner("PUT", "/faults", {"rules": [{"path": "/connections$", "next": 1, "status": 503}]})
    assert provider_api().connectors(ACCOUNT, tunnel) == []
    assert emulator.owner("GET", "/faults")["rules"][0]["next"] == 0

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

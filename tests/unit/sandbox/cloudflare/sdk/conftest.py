"""Cloudflare's own client against the emulator."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.emulator import Emulator


@pytest.fixture
def sdk(emulator: "Emulator") -> Any:
    """A client that refuses a response that is not of its types.

    `Any`, since the types of its parameters are wider and narrower than what the API accepts.
    """
    import cloudflare

    return cloudflare.Cloudflare(
        **{"api_token": emulator.token, "base_url": emulator.base_url, "http_client": emulator.http},
        max_retries=0,
        _strict_response_validation=True,
    )

"""Cloudflare's own client against the emulator. Its typed resources take seconds to import, so one worker has them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.emulator import Emulator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("sdk"))


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

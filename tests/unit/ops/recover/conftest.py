"""An emulated API, and the live resources read from it."""

import pytest

from ops.recover.live_resources import LiveResources
from tests.support.emulator import Emulator


@pytest.fixture
def environ(emulator: Emulator) -> dict[str, str]:
    return {"CLOUDFLARE_BASE_URL": emulator.base_url, "CLOUDFLARE_API_TOKEN": emulator.token}


@pytest.fixture
def live(environ: dict[str, str]) -> LiveResources:
    return LiveResources(environ)

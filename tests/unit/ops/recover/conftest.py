"""The live resources of the emulated API."""

import pytest

from ops.recover.live_resources import LiveResources


@pytest.fixture
def live(cloudflare_environ: dict[str, str]) -> LiveResources:
    return LiveResources(cloudflare_environ)

"""An emulated API, and the live resources read from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.recover.live_resources import LiveResources
from tests.support.emulator import Emulator, emulator_process


@pytest.fixture
def emulated(tmp_path: Path) -> Iterator[Emulator]:
    with emulator_process(tmp_path / "cloudflare.sqlite3") as emulator:
        emulator.seed()
        yield emulator


@pytest.fixture
def environ(emulated: Emulator) -> dict[str, str]:
    base = str(emulated.http.base_url).rstrip("/")
    return {"CLOUDFLARE_BASE_URL": f"{base}/client/v4", "CLOUDFLARE_API_TOKEN": emulated.token}


@pytest.fixture
def live(environ: dict[str, str]) -> LiveResources:
    return LiveResources(environ)

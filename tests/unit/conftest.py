"""One emulator per test, with an account, two zones and a token with every permission; its server is shared."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.emulator import Emulator, EmulatorThread


@pytest.fixture(scope="session")
def emulator_thread(tmp_path_factory: pytest.TempPathFactory) -> Iterator["EmulatorThread"]:
    # Imported here: most unit tests need no server, and the web framework takes half a second.
    from tests.support.emulator import EmulatorThread

    thread = EmulatorThread(tmp_path_factory.mktemp("emulator"))
    yield thread
    thread.stop()


@pytest.fixture
def emulator(emulator_thread: "EmulatorThread", tmp_path: Path) -> Iterator["Emulator"]:
    with emulator_thread.emulator(tmp_path / "cloudflare.sqlite3") as emulator:
        yield emulator


@pytest.fixture
def cloudflare_environ(emulator: "Emulator") -> dict[str, str]:
    """The environment variables that point a client to the emulator."""
    return {"CLOUDFLARE_BASE_URL": emulator.base_url, "CLOUDFLARE_API_TOKEN": emulator.token}

"""An emulated API for the calls of hooks."""

from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulator, emulator_process


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with emulator_process(tmp_path_factory.mktemp("emulator") / "cloudflare.sqlite3") as emulated:
        emulated.seed()
        yield emulated

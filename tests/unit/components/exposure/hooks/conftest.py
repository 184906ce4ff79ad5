"""An emulated API for the calls of hooks."""

from collections.abc import Iterator

import pytest

from tests.support.emulator import Emulated, served


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    with served(tmp_path_factory.mktemp("emulator") / "cloudflare.sqlite3") as emulated:
        emulated.begin()
        yield emulated

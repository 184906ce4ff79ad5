"""What the tests of processes, tools and clusters share."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.tools.processes import Supervisor


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path / "home")
    yield made
    made.stop_all()


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], object]], None]:
    """Waits until a question is answered with yes; a minute of no is a failure, which names the question."""

    def wait(question: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not question():
            assert time.monotonic() < deadline, f"still not so after a minute: {question}"
            time.sleep(0.05)

    return wait


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts a shell script on a PATH that has nothing of this machine but what such scripts use: `program(name, script)`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for command in ("env", "sleep"):
        (folder / command).symlink_to(shutil.which(command) or command)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)

    def put(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return put

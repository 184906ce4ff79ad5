"""Tests that start programs, and wait for how they end: too slow for the unit tests."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.tools.processes import Supervisor


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "home")
    yield supervisor
    supervisor.stop_all()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """`program(name, script)` puts a shell script on a PATH with only the programs that such scripts use."""
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

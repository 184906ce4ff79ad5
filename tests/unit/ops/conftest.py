"""`python -m ops` in this process."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops import cli


@dataclass(frozen=True)
class Completed:
    status: int
    stdout: str
    stderr: str


Ops = Callable[..., Completed]


@pytest.fixture
def ops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ops:
    """Runs a command with `stdin` as its standard input. There is no `pulumi` on the PATH."""

    def run(*arguments: str, stdin: str = "") -> Completed:
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
        monkeypatch.setattr(sys, "argv", ["ops", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        with pytest.raises(SystemExit) as exited:
            cli.run()
        captured = capsys.readouterr()
        assert isinstance(exited.value.code, int)
        return Completed(exited.value.code, captured.out, captured.err)

    return run

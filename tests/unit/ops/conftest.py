"""`python -m ops` in this process."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops import cli


@dataclass(frozen=True)
class Done:
    status: int
    stdout: str
    stderr: str


Ops = Callable[..., Done]


@pytest.fixture
def ops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ops:
    """Runs a command; `given` is its standard input. There is no `pulumi` on the PATH."""

    def run(*arguments: str, given: str = "") -> Done:
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
        monkeypatch.setattr(sys, "argv", ["ops", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.run()
        shown = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, shown.out, shown.err)

    return run

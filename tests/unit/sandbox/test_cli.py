"""Failures of the machine end in a message that says what to do."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox import cli
from sandbox.errors import SandboxError
from tests.support.paths import PROJECT


def _fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[dict[str, Any]]:
    """The errors that the command line prints for a command that raises `error`."""

    def app(**_options: object) -> None:
        raise error

    printed: list[str] = []
    monkeypatch.setattr(cli, "app", app)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["sandbox", "up", "--json"])
    monkeypatch.setattr("builtins.print", lambda text, **_options: printed.append(text))
    with pytest.raises(SystemExit, match="1"):
        cli.run()
    return json.loads(printed[0])["errors"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_with_the_file_and_what_to_do(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    (error,) = _fail(monkeypatch, OSError(number, os.strerror(number), "/home/me/.sandbox/state"))
    assert error["message"].startswith(f"/home/me/.sandbox/state: {os.strerror(number).lower()}. Free some space")
    assert "CULVERT_SANDBOX_HOME" in error["accepted"]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_read_only_path_is_named_with_the_variable_for_another(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    (error,) = _fail(monkeypatch, OSError(number, os.strerror(number), "/usr/.sandbox"))
    assert error["message"].startswith(f"/usr/.sandbox: {os.strerror(number).lower()}. CULVERT_SANDBOX_HOME names")


def test_another_file_error_is_not_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    (error,) = _fail(monkeypatch, NotADirectoryError(errno.ENOTDIR, "Not a directory", "/dev/null/sandbox"))
    assert error["message"] == "/dev/null/sandbox: not a directory"


@pytest.mark.parametrize(("free", "notes"), [(1_500_000, 1), (1 << 30, 0)])
def test_a_failed_server_is_explained_by_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, notes: int
) -> None:
    monkeypatch.setenv("CULVERT_SANDBOX_HOME", str(tmp_path / "not" / "yet"))
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    first, *others = _fail(monkeypatch, SandboxError("etcd ended"))
    assert first["message"] == "etcd ended"
    assert len(others) == notes
    for note in others:
        assert note["message"].startswith(f"the disk of {tmp_path} is full: 1.5 MB are free")
        assert "run the same command again" in note["message"]


def test_the_demo_explains_itself_and_starts_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox.demo"]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    helped = subprocess.run([*command, "--help"], cwd=PROJECT, env=env, capture_output=True, text=True, timeout=60)
    assert (helped.returncode, helped.stdout.splitlines()[0]) == (0, "usage: python -m sandbox.demo [-h]")
    refused = subprocess.run([*command, "--keep"], cwd=PROJECT, env=env, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2
    assert "unrecognized arguments: --keep" in refused.stderr
    assert list(tmp_path.iterdir()) == []

"""`down` and the commands that use the sandbox at the same time, in each order."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.commands import in_use
from sandbox.directory import MARKER, SandboxDirectory
from sandbox.tools.processes import Supervisor
from tests.support.paths import PROJECT
from tests.support.processes import alive, eventually


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "homes" / "home"
    monkeypatch.setenv("CULVERT_SANDBOX_HOME", str(path))
    yield path
    Supervisor(path).stop_all()


def _command(body: str) -> subprocess.Popen[str]:
    """Another process, which uses the sandbox as the command `up`. It starts a server, then does `body`."""
    script = f"""
        import signal, sys, time
        from sandbox.commands.in_use import in_use
        from sandbox.directory import SandboxDirectory
        from sandbox.tools.processes import Supervisor
        # A job in the background inherits that SIGINT is ignored.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        directory = SandboxDirectory()
        with in_use(directory, "up", print):
            Supervisor(directory.path).start("server", ["sleep", "600"])
            print("started", flush=True)
            {body}
    """
    command = [sys.executable, "-uc", textwrap.dedent(script)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _started(command: subprocess.Popen[str]) -> int:
    """The id of its server, once it is started."""
    assert command.stdout
    assert command.stdout.readline() == "started\n"
    return json.loads((SandboxDirectory().path / "run" / "server.json").read_text())["pid"]


def _down(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", "down", "--json", *options]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True)


def test_down_ends_a_command_at_work_and_what_it_started(home: Path) -> None:
    up = _command("time.sleep(600)")
    server = _started(up)
    down = _down()
    output, _ = up.communicate(timeout=10)
    assert json.loads(down.stdout) == {"stopped": ["up", "server"], "deleted": False}
    assert f"ending `python -m sandbox up` (process {up.pid})" in down.stderr
    assert "`python -m sandbox down` ended this command" in output
    assert up.returncode != 0
    assert not alive(server)
    assert list((home / "run" / "commands").iterdir()) == []


def test_down_with_deletion_leaves_nothing_of_a_command_at_work(home: Path) -> None:
    up = _command("time.sleep(600)")
    server = _started(up)
    _down("--delete")
    up.communicate(timeout=10)
    assert not alive(server)
    assert list(home.parent.iterdir()) == []


def test_a_command_that_ignores_the_interruption_is_killed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    up = _command("signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)")
    _started(up)
    assert up.stdout
    assert up.stdout.readline() == "deaf\n"
    monkeypatch.setattr(in_use, "_TIMEOUT", 0.5)
    assert in_use.end_commands(SandboxDirectory(home), lambda _: None) == ["up"]
    assert up.wait(10) == -signal.SIGKILL


def test_the_record_of_a_killed_command_ends_no_process(home: Path) -> None:
    up = _command("time.sleep(600)")
    server = _started(up)
    up.kill()
    up.communicate(timeout=10)
    # Its id may belong to another process by now.
    (record,) = (home / "run" / "commands").glob("*.json")
    record.write_text(json.dumps({"pid": os.getpid(), "command": "up"}))
    assert json.loads(_down().stdout)["stopped"] == ["server"]
    assert not alive(server)
    assert list((home / "run" / "commands").iterdir()) == []


@pytest.mark.parametrize("delete", [False, True])
def test_a_command_that_starts_during_down_waits_and_begins_anew(home: Path, delete: bool) -> None:
    directory = SandboxDirectory(home)
    messages: list[str] = []
    with in_use.alone(directory, messages.append):
        up = _command("pass")
        assert up.stdout
        assert up.stdout.readline() == "another command stops this sandbox; waiting for it\n"
        assert not (home / "run" / "commands").exists()
        if delete:
            directory.delete()
    _started(up)
    assert up.wait(10) == 0
    assert (home / MARKER).is_file()
    assert messages == []


def test_two_commands_use_a_sandbox_at_the_same_time(home: Path) -> None:
    up = _command("time.sleep(600)")
    _started(up)
    messages: list[str] = []
    with in_use.in_use(SandboxDirectory(home), "preview", messages.append):
        assert len(list((home / "run" / "commands").glob("*.lock"))) == 2
    assert messages == []
    up.send_signal(signal.SIGINT)
    output, _ = up.communicate(timeout=10)
    assert "ended this command" not in output


def test_down_refuses_a_directory_that_no_sandbox_made(home: Path) -> None:
    home.mkdir(parents=True, mode=0o755)
    (home / "letter.txt").write_text("mine")
    for options in ([], ["--delete"]):
        command = [sys.executable, "-m", "sandbox", "down", *options]
        completed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)
        assert completed.returncode == 1
        assert "is not a directory that a sandbox made" in completed.stderr
        assert "Traceback" not in completed.stderr
    assert os.listdir(home) == ["letter.txt"]
    assert home.stat().st_mode & 0o777 == 0o755


def test_down_without_a_sandbox_creates_nothing(home: Path) -> None:
    assert json.loads(_down().stdout) == {"stopped": [], "deleted": False}
    eventually(lambda: not home.exists())

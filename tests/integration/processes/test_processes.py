"""A sandbox's processes are found by later commands, and no other process is ever touched."""

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.tools.processes import Supervisor
from tests.support.paths import PROJECT
from tests.support.processes import alive, eventually


def caller(script: str, home: Path) -> subprocess.CompletedProcess[bytes]:
    """Runs a script in another Python process, with a supervisor of `home` as `supervisor`."""
    prelude = f"""
        import os, signal
        from pathlib import Path
        from sandbox.tools.processes import Supervisor
        supervisor = Supervisor(Path({str(home)!r}))
    """
    program = textwrap.dedent(prelude) + textwrap.dedent(script)
    return subprocess.run([sys.executable, "-c", program], cwd=PROJECT, timeout=60, check=False)


@pytest.fixture
def bystander() -> Iterator[int]:
    """A process that belongs to no sandbox."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process.pid
        process.kill()


def test_stopping_a_process_stops_its_children(supervisor: Supervisor, tmp_path: Path):
    child = tmp_path / "child"
    pid = supervisor.start("parent", ["sh", "-c", f"sleep 600 & echo $! > {child}; wait"], ready=child.exists)
    eventually(child.read_text)
    supervisor.stop("parent")
    assert not alive(pid)
    eventually(lambda: not alive(int(child.read_text())))
    assert supervisor.names() == []


def test_a_process_that_ignores_termination_is_killed(supervisor: Supervisor, tmp_path: Path):
    deaf = tmp_path / "deaf"
    pid = supervisor.start("deaf", ["sh", "-c", f"trap '' TERM; touch {deaf}; sleep 600"], ready=deaf.exists)
    supervisor.stop("deaf", grace=0.2)
    assert not alive(pid)


def test_a_foreign_process_with_a_recorded_id_is_never_touched(supervisor: Supervisor, bystander: int):
    """The system reuses ids: the record of a process killed from outside may hold the id of another process."""
    os.kill(supervisor.start("gone", ["sleep", "600"]), signal.SIGKILL)
    record = supervisor.home / "run" / "gone.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "pid": bystander}))
    assert not supervisor.running("gone")
    supervisor.stop_all()
    supervisor.stop("gone")
    assert alive(bystander)


def test_a_process_outlives_its_killed_caller_and_is_found_by_the_next(supervisor: Supervisor):
    caller("supervisor.start('left', ['sleep', '600']); os.kill(os.getpid(), signal.SIGKILL)", supervisor.home)
    assert supervisor.names() == ["left"]
    pid = json.loads((supervisor.home / "run" / "left.json").read_text())["pid"]
    supervisor.stop("left")
    assert not alive(pid)


def test_a_caller_killed_before_it_writes_the_record_leaves_no_process(supervisor: Supervisor):
    ran, pid = supervisor.home / "ran", supervisor.home / "pid"
    caller(
        f"""
        def die(name, record):
            Path({str(pid)!r}).write_text(str(record["pid"]))
            os.kill(os.getpid(), signal.SIGKILL)
        supervisor._write = die
        supervisor.start("lost", ["touch", {str(ran)!r}])
        """,
        supervisor.home,
    )
    eventually(lambda: not alive(int(pid.read_text())))
    assert not ran.exists()


def test_an_unready_process_is_stopped_and_the_error_has_its_log(supervisor: Supervisor, tmp_path: Path):
    pid = tmp_path / "pid"
    command = ["sh", "-c", f"echo $$ > {pid}; echo waiting for a friend; exec sleep 600"]
    with pytest.raises(SandboxError, match=r"(?s)shy was not ready after 1 seconds.*waiting for a friend"):
        supervisor.start("shy", command, ready=lambda: False, timeout=1)
    assert not alive(int(pid.read_text()))


def test_the_error_of_a_process_that_ends_at_once_has_its_log(supervisor: Supervisor):
    with pytest.raises(SandboxError, match=r"(?s)weak ended at once \(exit status 3\).*no such luck"):
        supervisor.start("weak", ["sh", "-c", "echo no such luck; exit 3"], ready=lambda: False, timeout=30)


def test_an_interrupted_start_leaves_no_process(supervisor: Supervisor):
    def interrupt() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        supervisor.start("half", ["sleep", "600"], ready=interrupt)
    assert supervisor.names() == []
    assert not (supervisor.home / "run" / "half.json").exists()


def test_restarting_replaces_the_process_and_keeps_the_previous_log(supervisor: Supervisor):
    first = supervisor.start("twice", ["sh", "-c", "echo first; exec sleep 600"])
    eventually(lambda: supervisor.log("twice").read_text() == "first\n")
    second = supervisor.start("twice", ["sh", "-c", "echo second; exec sleep 600"])
    assert not alive(first)
    assert alive(second)
    eventually(lambda: supervisor.log("twice").read_text() == "second\n")
    assert supervisor.log("twice").with_suffix(".log.old").read_text() == "first\n"


def test_stop_all_stops_the_newest_first(supervisor: Supervisor, tmp_path: Path):
    order = tmp_path / "order"
    for name in ("b-oldest", "c-middle", "a-newest"):
        ready = tmp_path / name
        script = f"trap 'echo {name} >> {order}; exit' TERM; touch {ready}; while :; do sleep 0.05; done"
        supervisor.start(name, ["sh", "-c", script], ready=ready.exists)
    assert supervisor.names() == ["b-oldest", "c-middle", "a-newest"]
    supervisor.stop_all()
    assert order.read_text().split() == ["a-newest", "c-middle", "b-oldest"]


def test_a_restarted_process_keeps_its_place(supervisor: Supervisor):
    for name in ("store", "server"):
        supervisor.start(name, ["sleep", "600"])
    os.kill(supervisor.start("store", ["sleep", "600"]), signal.SIGKILL)
    supervisor.start("store", ["sleep", "600"])
    assert supervisor.names() == ["store", "server"]


def test_a_secret_in_the_environment_is_not_written_to_a_file(supervisor: Supervisor):
    supervisor.start("keeper", ["sh", "-c", "echo ${#SECRET}; exec sleep 600"], {"SECRET": "swordfish"})
    eventually(lambda: supervisor.log("keeper").read_text() == "9\n")
    files = [path for path in supervisor.home.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert not any("swordfish" in path.read_text() for path in files)


def test_only_the_owner_can_read_logs_and_records(supervisor: Supervisor):
    supervisor.start("private", ["sleep", "600"])
    assert stat.S_IMODE(supervisor.log("private").stat().st_mode) == 0o600
    for folder in ("run", "logs"):
        assert stat.S_IMODE((supervisor.home / folder).stat().st_mode) == 0o700


def test_a_process_has_a_session_of_its_own(supervisor: Supervisor):
    pid = supervisor.start("apart", ["sleep", "600"])
    assert os.getsid(pid) == pid != os.getsid(0)


@pytest.mark.parametrize("server", sorted(path.parent.name for path in PROJECT.glob("sandbox/*/__main__.py")))
def test_a_process_can_have_the_name_of_each_server(supervisor: Supervisor, server: str):
    supervisor.start(server, ["sleep", "600"])
    assert supervisor.names() == [server]


@pytest.mark.parametrize("name", ["", "../up", "Upper", ".hidden", "two words"])
def test_a_name_that_is_not_a_file_name_is_rejected(supervisor: Supervisor, name: str):
    with pytest.raises(ValueError, match="is not a process name"):
        supervisor.start(name, ["sleep", "600"])

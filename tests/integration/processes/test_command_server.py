"""The server of commands for tests: what it runs is like a new process."""

import pytest

from tests.support.command_server import CommandServer
from tests.support.paths import PROJECT

PROGRAM = """
import os, sys
print(sys.argv[1:], os.environ["SUBJECT"], os.environ.get("PATH"), __name__, os.getcwd())
print(os.getpid(), file=sys.stderr)
os.environ["LEFT"] = "behind"
if sys.argv[1] == "fail":
    raise RuntimeError("as asked")
if sys.argv[1] == "kill":
    os.kill(os.getpid(), 9)
sys.exit(int(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which `python -m it` is the program."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "it.py").write_text(PROGRAM)
    return {"PYTHONPATH": str(folder), "SUBJECT": "first"}


@pytest.fixture(scope="module")
def server() -> CommandServer:
    return CommandServer()


def test_arguments_environment_output_and_status_are_the_commands_own(
    server: CommandServer, program: dict[str, str]
) -> None:
    completed = server.run("it", "3", "a b", env=program)
    assert completed.returncode == 3
    assert completed.stdout == f"['3', 'a b'] first None __main__ {PROJECT}\n"
    again = server.run("it", "0", env={"SUBJECT": "second", "PATH": "/bin"})
    assert (again.returncode, again.stdout.split()[:3]) == (0, ["['0']", "second", "/bin"])
    assert again.stderr != completed.stderr


def test_an_exception_and_a_signal_end_the_command_and_not_the_server(
    server: CommandServer, program: dict[str, str]
) -> None:
    failed = server.run("it", "fail", env=program)
    assert failed.returncode == 1
    assert failed.stderr.endswith("RuntimeError: as asked\n")
    assert server.run("it", "kill", env=program).returncode == -9
    assert server.run("it", "0", env=program).returncode == 0

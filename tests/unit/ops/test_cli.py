"""`python -m ops`: one command line whose commands import what they need when they run."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import PROJECT
from tests.unit.ops.conftest import Ops


def test_the_help_lists_the_commands(ops: Ops) -> None:
    done = ops("--help")
    assert done.status == 0
    assert all(f" {command} " in done.stdout for command in ("preflight", "verify", "recover", "migrate"))


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("verify", ["--stack", "--config", "--json", "--watch", "--interval", "--print-only", "--image", "--lan"]),
        ("verify", ["--no-inside", "--offline"]),
        ("preflight", ["--stack", "--config", "--json"]),
        ("recover", ["--stack", "--config", "--json", "--adopt", "--remove", "--yes"]),
        ("migrate", ["--to", "--account-id", "--zone", "--tunnel", "--localhost", "--report", "--force"]),
    ],
)
def test_each_command_has_its_options(ops: Ops, command: str, options: list[str]) -> None:
    done = ops(command, "--help")
    assert done.status == 0
    assert all(f"{option} " in done.stdout for option in options)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["verify", "--stak", "dev"], 2, "(python -m ops verify --help lists the options)"),
        (["recover", "--interval", "1"], 2, "(python -m ops recover --help lists the options)"),
        (["migrate", "--nothing"], 1, "(python -m ops migrate --help lists the options)"),
        (["nothing"], 2, "No such command 'nothing'. (python -m ops --help lists the options)"),
        (["verify", "--interval", "0"], 2, "--interval"),
        (["verify", "--config", "nowhere.yaml"], 2, "nowhere.yaml does not exist: name a stack with --stack"),
        (["verify", "--lan", "router"], 2, "'router' is not HOST:PORT, such as 192.168.1.1:443"),
        (["migrate", "nowhere.yaml"], 1, "nowhere.yaml: No such file or directory"),
    ],
)
def test_an_error_is_one_line(ops: Ops, arguments: list[str], status: int, message: str) -> None:
    done = ops(*arguments)
    assert done.status == status
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_as_the_stack_file_is_one_line(ops: Ops, tmp_path: Path) -> None:
    done = ops("verify", "--config", str(tmp_path))
    assert (done.status, done.stderr) == (2, f"{tmp_path}: Is a directory\n")


def test_an_error_that_no_code_expects_is_one_line_without_what_was_read(
    ops: Ops, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_arguments: object, **_options: object) -> int:
        raise KeyError("not-to-be-seen")

    monkeypatch.setattr("ops.recover.command.recover", read)
    done = ops("recover", "--json")
    assert done.status == 2
    assert re.fullmatch(r"a fault of culvert: KeyError at tests/\S+:\d+\. Report this line, .*\n", done.stderr)
    assert json.loads(done.stdout)["errors"][0]["message"] == done.stderr.strip()
    monkeypatch.setenv("CULVERT_TRACEBACK", "1")
    assert "Traceback (most recent call last):" in ops("recover").stderr


def test_an_error_is_a_screen_of_text_that_does_not_act_on_the_terminal(ops: Ops, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    routes = "".join(f'    - {{hostname: "\\x1b[2Jh{number}", servce: a}}\n' for number in range(200))
    file.write_text(f"config:\n  culvert:routes:\n{routes}", encoding="utf-8")
    done = ops("verify", "--config", str(file))
    assert done.status == 2
    assert len(done.stderr.splitlines()) <= 40
    assert "more, not shown" in done.stderr
    assert "\x1b" not in done.stderr


def test_without_a_command_the_help_is_shown(ops: Ops) -> None:
    done = ops()
    assert done.status == 2
    assert "Usage: python -m ops" in done.stdout + done.stderr


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    # The command line before a command runs, and the program before it makes a call of its own.
    for module, heavy in {
        "ops.cli": {"kubernetes", "cloudflare", "pulumi", "settings"},
        "components.exposure": {"kubernetes", "cloudflare", "httpx"},
    }.items():
        program = f"import sys, {module}; print(sorted({heavy!r} & sys.modules.keys()))"
        done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


def test_a_python_without_the_packages_continues_with_the_projects_own(tmp_path: Path) -> None:
    # A project whose .venv has a script that prints what it is called with.
    (tmp_path / "ops").mkdir()
    main = shutil.copy(PROJECT / "ops" / "__main__.py", tmp_path / "ops")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    # -I and -S: without the packages of the environment.
    command = [sys.executable, "-I", "-S", str(main), "verify", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.strip() == "-m ops verify --json", done.stderr

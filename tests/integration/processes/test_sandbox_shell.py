"""What `python -m sandbox env` puts on the PATH of a shell."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from sandbox.directory import PROJECT, SandboxDirectory, without_programs
from sandbox.shell.programs import path_with_programs
from sandbox.shell.stack_copy import command_of, option_value


@pytest.fixture
def directory(tmp_path: Path) -> SandboxDirectory:
    return SandboxDirectory(tmp_path / "a home #1").create()


def pulumi(
    directory: SandboxDirectory, *arguments: str, folder: Path = PROJECT, stack: str = "dev", backend: str = ""
) -> list[str]:
    """The arguments that an engine gets, here a script that prints them."""
    engine = directory.path.parent / "engine"
    engine.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    engine.chmod(0o700)
    path = path_with_programs(directory, engine, os.environ["PATH"])
    env = {**os.environ, "PATH": path, "CULVERT_SANDBOX_HOME": str(directory.path), "PULUMI_STACK": stack}
    env["PULUMI_BACKEND_URL"] = backend or directory.backend_url
    done = subprocess.run(["pulumi", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_command_that_reads_the_stack_file_gets_the_sandboxs_copy(directory: SandboxDirectory) -> None:
    copy = directory.path / "stacks" / "dev" / "Pulumi.dev.yaml"
    original = (PROJECT / "Pulumi.dev.yaml").read_text()
    # The stack is created first, with the passphrase of the sandbox, which goes into the copy.
    assert pulumi(directory, "up", "--yes") == [
        *("stack", "init", "dev", "--cwd", str(copy.parent)),
        *("up", "--yes", "--config-file", str(copy)),
    ]
    assert yaml.safe_load(copy.read_text())["config"] == yaml.safe_load(original)["config"]
    assert (PROJECT / "Pulumi.dev.yaml").read_text() == original


@pytest.mark.parametrize("option", [["--stack", "prod"], ["--stack=prod"], ["-s", "prod"], ["-s=prod"], ["-sprod"]])
def test_a_stack_is_named_in_each_spelling_of_the_option(option: list[str]) -> None:
    assert option_value(["preview", *option, "--diff"], "--stack", "-s") == "prod"
    assert option_value(["preview", "--diff"], "--stack", "-s") is None


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ("up --stack dev", "up"),
        ("--stack dev --non-interactive up", "up"),
        ("-C folder -s dev up", "up"),
        ("-Cfolder --color=always -Q -v 9 preview --diff", "preview"),
        ("--stack up stack output", "stack"),
        ("stack import", "stack"),
        ("config refresh", "config"),
        ("--version", ""),
        ("--stack", ""),
        ("", ""),
    ],
)
def test_the_command_is_the_first_word_that_is_no_option_and_no_options_value(arguments: str, command: str) -> None:
    assert command_of(arguments.split()) == command


def test_options_may_precede_a_command_that_reads_the_stack_file(directory: SandboxDirectory) -> None:
    copy = directory.path / "stacks" / "dev" / "Pulumi.dev.yaml"
    typed = ["--stack", "dev", "--non-interactive", "up"]
    assert pulumi(directory, *typed)[-6:] == [*typed, "--config-file", str(copy)]


def test_every_other_command_is_passed_on(directory: SandboxDirectory, tmp_path: Path) -> None:
    assert pulumi(directory, "stack", "output") == ["stack", "output"]
    assert pulumi(directory, "stack", "import") == ["stack", "import"]
    assert pulumi(directory, "up", "--config-file", "own.yaml") == ["up", "--config-file", "own.yaml"]
    assert pulumi(directory, "up", backend="file:///elsewhere") == ["up"]
    (tmp_path / "Pulumi.yaml").touch()
    assert pulumi(directory, "up", folder=tmp_path) == ["up"]


def test_an_unknown_stack_is_an_error_in_one_line(directory: SandboxDirectory) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        pulumi(directory, "up", stack="nowhere")
    assert failed.value.stderr.startswith("error: ")
    assert "Pulumi.nowhere.yaml does not exist" in failed.value.stderr
    assert len(failed.value.stderr.splitlines()) == 1


def test_the_sandbox_never_takes_its_own_programs_for_installed_ones(directory: SandboxDirectory) -> None:
    before = "/usr/bin:/bin"
    path = path_with_programs(directory, Path("/engine"), before)
    assert without_programs(path) == before
    assert path_with_programs(directory, Path("/engine"), path) == path


def test_an_empty_path_does_not_become_the_current_folder(directory: SandboxDirectory) -> None:
    path = path_with_programs(directory, Path("/engine"), "")
    assert path.split(os.pathsep) == [str(directory.path / "bin"), str(directory.path / "languages")]

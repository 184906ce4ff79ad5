"""The order in which a command on a stack asks the cluster and the engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.commands import stack
from sandbox.directory import SandboxDirectory
from sandbox.errors import SandboxError
from settings import Settings
from tests.support.engine_steps import step
from tests.support.paths import PROJECT

EXAMPLE = PROJECT / "examples" / "stacks" / "Pulumi.routes.yaml"


class RejectingServices:
    """Services whose API server rejects the stack's objects; they have nothing beyond that."""

    def __init__(self, directory: Path) -> None:
        self.directory = SandboxDirectory(directory)
        self.asked: list[tuple[str, Any]] = []

    def start(self, meanwhile: object) -> None:
        pass

    def reject_invalid_objects(self, name: str, settings: Any) -> None:
        self.asked.append((name, settings))
        raise SandboxError("the API server would reject the stack")


@pytest.mark.parametrize("command", [stack.up, stack.preview])
def test_objects_that_the_api_server_rejects_end_a_command_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: Any
) -> None:
    services = RejectingServices(tmp_path / "sandbox")
    monkeypatch.setattr(stack, "services", lambda: services)
    with pytest.raises(SandboxError, match="would reject the stack"):
        command(stack="routes", config=EXAMPLE)
    assert services.asked == [("culvert-routes", Settings.from_stack_file(EXAMPLE))]


PRIVATE = """\
config:
  culvert:accountId: "0123456789abcdef0123456789abcdef"
  culvert:namespace: private
  culvert:privateNetworks: {routes: [{network: 10.7.0.0/16, ports: [445]}]}
"""
PUBLIC = """\
config:
  culvert:accountId: "0123456789abcdef0123456789abcdef"
  culvert:zones: {example.com: "89abcdef0123456789abcdef01234567"}
  culvert:routes: [{hostname: blog.example.com, service: http://blog}]
"""


def test_check_tells_of_a_hostname_that_another_stack_file_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: culvert\n")
    for name in ("dev", "prod"):
        (tmp_path / f"Pulumi.{name}.yaml").write_text(PUBLIC)
    stack.check(config=tmp_path / "Pulumi.dev.yaml")
    valid, note = capsys.readouterr().out.splitlines()
    assert valid == "Pulumi.dev.yaml is valid. Hostnames: blog.example.com"
    assert note.startswith("note: blog.example.com is also in Pulumi.prod.yaml")
    stack.check(config=tmp_path / "Pulumi.dev.yaml", as_json=True)
    assert json.loads(capsys.readouterr().out)["notes"] == [note.removeprefix("note: ")]


def test_check_of_a_stack_without_hostnames_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Pulumi.lan.yaml"
    file.write_text(PRIVATE)
    stack.check(config=file)
    assert capsys.readouterr().out == "Pulumi.lan.yaml is valid. Hostnames: none\n"


class ReadyServices(RejectingServices):
    """Services whose engine has nothing to do."""

    def reject_invalid_objects(self, name: str, settings: Any) -> None:
        pass

    def seed(self, *_: Any) -> None:
        pass

    def calls(self, since: int = 0) -> tuple[int, list[dict[str, Any]]]:
        return since, []

    def dashboard(self) -> str:
        return "http://127.0.0.1:1/"

    def frontend(self) -> str:
        return "http://127.0.0.1:2"

    def preview(self, *_: Any, **_options: Any) -> "ReadyServices":
        return self

    def as_json(self) -> dict[str, Any]:
        return {}

    notes = ("a warning means nothing",)
    steps = (
        step("create", "pulumi:pulumi:Stack", "culvert-lan", None),
        step("create", "culvert:index:Tunnel", "lan", "pulumi:pulumi:Stack::culvert-lan"),
    )


@pytest.mark.parametrize(("content", "visits"), [(PRIVATE, False), (PUBLIC, True)])
def test_how_to_visit_a_hostname_is_printed_only_for_a_stack_that_has_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, visits: bool
) -> None:
    file = tmp_path / "Pulumi.lan.yaml"
    file.write_text(content)
    services = ReadyServices(tmp_path / "sandbox")
    monkeypatch.setattr(stack, "services", lambda: services)
    monkeypatch.setattr(stack, "engine", lambda *_, **_options: services)
    stack.preview(config=file)
    printed = capsys.readouterr().out
    assert ("To visit blog.example.com: http://blog.example.com.localhost:2/\n" in printed) is visits
    assert "note: a warning means nothing\n" in printed


@pytest.mark.parametrize(
    ("environ", "coloured", "tree"),
    [
        ({}, False, False),  # the output of a test goes to no terminal
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, True),
    ],
)
def test_a_terminal_gets_colours_and_the_tree_of_components(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    environ: dict[str, str],
    coloured: bool,
    tree: bool,
) -> None:
    file = tmp_path / "Pulumi.lan.yaml"
    file.write_text(PRIVATE)
    services = ReadyServices(tmp_path / "sandbox")
    asked: list[bool] = []

    def engine(*_: Any, coloured: bool) -> ReadyServices:
        asked.append(coloured)
        return services

    monkeypatch.setattr(stack, "services", lambda: services)
    monkeypatch.setattr(stack, "engine", engine)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environ}.items():
        monkeypatch.setenv(name, value)
    stack.preview(config=file)
    stack.preview(config=file, as_json=True)
    printed = capsys.readouterr().out
    assert asked == [coloured, False]
    assert ("Tunnel" in printed) is tree
    assert ("\x1b[32m+ Tunnel" in printed) is coloured
    assert json.loads(printed.splitlines()[-1])

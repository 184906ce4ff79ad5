"""The commands of `python -m sandbox`: what they print, what they reject, what they leave behind."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from tests.e2e.conftest import PROJECT, Sandbox, settings


def _eventually(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not fulfilled within {seconds:g} seconds"
        time.sleep(0.02)


def _processes_of(home: Path) -> list[psutil.Process]:
    """Every process with a sandbox's folder in its arguments or its environment."""
    processes = []
    for process in psutil.process_iter():
        try:
            texts = [*process.cmdline(), *process.environ().values()]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(home) in text for text in texts):
            processes.append(process)
    return processes


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Sandbox]:
    """A test's own sandbox, not started."""
    box = Sandbox(tmp_path / "home")
    yield box
    box.raw("down", "--delete")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A started sandbox without stacks, whose processes the tests of the group `started` stop and kill."""
    box = Sandbox(tmp_path_factory.mktemp("started") / "home")
    box.up("first", settings("first"))
    box.destroy("first")
    yield box
    box.raw("down", "--delete")


@pytest.fixture(scope="module")
def plain(sandbox: Sandbox) -> subprocess.CompletedProcess[str]:
    """`up --json` of the stack `plain`, which stays up for the tests of the group `plain`."""
    done = sandbox.raw("up", "--json", "--config", str(sandbox.stack_file("plain", settings("plain"))))
    assert done.returncode == 0, done.stderr
    return done


def test_check_reads_the_settings_and_starts_nothing(lone: Sandbox) -> None:
    good = lone.run("check", "--config", str(PROJECT / "Pulumi.dev.yaml"))
    assert good["stack"] == "dev"
    assert not lone.home.exists()


def test_all_mistakes_are_reported_together_before_anything_starts(lone: Sandbox) -> None:
    bad = lone.stack_file("bad", {**settings("bad"), "accountId": "nope", "connector": {"replicas": 26}})
    for command in ("check", "preview", "up", "env"):
        errors = lone.run(command, "--config", str(bad), fails=True)["errors"]
        assert [error["key"] for error in errors] == ["culvert:accountId", "culvert:connector.replicas"]
        assert all(set(error) == {"key", "value", "accepted", "source", "message"} for error in errors)
        assert [error["value"] for error in errors] == ["nope", 26]
    assert not lone.home.exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["up", "--stack", "nowhere"], "--stack"),
        (["up", "--stack", "Prod_1"], "stack"),
        (["check", "--config", "missing.yaml"], "--config"),
        (["outputs", "--stack", "never-made"], "--stack"),
        (["calls"], "sandbox"),
        (["nonsense"], "command line"),
        (["up", "--colour"], "command line"),
    ],
)
def test_a_wrong_command_says_what_is_accepted(lone: Sandbox, arguments: list[str], named: str) -> None:
    (error,) = lone.run(*arguments, fails=True)["errors"]
    assert error["key"] == named
    assert error["accepted"]
    assert error["message"]


def test_providers_are_chosen_by_one_of_three_words(lone: Sandbox) -> None:
    lone.env["CULVERT_SANDBOX_PROVIDERS"] = "offical"
    (error,) = lone.run("status", fails=True)["errors"]
    assert (error["key"], error["accepted"]) == ("CULVERT_SANDBOX_PROVIDERS", "auto, official, standin")


def test_missing_official_plugins_are_named_with_how_to_get_them(lone: Sandbox, tmp_path: Path) -> None:
    lone.env |= {"CULVERT_SANDBOX_PROVIDERS": "official", "PULUMI_HOME": str(tmp_path), "PATH": str(tmp_path)}
    (error,) = lone.run("status", fails=True)["errors"]
    assert "pulumi plugin install resource cloudflare v" in error["message"]


@pytest.mark.xdist_group("plain")
@pytest.mark.usefixtures("plain")
def test_status_says_what_is_in_use_and_where_it_comes_from(sandbox: Sandbox) -> None:
    status = sandbox.run("status")
    assert status["running"] is True
    assert status["engine"]["version"].startswith("v3.")
    assert set(status["providers"]) == {"cloudflare", "kubernetes", "random"}
    assert all(
        provider["kind"] in ("official", "standin") and provider["origin"] for provider in status["providers"].values()
    )
    assert status["cluster"]["kind"] == "embedded"
    assert status["cluster"]["origin"]
    assert "plain" in [stack["name"] for stack in status["stacks"]]
    assert "plain" in sandbox.raw("status").stdout


@pytest.mark.xdist_group("plain")
def test_standard_output_is_json_alone(plain: subprocess.CompletedProcess[str]) -> None:
    done = plain
    report = json.loads(done.stdout)
    assert set(report) == {"summary", "changes", "outputs", "calls"}
    assert set(report["summary"]) == {"create", "import", "update", "replace", "delete", "same"}
    assert all(set(change) == {"op", "type", "name", "properties"} for change in report["changes"])
    assert "cloudflared" in done.stderr


def test_calls_are_counted_from_the_mark(sandbox: Sandbox) -> None:
    sandbox.run("calls", "--mark")
    assert sandbox.run("calls") == []
    sandbox.up("marked", settings("marked"))
    made = sandbox.run("calls")
    # Is the hostname free? Then tunnel, rules and record.
    assert [call["method"] for call in made] == ["GET", "POST", "PUT", "POST"]
    assert all(set(call) == {"method", "path", "status"} for call in made)


@pytest.mark.xdist_group("plain")
@pytest.mark.usefixtures("plain")
def test_the_environment_lets_an_engine_work_by_hand(sandbox: Sandbox, tmp_path: Path) -> None:
    printed = sandbox.raw("env", "--config", str(sandbox.home.parent / "Pulumi.plain.yaml")).stdout
    (tmp_path / "Pulumi.yaml").write_text("name: culvert\nruntime: python\n")
    script = f'{printed}\npulumi stack output tunnelName --stack plain --cwd "{tmp_path}"'
    done = subprocess.run(["bash", "-ec", script], env=sandbox.env, capture_output=True, text=True)
    assert done.stdout.strip() == "culvert-plain", done.stderr


def test_the_engine_fetches_no_plugins_unless_the_environment_lets_it(sandbox: Sandbox) -> None:
    variable = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    assert sandbox.run("env")[variable] == "true"
    sandbox.env[variable] = "false"
    try:
        assert sandbox.run("env")[variable] == "false"
    finally:
        del sandbox.env[variable]


@pytest.mark.xdist_group("started")
def test_state_survives_between_commands_and_a_stop(started: Sandbox) -> None:
    made = started.up("kept", settings("kept"))
    started.run("down")
    assert _processes_of(started.home) == []
    again = started.up("kept", settings("kept"))
    started.destroy("kept")
    assert again["changes"] == []
    assert again["outputs"] == made["outputs"]


@pytest.mark.parametrize("place", ["in the foreground", "in the background"])
def test_interrupting_stops_every_process(lone: Sandbox, place: str) -> None:
    """By Ctrl-C, or by `kill` where it runs in the background of a script, whose shell has it ignore SIGINT.

    The tests themselves may run there: each case says what it inherits.
    """
    inherited, sent = (
        (signal.SIG_DFL, signal.SIGINT) if place == "in the foreground" else (signal.SIG_IGN, signal.SIGTERM)
    )
    process = subprocess.Popen(
        lone.command("up", "--config", str(lone.stack_file("cut", settings("cut")))),
        cwd=PROJECT,
        env=lone.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        process_group=0,
        preexec_fn=lambda: signal.signal(signal.SIGINT, inherited),
    )
    _eventually(lambda: (lone.home / "cloudflare.sqlite3").exists())
    os.killpg(process.pid, sent)
    assert process.wait(120) == 130
    assert _processes_of(lone.home) == []


@pytest.mark.parametrize("victims", ["the command", "everything"])
@pytest.mark.xdist_group("started")
def test_a_killed_run_is_completed_by_the_next(started: Sandbox, victims: str) -> None:
    """Killed as soon as the API has been written to twice: the command alone, or every process of the sandbox.

    Engines killed after each single write are in test_interrupted_runs.
    """
    started.calls()
    file = started.stack_file(
        "whole",
        settings(
            "whole",
            routes=[{"hostname": f"{name}.example.com", "service": "http://blog"} for name in ("whole", "half")],
        ),
    )
    process = subprocess.Popen(
        started.command("up", "--config", str(file)),
        cwd=PROJECT,
        env=started.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _eventually(lambda: len(started.calls(mark=False)) >= 2 or process.poll() is not None)
    for killed in [psutil.Process(process.pid)] if victims == "the command" else _processes_of(started.home):
        killed.kill()
    process.wait()
    report = started.run("up", "--config", str(file))
    assert report["outputs"]["publicHostname"] == "whole.example.com"
    assert started.run("up", "--config", str(file))["changes"] == []
    assert started.tunnels() == ["culvert-whole"]
    assert sorted(started.records()) == ["half.example.com", "whole.example.com"]
    secrets = [s for s in started.objects("v1", "Secret", "whole") if "token" in (s.get("data") or {})]
    assert len(secrets) == 1
    started.destroy("whole")
    assert started.tunnels() == []
    assert started.records() == {}


def test_settings_of_real_accounts_stay_out_of_the_sandbox(sandbox: Sandbox) -> None:
    file = sandbox.stack_file("real", settings("real"))
    content = yaml.safe_load(file.read_text())
    content |= {"encryptionsalt": "v1:abc:v1:def:ghi"}
    content["config"] |= {"cloudflare:apiToken": {"secure": "v1:abc"}, "kubernetes:context": "production"}
    file.write_text(yaml.safe_dump(content))
    done = sandbox.raw("preview", "--config", str(file))
    assert done.returncode == 0, done.stderr
    assert "left out" in done.stderr
    assert "cloudflare:apiToken" in done.stderr
    assert file.read_text() == yaml.safe_dump(content), "the user's file is never written to"


def test_a_tunnel_name_in_use_is_an_error_that_says_what_to_do(sandbox: Sandbox) -> None:
    sandbox.up("first", settings("first"))
    # The stack's state is lost: its tunnel's name is in use.
    for kept in (sandbox.home / "state" / ".pulumi" / "stacks" / "culvert").glob("first.json*"):
        kept.unlink()
    again = sandbox.stack_file("first", settings("first", namespace="first-again"))
    errors = sandbox.run("up", "--config", str(again), fails=True)["errors"]
    conflicts = [error for error in errors if "1013" in error["message"]]
    assert conflicts
    assert "free in the account" in conflicts[0]["accepted"]

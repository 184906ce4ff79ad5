"""The commands as a stranger meets them: what they print, what they refuse, what they leave behind."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import yaml

from tests.e2e.conftest import PROJECT, Sandbox, settings


def _eventually(what: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.02)


def _belonging(home: Path) -> list[psutil.Process]:
    """Every process that has something to do with a sandbox's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), *process.environ().values()]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(home) in text for text in told):
            found.append(process)
    return found


@pytest.fixture
def lone(tmp_path: Path):
    """A sandbox of a test's own, not started."""
    box = Sandbox(tmp_path / "home")
    yield box
    box.raw("down", "--delete")


def test_check_reads_the_settings_and_starts_nothing(lone: Sandbox) -> None:
    good = lone.run("check", "--config", str(PROJECT / "Pulumi.dev.yaml"))
    assert good["stack"] == "dev"
    assert not lone.home.exists()


def test_every_mistake_is_told_at_once_before_anything_starts(lone: Sandbox) -> None:
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


def test_status_says_what_is_in_use_and_where_it_comes_from(sandbox: Sandbox) -> None:
    sandbox.up("told", settings("told"))
    told = sandbox.run("status")
    assert told["running"] is True
    assert told["engine"]["version"].startswith("v3.")
    assert set(told["providers"]) == {"cloudflare", "kubernetes", "random"}
    assert all(
        provider["kind"] in ("official", "standin") and provider["origin"] for provider in told["providers"].values()
    )
    assert told["cluster"]["kind"] == "embedded"
    assert told["cluster"]["origin"]
    assert "told" in [stack["name"] for stack in told["stacks"]]
    assert "told" in sandbox.raw("status").stdout


def test_json_is_all_there_is_on_standard_output(sandbox: Sandbox) -> None:
    done = sandbox.raw("up", "--json", "--config", str(sandbox.stack_file("plain", settings("plain"))))
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


def test_the_environment_lets_an_engine_work_by_hand(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.up("byhand", settings("byhand"))
    printed = sandbox.raw("env", "--config", str(sandbox.home.parent / "Pulumi.byhand.yaml")).stdout
    (tmp_path / "Pulumi.yaml").write_text("name: culvert\nruntime: python\n")
    script = f'{printed}\npulumi stack output tunnelName --stack byhand --cwd "{tmp_path}"'
    done = subprocess.run(["bash", "-ec", script], env=sandbox.env, capture_output=True, text=True)
    assert done.stdout.strip() == "culvert-byhand", done.stderr


def test_the_engine_is_kept_from_fetching_plugins_unless_somebody_wants_it_to(sandbox: Sandbox) -> None:
    variable = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    assert sandbox.run("env")[variable] == "true"
    sandbox.env[variable] = "false"
    try:
        assert sandbox.run("env")[variable] == "false"
    finally:
        del sandbox.env[variable]


def test_state_survives_between_commands_and_a_stop(lone: Sandbox) -> None:
    made = lone.up("kept", settings("kept"))
    lone.run("down")
    assert _belonging(lone.home) == []
    again = lone.up("kept", settings("kept"))
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
    assert _belonging(lone.home) == []


@pytest.mark.parametrize("victims", ["the command", "everything"])
def test_a_run_killed_midway_is_made_whole_by_the_next(lone: Sandbox, victims: str) -> None:
    """Killed as soon as the API has been written to twice: the command alone, or every process of the sandbox.

    What becomes of an engine that is killed after any write is in test_cut_off.
    """
    lone.up("warm", settings("warm"))
    lone.destroy("warm")
    lone.calls()
    file = lone.stack_file(
        "whole",
        settings(
            "whole",
            routes=[{"hostname": f"{name}.example.com", "service": "http://blog"} for name in ("whole", "half")],
        ),
    )
    process = subprocess.Popen(
        lone.command("up", "--config", str(file)),
        cwd=PROJECT,
        env=lone.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _eventually(lambda: len(lone.calls(mark=False)) >= 2 or process.poll() is not None)
    for killed in [psutil.Process(process.pid)] if victims == "the command" else _belonging(lone.home):
        killed.kill()
    process.wait()
    report = lone.run("up", "--config", str(file))
    assert report["outputs"]["publicHostname"] == "whole.example.com"
    assert lone.run("up", "--config", str(file))["changes"] == []
    assert lone.tunnels() == ["culvert-whole"]
    assert sorted(lone.records()) == ["half.example.com", "whole.example.com"]
    secrets = [s for s in lone.objects("v1", "Secret", "whole") if "token" in (s.get("data") or {})]
    assert len(secrets) == 1
    lone.destroy("whole")
    assert lone.tunnels() == []
    assert lone.records() == {}


def test_settings_of_real_accounts_stay_out_of_a_rehearsal(sandbox: Sandbox) -> None:
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


def test_a_taken_tunnel_name_is_an_error_that_says_what_to_do(sandbox: Sandbox) -> None:
    sandbox.up("first", settings("first"))
    # The same stack name against a state that knows nothing of it: the tunnel's name is taken.
    for kept in (sandbox.home / "state" / ".pulumi" / "stacks" / "culvert").glob("first.json*"):
        kept.unlink()
    again = sandbox.stack_file("first", settings("first", namespace="first-again"))
    errors = sandbox.run("up", "--config", str(again), fails=True)["errors"]
    taken = [error for error in errors if "1013" in error["message"]]
    assert taken
    assert "free in the account" in taken[0]["accepted"]

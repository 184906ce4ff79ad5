"""The commands of `python -m sandbox`: their output, the input that they reject, and the processes that they leave."""

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

from tests.e2e.conftest import Sandbox, settings
from tests.support.paths import PROJECT


def _eventually(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"the condition does not hold after {seconds:g} seconds"
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
    completed = sandbox.raw("up", "--json", "--config", str(sandbox.stack_file("plain", settings("plain"))))
    assert completed.returncode == 0, completed.stderr
    return completed


def test_check_reads_the_settings_and_starts_nothing(own_sandbox: Sandbox) -> None:
    report = own_sandbox.run("check", "--config", str(PROJECT / "Pulumi.dev.yaml"))
    assert report["stack"] == "dev"
    assert not own_sandbox.home.exists()


def test_all_mistakes_are_reported_together_before_anything_starts(own_sandbox: Sandbox) -> None:
    invalid = own_sandbox.stack_file("bad", {**settings("bad"), "accountId": "nope", "connector": {"replicas": 26}})
    for command in ("check", "preview", "up", "env"):
        errors = own_sandbox.run(command, "--config", str(invalid), fails=True)["errors"]
        assert [error["key"] for error in errors] == ["culvert:accountId", "culvert:connector.replicas"]
        assert all(set(error) == {"key", "value", "accepted", "source", "message"} for error in errors)
        assert [error["value"] for error in errors] == ["nope", 26]
    assert not own_sandbox.home.exists()


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["up", "--stack", "nowhere"], "--stack"),
        (["up", "--stack", "Prod_1"], "stack"),
        (["check", "--config", "missing.yaml"], "--config"),
        (["outputs", "--stack", "never-made"], "--stack"),
        (["calls"], "sandbox"),
        (["down", "--delete", "--stack", "dev"], "command line"),
        (["nonsense"], "command line"),
        (["up", "--colour"], "command line"),
    ],
)
def test_the_error_of_an_invalid_command_has_what_is_accepted(
    own_sandbox: Sandbox, arguments: list[str], key: str
) -> None:
    (error,) = own_sandbox.run(*arguments, fails=True)["errors"]
    assert error["key"] == key
    assert error["accepted"]
    assert error["message"]


def test_an_unknown_provider_choice_is_rejected(own_sandbox: Sandbox) -> None:
    own_sandbox.env["CULVERT_SANDBOX_PROVIDERS"] = "offical"
    (error,) = own_sandbox.run("status", fails=True)["errors"]
    assert (error["key"], error["accepted"]) == ("CULVERT_SANDBOX_PROVIDERS", "auto, official, standin")


def test_the_error_for_missing_official_plugins_has_the_command_that_installs_them(
    own_sandbox: Sandbox, tmp_path: Path
) -> None:
    own_sandbox.env |= {"CULVERT_SANDBOX_PROVIDERS": "official", "PULUMI_HOME": str(tmp_path), "PATH": str(tmp_path)}
    (error,) = own_sandbox.run("status", fails=True)["errors"]
    assert "pulumi plugin install resource cloudflare v" in error["message"]


@pytest.mark.xdist_group("plain")
@pytest.mark.usefixtures("plain")
def test_status_lists_the_engine_providers_cluster_and_stacks_with_their_origins(sandbox: Sandbox) -> None:
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
def test_standard_output_is_nothing_but_json(plain: subprocess.CompletedProcess[str]) -> None:
    report = json.loads(plain.stdout)
    assert set(report) == {"summary", "changes", "outputs", "calls"}
    assert set(report["summary"]) == {"create", "import", "update", "replace", "delete", "same"}
    assert all(set(change) == {"op", "type", "name", "properties"} for change in report["changes"])
    assert "cloudflared" in plain.stderr


def test_calls_are_counted_from_the_mark(sandbox: Sandbox) -> None:
    sandbox.run("calls", "--mark")
    assert sandbox.run("calls") == []
    sandbox.up("marked", settings("marked"))
    calls = sandbox.run("calls")
    # The read of every run, a look-up of the hostname's records, then the tunnel, its rules and the record.
    assert [call["method"] for call in calls] == ["GET", "GET", "POST", "PUT", "POST"]
    assert all(set(call) == {"method", "path", "status"} for call in calls)


@pytest.mark.xdist_group("plain")
@pytest.mark.usefixtures("plain")
def test_pulumi_in_the_printed_environment_has_the_sandboxs_stack(sandbox: Sandbox, tmp_path: Path) -> None:
    printed = sandbox.raw("env", "--config", str(sandbox.home.parent / "Pulumi.plain.yaml")).stdout
    (tmp_path / "Pulumi.yaml").write_text("name: culvert\nruntime: python\n")
    script = f'{printed}\npulumi stack output tunnelName --cwd "{tmp_path}"'
    completed = subprocess.run(["bash", "-ec", script], env=sandbox.env, capture_output=True, text=True)
    assert completed.stdout.strip() == "culvert-plain", completed.stderr
    (tmp_path / "__main__.py").write_text("import pulumi\nraise pulumi.RunError('one mistake')\n")
    script = f'{printed}\npulumi preview --non-interactive --cwd "{tmp_path}"'
    completed = subprocess.run(["bash", "-ec", script], env=sandbox.env, capture_output=True, text=True)
    assert completed.returncode != 0
    assert "error: one mistake" in completed.stdout
    assert "unhandled" not in completed.stdout + completed.stderr


def test_the_engine_downloads_no_plugins_unless_the_environment_allows_it(sandbox: Sandbox) -> None:
    variable = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    assert sandbox.run("env")[variable] == "true"
    sandbox.env[variable] = "false"
    try:
        assert sandbox.run("env")[variable] == "false"
    finally:
        del sandbox.env[variable]


@pytest.mark.xdist_group("started")
def test_the_state_survives_a_stop_of_the_sandbox(started: Sandbox) -> None:
    first = started.up("kept", settings("kept"))
    started.run("down")
    assert _processes_of(started.home) == []
    again = started.up("kept", settings("kept"))
    started.destroy("kept")
    assert again["changes"] == []
    assert again["outputs"] == first["outputs"]


@pytest.mark.parametrize("job", ["in the foreground", "in the background"])
def test_interrupting_stops_every_process(own_sandbox: Sandbox, job: str) -> None:
    """By Ctrl-C in the foreground, or by `kill` in the background of a script, whose shell makes it ignore SIGINT.

    The tests may run in the background themselves, so each case sets the handler that the command inherits.
    """
    inherited, signal_sent = (
        (signal.SIG_DFL, signal.SIGINT) if job == "in the foreground" else (signal.SIG_IGN, signal.SIGTERM)
    )
    process = subprocess.Popen(
        own_sandbox.command("up", "--config", str(own_sandbox.stack_file("cut", settings("cut")))),
        cwd=PROJECT,
        env=own_sandbox.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        process_group=0,
        preexec_fn=lambda: signal.signal(signal.SIGINT, inherited),
    )
    _eventually(lambda: (own_sandbox.home / "cloudflare.sqlite3").exists())
    os.killpg(process.pid, signal_sent)
    assert process.wait(120) == 130
    assert _processes_of(own_sandbox.home) == []


@pytest.mark.parametrize("victims", ["the command", "everything"])
@pytest.mark.xdist_group("started")
def test_a_killed_run_is_completed_by_the_next(started: Sandbox, victims: str) -> None:
    """The command alone, or every process of the sandbox, is killed after the second write to the API.

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
    _eventually(lambda: len(started.calls(mark=False)) >= 3 or process.poll() is not None)
    for victim in [psutil.Process(process.pid)] if victims == "the command" else _processes_of(started.home):
        victim.kill()
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


def test_credentials_of_real_accounts_stay_out_of_the_sandbox(sandbox: Sandbox) -> None:
    file = sandbox.stack_file("real", settings("real"))
    content = yaml.safe_load(file.read_text())
    content |= {"encryptionsalt": "v1:abc:v1:def:ghi"}
    content["config"] |= {"cloudflare:apiToken": {"secure": "v1:abc"}, "kubernetes:context": "production"}
    file.write_text(yaml.safe_dump(content))
    completed = sandbox.raw("preview", "--config", str(file))
    assert completed.returncode == 0, completed.stderr
    assert "left out" in completed.stderr
    assert "cloudflare:apiToken" in completed.stderr
    assert file.read_text() == yaml.safe_dump(content), "the command changed the user's file"


def test_the_error_for_a_tunnel_name_in_use_has_a_remedy(sandbox: Sandbox) -> None:
    sandbox.up("first", settings("first"))
    # Without the stack's state, its tunnel's name is in use.
    for file in (sandbox.home / "state" / ".pulumi" / "stacks" / "culvert").glob("first.json*"):
        file.unlink()
    again = sandbox.stack_file("first", settings("first", namespace="first-again"))
    errors = sandbox.run("up", "--config", str(again), fails=True)["errors"]
    conflicts = [error for error in errors if "1013" in error["message"]]
    assert conflicts
    assert "free in the account" in conflicts[0]["accepted"]

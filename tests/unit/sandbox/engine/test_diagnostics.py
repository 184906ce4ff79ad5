"""Errors of a failed run: each once, with a hint where one is known."""

import re
from pathlib import Path

import pytest
from pulumi.automation import CommandError, CommandResult
from pulumi.automation.events import DiagnosticEvent

from sandbox.engine.diagnostics import from_run, from_settings, lines
from sandbox.engine.policy_pack import Violation
from settings import Settings, SettingsError

ERROR = CommandError(CommandResult("", "the engine ended", 255))
URN = "urn:pulumi:dev::culvert::cloudflare:index/dnsRecord:DnsRecord::culvert-dev-blog.example.com"


def diagnostic(message: str) -> DiagnosticEvent:
    return DiagnosticEvent(message=message, color="never", severity="error", urn=URN)


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("error 1013: tunnel name already taken", "free in the account.*`python -m ops recover`"),
        ("error 1022: tunnel has active connections", "--run-program"),
        ("error 1014: network in use", "culvert:privateNetworks"),
        ("error 1023: tunnel has routes", "private routes"),
        ("error 81053: a record exists", "`adopt`"),
        ("error 20217: entry point exists", "pulumi import"),
        ("error 9109: invalid token", "Cloudflare Tunnel: Edit"),
        ('failed: DELETE "https://api/…": 404 Not Found {"code": 1001}', "ops recover --adopt"),
        ("resource is protected", "protect: false"),
        ('namespaces "blog" already exists', "create: false"),
        ('Apply failed with 1 conflict: conflict with "kubectl"', "`PULUMI_K8S_ENABLE_PATCH_FORCE=true` .*external"),
        ('pods violates PodSecurity "restricted:latest"', "restricted Pod Security Standard"),
    ],
)
def test_a_known_error_has_a_hint_and_its_source(message: str, hint: str) -> None:
    (entry,) = from_run([diagnostic(message)], ERROR, "dev").errors
    assert entry["key"] == "culvert-dev-blog.example.com"
    assert entry["source"].startswith(("https://", "docs/"))
    assert entry["message"] == f"{message}\nWhat to do: {entry['accepted']}."
    assert re.search(hint, entry["accepted"])


def test_repeated_and_empty_diagnostics_are_left_out() -> None:
    messages = ["<{%fg 1%}>boom<{%reset%}>", "an unhandled error occurred: boom", "update failed", ""]
    errors = from_run(map(diagnostic, messages), ERROR, "dev").errors
    assert [(entry["message"], entry["accepted"]) for entry in errors] == [("boom", "")]


def test_without_diagnostics_the_output_of_the_command_is_the_error() -> None:
    (entry,) = from_run([], ERROR, "dev").errors
    assert entry["key"] == "dev"
    assert "the engine ended" in entry["message"]


def test_a_broken_mandatory_rule_is_an_error_and_an_advisory_one_is_not() -> None:
    broken = [
        Violation("images-are-pinned", "mandatory", "connector", "not pinned\nWhat to do: Append the digest."),
        Violation("connector-is-redundant", "advisory", "connector", "one replica\nWhat to do: Add one."),
    ]
    (entry,) = from_run([], ERROR, "dev", broken).errors
    assert (entry["key"], entry["value"], entry["accepted"]) == ("images-are-pinned", "connector", "Append the digest.")


def test_several_errors_are_numbered() -> None:
    assert lines([{"message": "one"}]) == "one"
    assert lines([{"message": "one", "source": "https://example.com/"}]) == "one\n   See https://example.com/"
    assert lines([{"message": "one"}, {"message": "two"}]) == "1. one\n2. two"


def test_a_mistake_of_yaml_has_the_two_lines_below_its_message(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text("config:\n  culvert:zones: {a: [}\n")
    with pytest.raises(SettingsError) as error:
        Settings.from_stack_file(path)
    (entry,) = from_settings(error.value)
    assert entry["message"].splitlines()[1:] == [
        "   1 | config:",
        "   2 |   culvert:zones: {a: [}",
        "     |                       ^",
    ]

"""`python -m ops recover`: errors before anything is read."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation

from ops.recover.command import explain
from tests.unit.ops.conftest import Ops

SETTINGS = {
    "accountId": "0123456789abcdef0123456789abcdef",
    "zones": {"example.com": "89abcdef0123456789abcdef01234567"},
    "routes": [{"hostname": "blog.example.com", "service": "http://blog"}],
}


@pytest.mark.parametrize(
    ("more", "options", "message"),
    [
        ({"tunnel": {"protect": True}}, ["--remove", "--yes"], "culvert:tunnel: {protect: false}"),
        ({"tunnel": {"protect": 1}}, [], "culvert:tunnel.protect"),
        ({}, ["--adopt", "--remove"], "--adopt and --remove cannot be used together"),
        ({}, ["--config", "nowhere.yaml"], "nowhere.yaml does not exist"),
    ],
)
def test_an_error_is_one_clear_line(
    ops: Ops, tmp_path: Path, more: dict[str, object], options: list[str], message: str
) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text(yaml.safe_dump({"config": {f"culvert:{key}": value for key, value in (SETTINGS | more).items()}}))
    done = ops("recover", "--json", "--config", str(file), *options)
    assert done.status == 2
    (error,) = json.loads(done.stdout)["errors"]
    assert message in error["message"]


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        (
            "error: the stack is currently locked by 1 lock(s).\n  Either wait\n",
            "the engine refused: the stack is currently locked by 1 lock(s). Either wait; "
            "if no other run is in progress: pulumi cancel",
        ),
        (
            "error: failed to load checkpoint: EOF\n",
            "the engine refused: failed to load checkpoint: EOF; the state file is incomplete, and docs/recover.md "
            "says how to repair it",
        ),
        ("error: no such backend\n", "the engine refused: no such backend"),
    ],
)
def test_a_failed_engine_command_is_one_line(stderr: str, message: str) -> None:
    result: Any = f"\n code: 255\n stdout: \n stderr: {stderr}"
    assert explain(automation.CommandError(result)) == message

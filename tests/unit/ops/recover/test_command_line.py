"""`python -m ops recover`: errors before anything is read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.paths import PROJECT

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
def test_an_error_is_one_clear_line(tmp_path: Path, more: dict[str, object], options: list[str], message: str) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text(yaml.safe_dump({"config": {f"culvert:{key}": value for key, value in (SETTINGS | more).items()}}))
    command = [sys.executable, "-m", "ops", "recover", "--json", "--config", str(file), *options]
    # Without an engine: it ends before it needs one.
    done = subprocess.run(command, cwd=PROJECT, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    (error,) = json.loads(done.stdout)["errors"]
    assert message in error["message"]
    assert "Traceback" not in done.stderr

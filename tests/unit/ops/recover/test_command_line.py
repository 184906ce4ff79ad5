"""The command line, where it ends before it has looked at anything."""

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
    ("more", "options", "says"),
    [
        ({"tunnel": {"protect": True}}, ["--remove", "--yes"], "culvert:tunnel: {protect: false}"),
        ({"tunnel": {"protect": 1}}, [], "culvert:tunnel.protect"),
        ({}, ["--adopt", "--remove"], "--adopt and --remove exclude each other"),
        ({}, ["--config", "nowhere.yaml"], "nowhere.yaml is not there"),
    ],
)
def test_it_says_in_a_line_what_keeps_it_from_its_work(
    tmp_path: Path, more: dict[str, object], options: list[str], says: str
) -> None:
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text(yaml.safe_dump({"config": {f"culvert:{key}": value for key, value in (SETTINGS | more).items()}}))
    command = [sys.executable, "-m", "ops", "recover", "--json", "--config", str(file), *options]
    # Without an engine to ask: it ends before it needs one.
    done = subprocess.run(command, cwd=PROJECT, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    (error,) = json.loads(done.stdout)["errors"]
    assert says in error["message"]
    assert "Traceback" not in done.stderr

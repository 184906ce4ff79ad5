"""`python -m ops recover`: errors before anything is read."""

import json
from pathlib import Path

import pytest
import yaml

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

"""The recordings that the model of cloudflared is judged by are what a real one does."""

import pytest
import yaml

from sandbox import tools
from scripts import record_cloudflared

RECORDED = yaml.safe_load((record_cloudflared.FOLDER / "recordings.yaml").read_text())["recordings"]


@pytest.mark.cloudflared
@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_is_what_cloudflared_does(name: str) -> None:
    cloudflared = tools.find_cloudflared()
    assert cloudflared
    assert record_cloudflared.record(cloudflared.path, record_cloudflared.FOLDER / f"{name}.yml") == RECORDED[name]

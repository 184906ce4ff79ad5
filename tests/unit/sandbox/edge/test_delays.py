"""The edge's delays: read from the environment, and kept by an edge that runs."""

import json
from pathlib import Path

import pytest

from sandbox.directory import SandboxDirectory
from sandbox.edge.delays import EdgeDelays, from_environment
from sandbox.errors import SandboxError
from sandbox.services.servers import Servers

USE = "CULVERT_SANDBOX_EDGE_USE_DELAY"


def test_the_environment_sets_them() -> None:
    assert from_environment({}) == EdgeDelays(use=0, forget=0, rules=0)
    environment = {USE: "10", "CULVERT_SANDBOX_EDGE_FORGET_DELAY": "0.5", "CULVERT_SANDBOX_EDGE_RULES_DELAY": ""}
    assert from_environment(environment) == EdgeDelays(use=10, forget=0.5, rules=0)


@pytest.mark.parametrize("value", ["ten", "-1", "301", "nan", "10s", "1,5"])
def test_a_value_that_is_not_a_delay_is_rejected_before_anything_starts(value: str) -> None:
    with pytest.raises(SandboxError, match=r"must be a number of seconds from 0 to 300, such as 10 or 0.5") as caught:
        from_environment({USE: value})
    assert (caught.value.key, caught.value.value) == (USE, value)


def test_a_running_edge_keeps_its_delays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = SandboxDirectory(tmp_path / "home").create()
    port_file = directory.path / "run" / "edge.port"
    port_file.write_text(json.dumps({"frontend": 1, "edge": [2], "delays": {"use": 10, "forget": 0, "rules": 0}}))
    servers = Servers(directory, print)
    monkeypatch.setattr(servers, "running", lambda name: name == "edge")
    assert servers.edge_delays({}) == servers.edge_delays({USE: "10.0"}) == EdgeDelays(use=10)
    with pytest.raises(SandboxError, match=r"is '5', but the edge runs with 10: .* python -m sandbox down"):
        servers.edge_delays({USE: "5"})
    port_file.write_text(json.dumps({"frontend": 1, "edge": [2]}))
    with pytest.raises(SandboxError, match="it does not report its delays: another version of culvert started it"):
        servers.edge_delays({})

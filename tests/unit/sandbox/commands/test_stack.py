"""The order in which a command on a stack asks the cluster and the engine."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.commands import stack
from sandbox.directory import SandboxDirectory
from sandbox.errors import SandboxError
from settings import Settings
from tests.support.paths import PROJECT

EXAMPLE = PROJECT / "examples" / "stacks" / "Pulumi.routes.yaml"


class RejectingServices:
    """Services whose API server rejects the stack's objects; they have nothing beyond that."""

    def __init__(self, directory: Path) -> None:
        self.directory = SandboxDirectory(directory)
        self.asked: list[tuple[str, Any]] = []

    def start(self) -> None:
        pass

    def reject_invalid_objects(self, name: str, settings: Any) -> None:
        self.asked.append((name, settings))
        raise SandboxError("the API server would reject the stack")


@pytest.mark.parametrize("command", [stack.up, stack.preview])
def test_objects_that_the_api_server_rejects_end_a_command_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: Any
) -> None:
    services = RejectingServices(tmp_path / "sandbox")
    monkeypatch.setattr(stack, "services", lambda: services)
    with pytest.raises(SandboxError, match="would reject the stack"):
        command(stack="routes", config=EXAMPLE)
    assert services.asked == [("culvert-routes", Settings.from_stack_file(EXAMPLE))]

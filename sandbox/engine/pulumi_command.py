"""The sandbox's `pulumi` command, as the Automation API runs it."""

import os
import sys
from pathlib import Path

from semver import VersionInfo

from ops.recover.engine_command import EngineCommand
from sandbox.engine.policy_pack import LAUNCHER
from sandbox.tools import Tool


class PulumiCommand(EngineCommand):
    """Runs the engine `tool`, with the policy pack's launcher on its PATH."""

    def __init__(self, tool: Tool) -> None:
        self.command = str(tool.path)
        self.version = VersionInfo.parse(tool.version.removeprefix("v"))

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(self.command).parent), os.environ.get("PATH", ""), str(LAUNCHER)])
        return {**super().environment(), "PATH": path, "CULVERT_POLICY_PYTHON": sys.executable}

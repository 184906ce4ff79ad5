"""What a stack declares: its stack file, and the outputs of its last update where the engine is at hand."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from components import pod_labels
from settings import Settings, base_name

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Declared:
    """`name` is what everything is named after (`culvert-dev`), `outputs` the last update's, empty where nobody knows."""

    stack: str
    name: str
    settings: Settings
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        return self.settings.namespace.name if self.settings.namespace else self.name

    @property
    def deployment(self) -> str:
        return f"{self.name}-cloudflared"

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the connector's pods."""
        return pod_labels(self.name)


def declared(stack: str | None, config: Path | None) -> Declared:
    """Reads the stack file. Raises SettingsError for mistakes in it, FileNotFoundError where there is none."""
    if stack is None:
        match = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", config.name) if config else None
        stack = str(match[1]) if match else "dev"
    project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["name"]
    name = base_name(project, stack)
    path = config or PROJECT / f"Pulumi.{stack}.yaml"
    return Declared(stack, name, Settings.from_stack_file(path), outputs(stack))


def outputs(stack: str) -> dict[str, Any]:
    """The stack's outputs, by `pulumi stack output`; none where there is no engine, no such stack, or no way in.

    They only add to what the stack file says, so not having them is no failure.
    """
    engine = shutil.which("pulumi")
    if engine is None:
        return {}
    command = [engine, "stack", "output", "--json", "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=True)
        read = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}

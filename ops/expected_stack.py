"""The expected stack: what its stack file declares, and the outputs of its last update if the engine can be asked."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components import pod_labels
from components.network_policy.engines import engine_of
from ops.emulator import is_loopback
from ops.project import PROJECT, project_folder, project_name, use_project_of
from settings import Settings, SettingsError, base_name, json_text, provider_settings, remembered_services, stack_name

if TYPE_CHECKING:
    from clients.kubernetes import KubernetesApi


@dataclass(frozen=True)
class ExpectedStack:
    """A stack by its settings. `name` is the prefix of its resources' names (`culvert-dev`)."""

    stack: str
    name: str
    settings: Settings
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Outputs of the last update; empty if they cannot be read."""
    provider: Mapping[str, str] = field(default_factory=dict)
    """`kubeconfig` and `context` of the cluster that the stack file binds the stack to; empty without."""
    file: Path = Path()
    """The stack file."""
    deployed: bool | None = None
    """Whether an update has ended well; None if the state cannot be read."""

    def kubernetes(self) -> "KubernetesApi":
        """The cluster of the stack: the one that its file names, else that of the current context. Raises
        ApiUnreachable."""
        from clients.kubernetes import KubernetesApi

        return KubernetesApi(self.provider.get("kubeconfig"), self.provider.get("context"))

    @cached_property
    def updated(self) -> Settings:
        """The settings with the Services of the cluster as the last update read them; without its outputs, with
        none."""
        keys = self.settings.services_to_read(self.namespace)
        try:
            readings = dict.fromkeys(keys, "is not read again")
            return self.settings.with_services(self.namespace, readings, remembered_services(self.outputs))[0]
        except SettingsError:
            return self.settings

    @property
    def named(self) -> dict[str, str]:
        """What the texts of faults say of the stack."""
        engine = self.settings.network_policy.engine
        return {
            "stack": self.stack,
            "name": self.name,
            "namespace": self.namespace,
            "deployment": self.deployment,
            "epoch": str(self.settings.token.epoch + 1),
            # Kubernetes' own apply beside those of the stack's engine.
            "policy_kinds": ",".join(dict.fromkeys(engine_of(name).resource for name in ("kubernetes", engine))),
        }

    @property
    def mark(self) -> str:
        """What the stack writes on its resources: `culvert/dev`."""
        return f"{project_name()}/{self.stack}"

    @property
    def namespace(self) -> str:
        return self.settings.namespace_name(self.name)

    @property
    def deployment(self) -> str:
        return f"{self.name}-cloudflared"

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the connector's pods."""
        return pod_labels(self.name)


def load(stack: str | None, config: Path | None) -> ExpectedStack:
    """Reads a stack file. Raises SettingsError if it is invalid, FileNotFoundError if there is none.

    Without `stack`, the stack is the one that `config` is named after, or else `dev`.
    """
    use_project_of(config)
    stack = stack_name(stack, config)
    path = config or PROJECT / f"Pulumi.{stack}.yaml"
    settings, name = Settings.from_stack_file(path), base_name(project_name(), stack)
    # A rehearsal's cluster is the sandbox's, whatever the stack file names.
    rehearsed = is_loopback(os.environ.get("CLOUDFLARE_BASE_URL", ""))
    provider = {} if rehearsed else provider_settings(path, "kubernetes", ("kubeconfig", "context"))
    outputs, deployed = _outputs(stack)
    return ExpectedStack(stack, name, settings, outputs, provider, path, deployed)


def _outputs(stack: str) -> tuple[dict[str, Any], bool | None]:
    """The stack's outputs, from `pulumi stack output`, and whether it is deployed.

    They only add to what the stack file declares, so a failure to read them is not an error.
    """
    engine = shutil.which("pulumi")
    if engine is None:
        return {}, None
    command = [engine, "stack", "output", "--json", "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=project_folder(), capture_output=True, text=True, timeout=60)
        if done.returncode:
            return {}, False if "no stack named" in done.stderr else None
        outputs = json_text.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}, None
    return (outputs, bool(outputs)) if isinstance(outputs, dict) else ({}, None)

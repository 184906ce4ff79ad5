"""The stack file of a rehearsal: the user's own, without what belongs to real accounts."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ops.project import project_folder, project_name, use_project_of
from sandbox.cluster.external import external_kubeconfig
from sandbox.directory import PROJECT, SandboxDirectory, write_private
from sandbox.errors import SandboxError
from sandbox.secret_operators.sealed_secrets import certificate
from sandbox.tools.tool import Progress
from settings import base_name, stack_name, yaml_nodes
from settings.stack_file import parse

_ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""Keys that say how the real stack's secrets are encrypted; the sandbox has a passphrase of its own."""

_PROVIDERS = ("cloudflare", "kubernetes", "random", "pulumi")
"""Namespaces of provider settings, which would point a rehearsal at a real account."""

ENABLE_PATCH_FORCE = "kubernetes:enablePatchForce"
"""The one provider setting of a rehearsal: whether updates take back fields that others changed."""


def valid_stack_name(stack: str | None, config: Path | None) -> str:
    """The given stack name, else the one in `Pulumi.<stack>.yaml`, else `dev`.

    Raises `SettingsError` for a name from which no resource name can be made.
    """
    use_project_of(config)
    name = stack_name(stack, config)
    base_name(project_name(), name)
    return name


def find_stack_file(stack: str, config: Path | None, directory: SandboxDirectory) -> Path:
    """The given file, else `Pulumi.<stack>.yaml` of the project, else the one of the stack's last run in this sandbox.

    Raises `SandboxError` if it does not exist.
    """
    choices = [config] if config else [PROJECT / f"Pulumi.{stack}.yaml", stored_stack_file(directory, stack)]
    for path in choices:
        if path.is_file():
            return path
    known = ", ".join(sorted(file.name for file in PROJECT.glob("Pulumi.*.yaml")))
    raise SandboxError(
        f"{choices[0]} does not exist; stack files of this project: {known or 'none'}",
        key="--config" if config else "--stack",
        value=str(config or stack),
        accepted=f"a stack file ({known})" if known else "a stack file, `Pulumi.<stack>.yaml`",
        source="https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/",
    )


def stored_stack_file(directory: SandboxDirectory, stack: str) -> Path:
    """Where a sandbox stores the stack file of the last run."""
    return directory.path / "stacks" / stack / f"Pulumi.{stack}.yaml"


def write_copy(directory: SandboxDirectory, stack: str, original: Path, progress: Progress) -> Path:
    """Writes the stack file of a rehearsal, beside a copy of `Pulumi.yaml`, and returns its path."""
    file = stored_stack_file(directory, stack)
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(project_folder() / "Pulumi.yaml", file.parent / "Pulumi.yaml")
    previous = (yaml.safe_load(file.read_text()) if file.exists() else None) or {}
    content, left_out = rehearsal_content(original, None if external_kubeconfig() else lambda: certificate(directory))
    if left_out:
        progress(f"left out of the rehearsal, because they belong to real accounts: {', '.join(left_out)}")
    # The official plugin reads the environment itself; a stand-in is a process of an earlier command.
    if force := os.environ.get("PULUMI_K8S_ENABLE_PATCH_FORCE"):
        content["config"].setdefault(ENABLE_PATCH_FORCE, force)
    if "encryptionsalt" in previous:
        content["encryptionsalt"] = previous["encryptionsalt"]
    write_private(file, yaml.safe_dump(content, sort_keys=False))
    return file


def rehearsal_content(path: Path, new_certificate: Callable[[], str] | None = None) -> tuple[dict[str, Any], list[str]]:
    """The stack file's content for a rehearsal, read as the engine reads the file itself, and the keys left out of it.

    `new_certificate` returns the certificate that replaces the real cluster's in `culvert:token`.

    Left out are the encryption of the real stack, encrypted values (only the real stack can decrypt them), and settings
    of providers (`cloudflare:…`, `kubernetes:…` except ENABLE_PATCH_FORCE), which would point the rehearsal at a real
    account. Raises SettingsError for a file that is not valid YAML; what is valid besides is checked before.
    """
    _, parsed = parse(path)
    content: dict[str, Any] = parsed if isinstance(parsed, dict) else {}
    found = content.get("config")
    config: dict[str, Any] = found if isinstance(found, dict) else {}
    left_out = [key for key in _ENCRYPTION if key in content]
    kept: dict[str, Any] = {}
    for key, value in config.items():
        encrypted = isinstance(value, dict) and set(value) == {"secure"}
        if encrypted or (key.split(":", 1)[0] in _PROVIDERS and key != ENABLE_PATCH_FORCE):
            left_out.append(key)
        else:
            kept[key] = (
                _with_certificate(value, new_certificate) if key == "culvert:token" and new_certificate else value
            )
    return {"config": kept}, left_out


def _with_certificate(token: Any, new_certificate: Callable[[], str]) -> Any:
    options = yaml_nodes.document(token.encode())[1] if isinstance(token, str) else token
    return {**options, "certificate": new_certificate()} if options.get("certificate") else token

"""The stack file a rehearsal runs with: the user's own, less what belongs to real accounts."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from sandbox.directory import PROJECT, SandboxDirectory
from sandbox.errors import SandboxError
from settings import base_name

_ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""How the real stack's secrets are encrypted; the sandbox has a passphrase of its own."""

PROJECT_NAME: str = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["name"]


def stack_name(stack: str | None, config: Path | None) -> str:
    """The stack's name: as given, else as `Pulumi.<stack>.yaml` says, else `dev`. Raises `SettingsError` for one that nothing can be named after."""
    if stack is None:
        match = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", config.name) if config else None
        stack = str(match[1]) if match else "dev"
    base_name(PROJECT_NAME, stack)
    return stack


def locate(stack: str, config: Path | None, home: SandboxDirectory) -> Path:
    """The file of a stack: as given, else `Pulumi.<stack>.yaml` of the project, else the one it last ran with here.

    Raises `SandboxError` where there is none.
    """
    choices = [config] if config else [PROJECT / f"Pulumi.{stack}.yaml", kept(home, stack)]
    for path in choices:
        if path.is_file():
            return path
    known = ", ".join(sorted(file.name for file in PROJECT.glob("Pulumi.*.yaml")))
    raise SandboxError(
        f"{choices[0]} is not there; stack files here: {known or 'none'}",
        key="--config" if config else "--stack",
        value=str(config or stack),
        accepted=f"a stack file ({known})" if known else "a stack file, `Pulumi.<stack>.yaml`",
        source="https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/",
    )


def kept(home: SandboxDirectory, stack: str) -> Path:
    """Where a sandbox keeps the file that a stack last ran with."""
    return home.path / "stacks" / stack / f"Pulumi.{stack}.yaml"


def rehearsal(path: Path, certificate: Callable[[], str] | None = None) -> tuple[dict[str, Any], list[str]]:
    """The content to run with, and the keys left out of it.

    `certificate` makes what is sealed for in place of the real cluster's certificate.

    Left out are how the real stack encrypts, encrypted values (only the real stack can read them), and the settings of
    providers (`cloudflare:…`, `kubernetes:…`): they would lead a rehearsal to the real account.
    """
    content = yaml.safe_load(path.read_text()) or {}
    config: dict[str, Any] = content.get("config") or {}
    left_out = [key for key in _ENCRYPTION if key in content]
    for_all: dict[str, Any] = {}
    for key, value in config.items():
        encrypted = isinstance(value, dict) and set(value) == {"secure"}
        if encrypted or key.split(":", 1)[0] in ("cloudflare", "kubernetes", "random", "pulumi"):
            left_out.append(key)
        else:
            for_all[key] = _sealed_here(value, certificate) if key == "culvert:token" and certificate else value
    return {"config": for_all}, left_out


def _sealed_here(token: Any, certificate: Callable[[], str]) -> Any:
    given = yaml.safe_load(token) if isinstance(token, str) else token
    return {**given, "certificate": certificate()} if given.get("certificate") else token

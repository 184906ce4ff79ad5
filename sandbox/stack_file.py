"""The stack file a rehearsal runs with: the user's own, less what belongs to real accounts."""

import re
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import SandboxError
from sandbox.home import PROJECT

_ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""How the real stack's secrets are encrypted; the sandbox has a passphrase of its own."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def locate(stack: str | None, config: Path | None) -> tuple[str, Path]:
    """The stack's name and its file: either may be missing, since `Pulumi.<stack>.yaml` gives one from the other.

    Raises `SandboxError` when the file is not there or the name is not one that the engine takes.
    """
    if stack is None:
        match = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", config.name) if config else None
        stack = str(match[1]) if match else "dev"
    if not _NAME.fullmatch(stack):
        raise SandboxError(
            f"--stack {stack!r} is not a stack name: letters, digits, '-', '_' and '.', at most 100 of them",
            key="--stack",
            value=stack,
            accepted="letters, digits, '-', '_' and '.', at most 100",
            source="https://www.pulumi.com/docs/iac/concepts/stacks/#create-stack",
        )
    path = config or PROJECT / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.name for file in PROJECT.glob("Pulumi.*.yaml")))
        raise SandboxError(
            f"{path} is not there; stack files here: {known or 'none'}",
            key="--config" if config else "--stack",
            value=str(config or stack),
            accepted=f"a stack file ({known})" if known else "a stack file, `Pulumi.<stack>.yaml`",
            source="https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/",
        )
    return stack, path


def rehearsal(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The content to run with, and the keys left out of it.

    Left out are how the real stack encrypts, encrypted values (only the real stack can read them), and the settings of
    providers (`cloudflare:…`, `kubernetes:…`): they would lead a rehearsal to the real account.
    """
    content = yaml.safe_load(path.read_text()) or {}
    config: dict[str, Any] = content.get("config") or {}
    left_out = [key for key in _ENCRYPTION if key in content]
    kept: dict[str, Any] = {}
    for key, value in config.items():
        encrypted = isinstance(value, dict) and set(value) == {"secure"}
        if encrypted or key.split(":", 1)[0] in ("cloudflare", "kubernetes", "random", "pulumi"):
            left_out.append(key)
        else:
            kept[key] = value
    return {"config": kept}, left_out

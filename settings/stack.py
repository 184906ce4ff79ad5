"""Where a stack's settings stand: the engine's configuration, or a stack file."""

import json
from pathlib import Path
from typing import Any

from settings import sources
from settings.mistakes import HIDDEN, PREFIX, Mistake, SettingsError

TEXTS = ("accountId",)


def running() -> dict[str, Any]:
    """The settings that the engine gave this program, decoded: the engine hands over every value as text."""
    import pulumi
    from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

    config = pulumi.Config(PREFIX.removesuffix(":"))
    keys = {key for key in (*CONFIG.get(), *get_config_env()) if key.startswith(PREFIX)}
    if secret := sorted(key for key in keys if is_config_secret(key)):
        raise SettingsError([_secret(key) for key in secret])
    texts = {key.removeprefix(PREFIX): config.get(key.removeprefix(PREFIX)) for key in sorted(keys)}
    return {key: decoded(key, text) for key, text in texts.items() if text is not None}


def written(path: Path) -> dict[str, Any]:
    """The settings in a stack file."""
    import yaml

    document = yaml.safe_load(path.read_text())
    config = (document or {}).get("config") or {}
    values = {key.removeprefix(PREFIX): value for key, value in config.items() if key.startswith(PREFIX)}
    if secret := sorted(key for key, value in values.items() if _sealed(value)):
        raise SettingsError([_secret(PREFIX + key) for key in secret])
    return values


def decoded(key: str, text: str) -> Any:
    """A value from its text: an id stays a text even where it is all digits, anything else is JSON where it can be."""
    if key in TEXTS or (key == "namespace" and not text.startswith("{")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _sealed(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_sealed(inner) for inner in value.values())
    return isinstance(value, list) and any(_sealed(inner) for inner in value)


def _secret(key: str) -> Mistake:
    return Mistake.of(
        key,
        HIDDEN,
        "no setting is a secret, and all of them show in the cluster or at Cloudflare",
        "the value in the clear",
        sources.PULUMI_CONFIGURATION,
    )

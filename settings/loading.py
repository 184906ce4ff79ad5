"""Where a stack's settings stand: in the engine's configuration, or in a stack file."""

import json
import re
from pathlib import Path
from typing import Any, NoReturn

import yaml

from settings import references
from settings.errors import PREFIX, REDACTED, SettingIssue, SettingsError

# Room is left for what is put behind it: -cloudflared, and the ends that Kubernetes adds to a Deployment's pods.
BASE_NAME = r"(?=.{1,50}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?"
STACK_NAME = "small letters, digits and hyphens, at most 50 together with the project's name"
BOOL = "tag:yaml.org,2002:bool"


class _Loader(yaml.SafeLoader):
    """YAML as the engine reads it: yes and on are texts, and a key stands once."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != BOOL or first in "tTfF"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := [key for key in keys if keys.count(key) > 1 and key != "<<"]:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def running() -> dict[str, Any]:
    """The settings that the engine gave this program, decoded."""
    # Here alone, so that settings in a file are read in an instant.
    import pulumi
    from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

    config = pulumi.Config(PREFIX.removesuffix(":"))
    full = sorted({key for key in (*CONFIG.get(), *get_config_env()) if key.startswith(PREFIX)})
    _in_the_clear([key for key in full if is_config_secret(key)])
    names = [key.removeprefix(PREFIX) for key in full]
    return {name: _decoded(name, config.get(name)) for name in names}


def stop(error: SettingsError) -> NoReturn:
    """Ends the program that the engine runs: it shows the mistakes, and no trace of the program's lines."""
    import pulumi

    raise pulumi.RunError(str(error)) from None


def base_name(project: str, stack: str) -> str:
    """What everything of a stack is named after: `culvert-dev`. Raises SettingsError where no object could have such a name."""
    name = f"{project}-{stack}"
    if not re.fullmatch(BASE_NAME, name):
        why = f"objects of the cluster are named after it, and none may be called {name}"
        raise SettingsError([SettingIssue.of("stack", stack, why, STACK_NAME, references.KUBERNETES_NAMES)])
    return name


def check_name(name: str) -> None:
    """Check the name of an exposure, which its objects are named after. Raises SettingsError."""
    if not re.fullmatch(BASE_NAME, name) or name.startswith("kube-"):
        why = "objects of the cluster are named after it"
        accepted = "lower-case letters, digits and hyphens, at most 50, not starting with kube-"
        raise SettingsError([SettingIssue.of("name", name, why, accepted, references.KUBERNETES_NAMES)])


def written(path: Path) -> dict[str, Any]:
    """The settings in a stack file."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        why = " ".join(f"it is no YAML: {error}".split())
        raise SettingsError(
            [SettingIssue.of(path.name, path.name, why, "YAML", references.PULUMI_CONFIGURATION)]
        ) from None
    config = document.get("config") if isinstance(document, dict) else None
    config = config if isinstance(config, dict) else {}
    values = {key: value for key, value in config.items() if isinstance(key, str) and key.startswith(PREFIX)}
    _in_the_clear([key for key, value in values.items() if _encrypted(value)])
    names = {key.removeprefix(PREFIX): value for key, value in values.items()}
    return {name: _decoded(name, value) for name, value in names.items()}


def _decoded(name: str, value: Any) -> Any:
    """A value from its text: the engine hands over texts, and writes them to stack files in place of switches.

    An id stays a text even where it is all digits, and so does a name.
    """
    if (
        not isinstance(value, str)
        or name in ("accountId", "accessTeam")
        or (name == "namespace" and not value.startswith("{"))
    ):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _encrypted(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_encrypted(inner) for inner in value.values())
    return isinstance(value, list) and any(_encrypted(inner) for inner in value)


def _in_the_clear(encrypted: list[str]) -> None:
    why = "it is encrypted, but every setting shows in the cluster or at Cloudflare"
    if encrypted:
        accepted, source = "the value in the clear", references.PULUMI_SECRETS
        raise SettingsError([SettingIssue.of(key, REDACTED, why, accepted, source) for key in encrypted])

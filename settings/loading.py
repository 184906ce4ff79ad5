"""Sources of a stack's settings: the engine's configuration, or a stack file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

from settings import json_text, references, stack_file
from settings.errors import PREFIX, REDACTED, SettingIssue, SettingsError
from settings.stack_file import StackFile

STRINGS = ("accountId", "accessTeam")
"""Keys whose value is a string even where it is all digits."""


def engine_values() -> dict[str, Any]:
    """The settings from the engine, decoded, by their key without the prefix."""
    config = pulumi.Config(PREFIX.removesuffix(":"))
    keys = sorted({key for key in (*CONFIG.get(), *get_config_env()) if key.startswith(PREFIX)})
    _reject_encrypted([key for key in keys if is_config_secret(key)])
    names = [key.removeprefix(PREFIX) for key in keys]
    return {name: _decoded(name, config.get(name)) for name in names}


def file_values(file: StackFile) -> dict[str, Any]:
    """The settings in a stack file, decoded, by their key without the prefix."""
    names = {key.removeprefix(PREFIX): value for key, value in file.values.items()}
    return {name: _decoded(name, value) for name, value in names.items()}


def read_stack_file(path: Path) -> StackFile:
    """A stack file. Raises SettingsError where it is not valid YAML, or a setting is encrypted."""
    file = stack_file.read(path)
    try:
        _reject_encrypted([key for key, value in file.values.items() if _is_encrypted(value)])
    except SettingsError as error:
        raise SettingsError(file.locate(error.issues)) from None
    return file


def with_lines(error: SettingsError, values: Mapping[str, Any]) -> SettingsError:
    """The error with lines of the stack file, where the engine's `values` come from it.

    The engine does not tell a program which file it read. With `--config-file` it is another one, and an environment
    adds values to those of the file. So the lines are omitted where the stack's usual file has a different value for
    any key, and for keys that it does not have.
    """
    file = _usual_stack_file()
    if file is None:
        return error
    from_file = file_values(file)
    if not from_file or any(name not in values or values[name] != value for name, value in from_file.items()):
        return error
    keys = {f"{PREFIX}{name}" for name in from_file}
    if len(from_file) == len(values):
        # Everything comes from the file, so it is also where an absent key belongs.
        keys |= {stack_file.top_level_key(issue.key) for issue in error.issues}
    return SettingsError(file.locate(error.issues, keys))


def _usual_stack_file() -> StackFile | None:
    """`Pulumi.<stack>.yaml` of the stack that the engine runs, None where it is absent or cannot be read."""
    project = _project_file(Path(pulumi.get_root_directory() or "."))
    if project is None:
        return None
    try:
        folder = project.parent / _stack_config_dir(project)
        return stack_file.read(folder / f"{project.stem}.{pulumi.get_stack()}{project.suffix}")
    except (OSError, SettingsError):
        return None


def _project_file(folder: Path) -> Path | None:
    """The project file of a folder, or the nearest one above it."""
    folder = folder.resolve()
    candidates = (parent / name for parent in (folder, *folder.parents) for name in ("Pulumi.yaml", "Pulumi.yml"))
    return next((path for path in candidates if path.is_file()), None)


def _stack_config_dir(project: Path) -> str:
    """The folder of the stack files, relative to the project file; `config` is the key's old name.

    https://www.pulumi.com/docs/iac/concepts/projects/project-file/
    """
    _, document = stack_file.parse(project)
    keys = document if isinstance(document, dict) else {}
    return next((keys[key] for key in ("stackConfigDir", "config") if isinstance(keys.get(key), str)), "")


def _decoded(name: str, value: Any) -> Any:
    """A value from JSON: the engine hands over strings, and `pulumi config set` writes them in place of switches.

    An id stays a string even where it is all digits, and so does a name.
    """
    if not isinstance(value, str) or name in STRINGS or (name == "namespace" and not value.startswith("{")):
        return value
    try:
        return json_text.loads(value)
    except ValueError:
        return value


def _is_encrypted(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_is_encrypted(inner) for inner in value.values())
    return isinstance(value, list) and any(_is_encrypted(inner) for inner in value)


def _reject_encrypted(keys: list[str]) -> None:
    problem = "is encrypted, but every setting is readable in the cluster or at Cloudflare"
    if keys:
        accepted, source = "the value in plain text", references.PULUMI_SECRETS
        raise SettingsError([SettingIssue.of(key, REDACTED, problem, accepted, source) for key in keys])

"""Sources of a stack's settings: the engine's configuration, or a stack file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settings import json_text, references, stack_file
from settings.errors import PREFIX, REDACTED, SettingIssue, SettingsError
from settings.schema import Options
from settings.stack_file import StackFile

STACK_FILE = "CULVERT_STACK_FILE"
"""Environment variable: the stack file whose lines the errors of a run name."""
STRINGS = ("accountId", "accessTeam")
"""Keys whose value is a string even where it is all digits."""


def engine_values() -> dict[str, Any]:
    """The settings from the engine, decoded, by their key without the prefix."""
    # Imported here and below, since most commands read stack files alone.
    import pulumi
    from pulumi.runtime.config import CONFIG, get_config_env, is_config_secret

    config = pulumi.Config(PREFIX.removesuffix(":"))
    keys = sorted({key for key in (*CONFIG.get(), *get_config_env()) if key.startswith(PREFIX)})
    _reject_encrypted([key for key in keys if is_config_secret(key)])
    names = [key.removeprefix(PREFIX) for key in keys]
    return {name: _decoded(name, config.get(name)) for name in names}


def file_values(file: StackFile) -> dict[str, Any]:
    """The settings in a stack file, decoded, by their key without the prefix; misplaced ones too."""
    return {name: _decoded(name, value) for name, value in {**file.misplaced, **file.values}.items()}


def reject_encrypted(file: StackFile) -> None:
    """Raises SettingsError where a setting in a stack file is encrypted, in place or not: no error may show it."""
    values = {**file.misplaced, **file.values}
    try:
        _reject_encrypted([f"{PREFIX}{key}" for key, value in values.items() if _is_encrypted(value)])
    except SettingsError as error:
        raise SettingsError(file.locate(error.issues)) from None


def file_in_use(values: Mapping[str, Any], model: type[Options]) -> StackFile | None:
    """The stack file that the engine's `values` come from, None where that is not known.

    The engine does not tell a program which file it read, and with `--config-file` it is any. So it is the one that
    CULVERT_STACK_FILE names, or the stack's usual one if that has no other value for any key: an environment may add
    values to those of the file.
    """
    named = os.environ.get(STACK_FILE)
    try:
        path = Path(named) if named else _usual_stack_file()
        file = stack_file.read(path, model) if path else None
    except (OSError, SettingsError):
        return None
    return file if file and (named or _has_values(file, values)) else None


def _has_values(file: StackFile, values: Mapping[str, Any]) -> bool:
    def same(name: str) -> bool:
        found = [each[name] for each in (file.values, file.misplaced) if name in each]
        return any(values[name] == _decoded(name, value) for value in found)

    if not file.values and not file.misplaced:
        return not values
    # The engine has a misplaced value, or not: that depends on where it is.
    return values.keys() >= file.values.keys() and all(map(same, values.keys() & {*file.values, *file.misplaced}))


def lines_from(file: StackFile, error: SettingsError, values: Mapping[str, Any] | None = None) -> SettingsError:
    """The error with lines of the file, for keys that the file has. Where the engine's `values` have no others, also
    for absent keys: the file is where they belong."""
    keys = {f"{PREFIX}{name}" for name in file.values}
    if values is not None and values.keys() <= file.values.keys():
        keys |= {stack_file.top_level_key(issue.key) for issue in error.issues}
    return SettingsError(file.locate(error.issues, keys))


def _usual_stack_file() -> Path | None:
    """`Pulumi.<stack>.yaml` of the stack that the engine runs, None where there is no project file."""
    import pulumi

    project = _project_file(Path(pulumi.get_root_directory() or "."))
    if project is None:
        return None
    folder = project.parent / _stack_config_dir(project)
    return folder / f"{project.stem}.{pulumi.get_stack()}{project.suffix}"


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

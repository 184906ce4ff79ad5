"""The Pulumi workspace of a stack: the `pulumi` on the PATH, with the state in the backend that it is logged in to."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from pulumi import automation

from ops.errors import OperatorError
from ops.project import project_folder
from ops.recover.engine_command import EngineCommand
from ops.recover.preview import program
from ops.recover.state import export_state
from settings.stack_file import parse


@contextmanager
def select_stack(name: str, config: Path | None) -> Iterator[automation.Stack]:
    """The stack, in the project's folder; with `config`, in a temporary folder where that is its stack file.

    Raises `automation.StackNotFoundError` if there is none, `automation.CommandError` if the engine refuses,
    OperatorError without an engine.
    """
    if config is None:
        yield _select(name, project_folder())
        return
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(project_folder() / "Pulumi.yaml", folder)
        file = Path(folder) / f"Pulumi.{name}.yaml"
        shutil.copy(config, file)
        stack = _select(name, Path(folder))
        _, parsed = parse(file)
        content = parsed if isinstance(parsed, dict) else {}
        secrets = export_state(stack)["deployment"].get("secrets_providers") or {}
        if secrets.get("type") == "passphrase" and "encryptionsalt" not in content:
            # Without it, the engine would ask for a new passphrase.
            file.write_text(yaml.safe_dump({**content, "encryptionsalt": secrets["state"]["salt"]}))
        yield stack


def _select(name: str, folder: Path) -> automation.Stack:
    if shutil.which("pulumi") is None:
        raise OperatorError('pulumi is not on the PATH: install it, or: eval "$(python -m sandbox env)"')
    try:
        command = EngineCommand()
    except (automation.InvalidVersionError, OSError, ValueError) as error:
        raise OperatorError(f"the pulumi on the PATH is none that can be used: {error}") from None
    workspace = automation.LocalWorkspace(work_dir=str(folder), program=program, pulumi_command=command)
    return automation.Stack.select(name, workspace)

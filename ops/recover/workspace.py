"""The engine's hold on a stack: the real `pulumi`, wherever its state is."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from pulumi import automation

from ops.recover.preview import program
from ops.recover.state import export
from ops.verify.expected_stack import PROJECT
from ops.verify.result import Unread


@contextmanager
def opened(name: str, config: Path | None) -> Iterator[automation.Stack]:
    """The stack, in the project's folder; with `config`, in a folder for the moment, where that is its stack file.

    Raises `automation.StackNotFoundError` where there is none, `automation.CommandError` where the engine refuses,
    Unread where there is no engine.
    """
    if config is None:
        yield _select(name, PROJECT)
        return
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(PROJECT / "Pulumi.yaml", folder)
        file = Path(folder) / f"Pulumi.{name}.yaml"
        shutil.copy(config, file)
        stack = _select(name, Path(folder))
        content = yaml.safe_load(file.read_text()) or {}
        secrets = export(stack)["deployment"].get("secrets_providers") or {}
        if secrets.get("type") == "passphrase" and "encryptionsalt" not in content:
            # Without, the engine would ask for a new passphrase.
            file.write_text(yaml.safe_dump({**content, "encryptionsalt": secrets["state"]["salt"]}))
        yield stack


def _select(name: str, folder: Path) -> automation.Stack:
    if shutil.which("pulumi") is None:
        raise Unread("there is no pulumi on the PATH", 'install it, or: eval "$(python -m sandbox env)"')
    workspace = automation.LocalWorkspace(work_dir=str(folder), program=program)
    return automation.Stack.select(name, workspace)

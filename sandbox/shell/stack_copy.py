"""`pulumi` in a shell of the sandbox: the installed one, with the stack file of a rehearsal.

The engine writes how it encrypts secrets into the stack file, here with the sandbox's passphrase, and obeys the provider
settings in it, which lead to real accounts. So the commands that read the stack file get the sandbox's copy instead.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.directory import PROJECT
from sandbox.errors import SandboxError

_COMMANDS = {"up", "update", "preview", "pre", "refresh", "destroy", "watch", "import"}


def main(engine: str) -> None:
    """Becomes the engine, with this process's arguments."""
    arguments = sys.argv[1:]
    try:
        arguments += _stack_file_option(engine, arguments)
    except SandboxError as error:
        sys.exit(f"error: {error}")
    except Exception as error:
        from clients.terminal import line_on

        sys.exit(f"error: {line_on(error)}")
    os.execv(engine, [engine, *arguments])


def _stack_file_option(engine: str, arguments: Sequence[str]) -> list[str]:
    stack = _option(arguments, "--stack", "-s") or os.environ.get("PULUMI_STACK")
    folder = Path(_option(arguments, "--cwd", "-C") or ".").resolve()
    if stack is None or _option(arguments, "--config-file") or not _COMMANDS.intersection(arguments[:3]):
        return []
    if next((each for each in (folder, *folder.parents) if (each / "Pulumi.yaml").is_file()), None) != PROJECT:
        return []
    from ops.project import project_name
    from sandbox.directory import SandboxDirectory
    from sandbox.engine.stack_file import find_stack_file, write_copy
    from settings.loading import STACK_FILE

    # `organization/project/stack` is a name too.
    stack = stack.rsplit("/", 1)[-1]
    directory = SandboxDirectory()
    original = find_stack_file(stack, None, directory)
    copy = write_copy(directory, stack, original, print_note)
    # The lines that an error names are those of the user's own file.
    os.environ[STACK_FILE] = str(original)
    if not (directory.path / "state" / ".pulumi" / "stacks" / project_name() / f"{stack}.json").exists():
        subprocess.run([engine, "stack", "init", stack, "--cwd", copy.parent], check=True)
    return ["--config-file", str(copy)]


def _option(arguments: Sequence[str], *names: str) -> str | None:
    """The value of an option, in either spelling: `--stack dev`, `--stack=dev`."""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument in names:
            return following
        for name in names:
            if argument.startswith(f"{name}="):
                return argument.partition("=")[2]
    return None


def print_note(note: str) -> None:
    print(note, file=sys.stderr)

"""`pulumi` in a shell of the sandbox: the installed one, with the stack file of a rehearsal.

The engine writes how it encrypts secrets into the stack file, here with the sandbox's passphrase, and obeys the
provider settings in it, which lead to real accounts. So the commands that read the stack file get the sandbox's copy
instead.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.directory import PROJECT, SandboxDirectory
from sandbox.errors import SandboxError

_COMMANDS = {"up", "update", "preview", "pre", "refresh", "destroy", "down", "dn", "watch", "import"}
_FLAGS = {
    *("--disable-integrity-checking", "--emoji", "-e", "--fully-qualify-stack-names", "-Q", "--help", "-h"),
    *("--logflow", "--logtostderr", "--non-interactive", "--version"),
}
"""The engine's own options that take no value; those of a command can only follow it."""


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
    stack = option_value(arguments, "--stack", "-s") or os.environ.get("PULUMI_STACK")
    folder = Path(option_value(arguments, "--cwd", "-C") or ".").resolve()
    if stack is None or option_value(arguments, "--config-file") or command_of(arguments) not in _COMMANDS:
        return []
    directory = SandboxDirectory()
    if os.environ.get("PULUMI_BACKEND_URL") != directory.backend_url:
        return []  # a state of the user's own
    if next((each for each in (folder, *folder.parents) if (each / "Pulumi.yaml").is_file()), None) != PROJECT:
        return []
    from ops.project import project_name
    from sandbox.engine.stack_file import find_stack_file, write_copy
    from settings.loading import STACK_FILE

    # `organization/project/stack` is a name too.
    stack = stack.rsplit("/", 1)[-1]
    original = find_stack_file(stack, None, directory)
    if stack != os.environ.get("PULUMI_STACK"):
        # What the stack file assumes to exist: `env` has made that of its own stack.
        seeding = [sys.executable, "-m", "sandbox", "env", "--stack", stack]
        seeded = subprocess.run(seeding, cwd=PROJECT, stdout=subprocess.DEVNULL, check=False)
        if seeded.returncode:
            sys.exit(seeded.returncode)
    copy = write_copy(directory, stack, original, print_note)
    # The lines that an error names are those of the user's own file.
    os.environ[STACK_FILE] = str(original)
    if not (directory.path / "state" / ".pulumi" / "stacks" / project_name() / f"{stack}.json").exists():
        created = subprocess.run([engine, "stack", "init", stack, "--cwd", copy.parent], check=False)
        if created.returncode:
            sys.exit(created.returncode)  # the engine has said why
    return ["--config-file", str(copy)]


def command_of(arguments: Sequence[str]) -> str:
    """The engine's command, found as the engine does: the first word that is no option and no option's value."""
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            return word
        # `-sdev` has its value within.
        if word not in _FLAGS and "=" not in word and (word.startswith("--") or len(word) == 2):
            next(words, None)
    return ""


def option_value(arguments: Sequence[str], *names: str) -> str | None:
    """The value of an option, in each spelling: `--stack dev`, `--stack=dev`, `-s dev`, `-s=dev`, `-sdev`."""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument in names:
            return following
        for name in names:
            if argument.startswith(f"{name}="):
                return argument.partition("=")[2]
            if len(name) == 2 and argument.startswith(name):
                return argument[2:]
    return None


def print_note(note: str) -> None:
    print(note, file=sys.stderr)

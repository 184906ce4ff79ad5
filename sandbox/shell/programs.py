"""The programs that `python -m sandbox env` puts on a shell's PATH, as scripts in the sandbox's directory."""

import os
import shlex
import sys
from pathlib import Path

from sandbox.directory import PROJECT, SandboxDirectory, without_programs

_SCRIPT = """#!/bin/sh
exec {python} -P -c {code} "$@"
"""


def path_with_programs(directory: SandboxDirectory, engine: Path, path: str) -> str:
    """Writes the scripts and returns `path` with them: `pulumi` first, the language host after installed ones."""
    first, last = directory.path / "bin", directory.path / "languages"
    _write(first / "pulumi", f"from sandbox.shell.stack_copy import main; main({str(engine)!r})")
    _write(last / "pulumi-language-python", "from sandbox.shell.language_host import main; main()")
    # An empty entry would be the current folder.
    return os.pathsep.join(filter(None, [str(first), without_programs(path), str(last)]))


def _write(script: Path, code: str) -> None:
    script.parent.mkdir(exist_ok=True)
    code = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); {code}"
    script.write_text(_SCRIPT.format(python=shlex.quote(sys.executable), code=shlex.quote(code)))
    script.chmod(0o700)

"""A session: the commands of a page in one shell, in a fresh clone."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_MARK = "-- next command --"
_TIMEOUT = 1800
_PROJECT = Path(__file__).resolve().parents[2]

_VOLATILE = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "TUNNEL-ID"),
    (r"(?<![0-9a-f])(?!0123456789abcdef|89abcdef01234567)[0-9a-f]{32}(?![0-9a-f])", "RECORD-ID"),
    (r"(127\.\d+\.\d+\.\d+|\.localhost):\d+", r"\1:PORT"),
    (r"127\.\d+\.\d+\.\d+(?=[\"' ])", "127.0.0.1"),
    (r"\b(token|policy)-[0-9a-f]{8}\b", r"\1-SUFFIX"),
    (r"-[0-9a-f]{8,10}-[a-z0-9]{5}\b", "-POD"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"valid until \d{4}-\d\d-\d\d", "valid until DATE"),
    (r" \(\d+(\.\d+)?s\)", ""),
    (r" +1 warning$", ""),
    (r"Duration: .*", "Duration: …"),
    (r"(\s)\d+(m\d+)?s(?=\s*$)", r"\1…"),
)
"""What is another value in each session, and what a page has in its place."""

_LEFT_OUT = (
    # Two runs say these in two orders.
    r"^@ ",
    r"^ +[+~-]{0,2} .* (creating|updating|deleting|refreshing)\b",
    # The packages are there already.
    r"^make: Nothing to be done",
    # An engine that was built has the sandbox's language host, and says so.
    r"using pulumi-language-python",
    r"^Diagnostics:$",
    r"^  pulumi:pulumi:Stack \(culvert-dev\):$",
)
"""Lines that a page does not have."""


def outputs(commands: Sequence[str], folder: Path) -> list[str]:
    """What each command prints, typed into one shell in a clone below `folder`. Raises RuntimeError where one fails."""
    clone = folder / "culvert"
    subprocess.run(["git", "clone", "--quiet", str(_PROJECT), str(clone)], check=True)
    _use_packages(clone)
    # As a terminal does, the shell goes on after a command that fails; its exit status is part of the session.
    lines = [f"echo '{_MARK}'\n{command}" for command in commands]
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "CLOUDFLARE_"))}
    env |= {"PATH": f"{clone / '.venv' / 'bin'}{os.pathsep}{env['PATH']}", "PULUMI_SKIP_CONFIRMATIONS": "true"}
    env.pop("CULVERT_SANDBOX_HOME", None)
    try:
        done = subprocess.run(
            ["bash", "-c", "\n".join(lines)],
            cwd=clone,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT,
        )
    finally:
        subprocess.run([sys.executable, "-m", "sandbox", "down", "--delete"], cwd=clone, env=env, capture_output=True)
    printed = done.stdout.split(f"{_MARK}\n")[1:]
    if len(printed) != len(commands):
        raise RuntimeError(f"the session ended after {len(printed)} commands:\n{done.stdout[-3000:]}")
    return [_stable(text, clone) for text in printed]


def _use_packages(clone: Path) -> None:
    """Lets `make setup` find the packages installed: they are this Python's."""
    programs = clone / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "python3"):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (programs / name).chmod(0o755)
    for requirements in clone.glob("requirements*.txt"):
        os.utime(requirements, (0, 0))
    for stamp in (".program", ".ops", ".dev"):
        (programs / stamp).touch()


def _stable(text: str, clone: Path) -> str:
    """A command's output without what is another in each session."""
    text = text.replace(str(clone), "/home/you/culvert").replace(sys.executable, "python")
    for pattern, replacement in _VOLATILE:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return "\n".join(line.rstrip() for line in text.splitlines() if not _is_progress(line))


def _is_progress(line: str) -> bool:
    """Whether a line is left out: what goes on at the moment, and what only this shell's programs say."""
    return any(re.search(pattern, line) for pattern in _LEFT_OUT)

"""A Markdown table, written row by row, under the command that makes it and the machine that it was made on."""

import os
import platform
import shlex
import sys
from datetime import UTC, datetime


def print_start(*columns: str) -> None:
    """What was run, when and on what, and the head of the table."""
    command = shlex.join(["python", "-m", "scripts.benchmark", *sys.argv[1:]])
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    print(f"`{command}`, {datetime.now(UTC):%d %B %Y}, {machine}\n")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def print_row(*values: object) -> None:
    """One row, as soon as it is known: a run takes long, and keeps what it has."""
    print(f"| {' | '.join(map(str, values))} |", flush=True)

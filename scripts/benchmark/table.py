"""A Markdown table, printed row by row, under the command that produces it and the machine that ran it."""

import os
import platform
import shlex
import sys
from datetime import UTC, datetime


def print_header(*columns: str) -> None:
    """The command, date and machine, and the table's header."""
    command = shlex.join(["python", "-m", "scripts.benchmark", *sys.argv[1:]])
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    print(f"`{command}`, {datetime.now(UTC):%d %B %Y}, {machine}\n")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def print_row(*values: object) -> None:
    """One row, printed at once: a benchmark takes long, and an interrupted one keeps its rows."""
    print(f"| {' | '.join(map(str, values))} |", flush=True)

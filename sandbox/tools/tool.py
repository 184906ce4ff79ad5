"""An executable that the sandbox runs, and the callback for progress messages."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str], None]
"""Receives one line for the user who waits."""


@dataclass(frozen=True)
class Tool:
    """An executable. `version` is `v1.36.3`, or `unknown` where the program does not report it; `origin` says in words
    where the executable comes from."""

    name: str
    path: Path
    version: str
    origin: str

"""One program that the sandbox runs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str], None]
"""Takes one line for a person who is waiting."""


@dataclass(frozen=True)
class Tool:
    """An executable that was found or made: its `version` (`v1.36.3`; `unknown` where it cannot be asked) and, in words,
    its `origin`."""

    name: str
    path: Path
    version: str
    origin: str

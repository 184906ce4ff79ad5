"""One program that the sandbox runs."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tool:
    """An executable that was found or made: its `version` as it says itself (`v1.36.3`) and, in words, its `origin`."""

    name: str
    path: Path
    version: str
    origin: str

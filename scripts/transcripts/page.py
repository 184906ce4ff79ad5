"""A page with a session: prose, what is typed, and what that prints."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """Prose, and the commands that it introduces."""

    text: str
    commands: tuple[str, ...]
    shown: int = 0
    """How many lines of the end of each command's output are shown; 0 means all."""
    faults: tuple[str, ...] = ()
    """Names of the faults that verify finds here as causes."""


@dataclass(frozen=True)
class Page:
    """One page. `path` is below the project's folder."""

    path: str
    head: str
    steps: tuple[Step, ...]

    def render(self, outputs: Sequence[str]) -> str:
        """The page; `outputs` has what each command printed, in order."""
        remaining = iter(outputs)
        return "\n\n".join([self.head.strip(), *(_render(step, remaining) for step in self.steps)]) + "\n"

    @property
    def commands(self) -> list[str]:
        return [command for step in self.steps for command in step.commands]


def _render(step: Step, outputs: Iterator[str]) -> str:
    lines = []
    for command in step.commands:
        printed = next(outputs).splitlines()
        cut = step.shown and len(printed) > step.shown
        lines += [f"$ {command}", *(["…", *printed[-step.shown :]] if cut else printed)]
    block = "\n".join(line.rstrip() for line in lines)
    mark = "<!-- not run: a transcript of `python -m scripts.transcripts` -->"
    return f"{step.text.strip()}\n\n{mark}\n\n```console\n{block}\n```"


def without_outputs(text: str) -> str:
    """A page as `render` makes it of commands that print nothing."""

    def typed(block: re.Match[str]) -> str:
        lines = [line for line in block[1].splitlines() if line.startswith("$ ")]
        return "\n".join(["```console", *lines, "```"])

    return re.sub(r"```console\n(.*?)\n```", typed, text, flags=re.DOTALL)

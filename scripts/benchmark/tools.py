"""The tools to compare: a command of the sandbox, and Pulumi as its users run it."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml

from sandbox.directory import PROJECT
from scripts.benchmark.measurement import Measurement, measure, sandbox, stack_file


class Tool(ABC):
    """One stack of a tool; `env` leads to the sandbox's API and cluster."""

    records: ClassVar[tuple[str, ...]] = ("own",)

    def __init__(self, env: Mapping[str, str], folder: Path, stack: str) -> None:
        self._env = dict(env)
        self._folder = folder
        self._stack = stack

    def steps(self, before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, Measurement]]:
        """Measures every step, with the settings before and after one rule changes."""
        self.write(before)
        yield "preview", self.run("preview")
        yield "first up", self.run("up")
        yield "second up", self.run("up")
        self.write(after)
        yield "one rule changed", self.run("up")
        yield "destroy", self.run("destroy")

    @abstractmethod
    def write(self, settings: dict[str, Any]) -> None:
        """Writes the stack's settings (a stack file's, keys without `culvert:`)."""

    @abstractmethod
    def run(self, operation: str) -> Measurement:
        """Runs `preview`, `up` or `destroy`."""


class Sandbox(Tool):
    """The sandbox's own commands, with connector, policy pack and pods."""

    records = ("own", "wildcard")

    def write(self, settings: dict[str, Any]) -> None:
        stack_file(self._folder, self._stack, settings)

    def run(self, operation: str) -> Measurement:
        return sandbox(self._env, operation, "--config", f"{self._folder}/Pulumi.{self._stack}.yaml")


class Pulumi(Tool):
    """`pulumi` as its users run it, with connector and pods. Needs a full installation, with Python's language host."""

    records = ("own", "wildcard")
    project = "culvert"
    program = PROJECT

    def __init__(self, env: Mapping[str, str], folder: Path, stack: str) -> None:
        # A project of its own, so that its stack files lie beside it; the program stays where it is.
        super().__init__(env, folder / self.project, stack)
        self._folder.mkdir(exist_ok=True)
        runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
        project = {"name": self.project, "main": str(self.program), "runtime": runtime}
        (self._folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        measure(self._env, ["pulumi", "stack", "init", stack], self._folder)

    def write(self, settings: dict[str, Any]) -> None:
        path = self._folder / f"Pulumi.{self._stack}.yaml"
        existing = yaml.safe_load(path.read_text())
        written = yaml.safe_load(stack_file(self._folder, self._stack, settings).read_text())
        path.write_text(yaml.safe_dump({**existing, **written}))

    def run(self, operation: str) -> Measurement:
        options = [] if operation == "preview" else ["--yes", "--skip-preview"]
        command = ["pulumi", operation, "--stack", self._stack, "--non-interactive", *options]
        return measure(self._env, command, self._folder)


class Bare(Pulumi):
    """`pulumi` with the same resources in a program that does nothing else: what Pulumi itself takes for them."""

    project = "bare"
    program = Path(__file__).parent / "bare"


class Typed(Bare):
    """`bare` with the providers' SDKs, imported lazily as culvert does."""

    project = "typed"

    def __init__(self, env: Mapping[str, str], folder: Path, stack: str) -> None:
        super().__init__({**env, "BENCHMARK_TYPED": "1"}, folder, stack)


class Empty(Pulumi):
    """`pulumi` with a program that only imports its SDK: what any program in Python takes."""

    project = "empty"
    program = Path(__file__).parent / "empty"

"""Who makes many hostnames: a command of the sandbox, or a tool that its users run."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml

from sandbox.directory import PROJECT
from scripts.benchmark.measured import Measured, measure, sandbox, stack_file


class Tool(ABC):
    """One stack of a tool; `env` says where API and cluster are."""

    records: ClassVar[tuple[str, ...]] = ("own",)

    def __init__(self, env: Mapping[str, str], folder: Path, stack: str) -> None:
        self._env = dict(env)
        self._folder = folder
        self._stack = stack

    def steps(self, before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, Measured]]:
        """Every step, with these settings before and after one rule changes."""
        self.write(before)
        yield "preview", self.run("preview")
        yield "first up", self.run("up")
        yield "second up", self.run("up")
        self.write(after)
        yield "one rule changed", self.run("up")
        yield "destroy", self.run("destroy")

    @abstractmethod
    def write(self, settings: dict[str, Any]) -> None:
        """Has the settings (a stack file's, without `culvert:`) apply from now on."""

    @abstractmethod
    def run(self, operation: str) -> Measured:
        """`preview`, `up` or `destroy`."""


class Sandbox(Tool):
    """A whole command of the sandbox, connector, policy and pods included."""

    records = ("own", "wildcard")

    def write(self, settings: dict[str, Any]) -> None:
        stack_file(self._folder, self._stack, settings)

    def run(self, operation: str) -> Measured:
        return sandbox(self._env, operation, "--config", f"{self._folder}/Pulumi.{self._stack}.yaml")


class Pulumi(Tool):
    """`pulumi` as its users run it, connector, policy and pods included. It needs a full installation, with Python's support."""

    records = ("own", "wildcard")

    def __init__(self, env: Mapping[str, str], folder: Path, stack: str) -> None:
        super().__init__(env, folder, stack)
        project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())
        # A project of its own, so that its stack files are; the program stays where it is.
        project |= {"main": str(PROJECT), "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}}}
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        measure(self._env, ["pulumi", "stack", "init", stack], folder)

    def write(self, settings: dict[str, Any]) -> None:
        kept = yaml.safe_load((self._folder / f"Pulumi.{self._stack}.yaml").read_text())
        written = yaml.safe_load(stack_file(self._folder, self._stack, settings).read_text())
        (self._folder / f"Pulumi.{self._stack}.yaml").write_text(yaml.safe_dump({**kept, **written}))

    def run(self, operation: str) -> Measured:
        at_once = [] if operation == "preview" else ["--yes", "--skip-preview"]
        command = ["pulumi", operation, "--stack", self._stack, "--non-interactive", *at_once]
        return measure(self._env, command, self._folder)

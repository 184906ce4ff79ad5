"""Plays a job of a workflow on this machine: its shell steps as the runner runs them, its actions by stand-ins."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.paths import PROJECT

WORKFLOWS = PROJECT / ".github" / "workflows"

Action = Callable[[Mapping[str, Any]], None]


def workflow(name: str) -> dict[str, Any]:
    """A workflow as YAML 1.2 reads it: `on` is a text."""
    content = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())
    return {"on" if key is True else key: value for key, value in content.items()}


class Runner:
    """A machine that jobs run on.

    `checkout` is where a job finds the repository, `context` what each expression means, `actions` what stands in for an
    action, by its name without version; an expression or an action that is not named is a mistake of the test.
    """

    def __init__(self, folder: Path, checkout: Path, context: Mapping[str, Any], actions: Mapping[str, Action]) -> None:
        self.folder = folder
        self.checkout = checkout
        self.context = dict(context)
        self.actions = actions
        self.told = ""
        """Everything that the steps have printed."""
        self.summary = folder / "summary"
        self.bin = folder / "bin"
        for place in (self.bin, folder / "temp"):
            place.mkdir(parents=True)

    def stand_in(self, name: str, script: Path) -> None:
        """Puts a Python script on the PATH as the program `name`."""
        program = self.bin / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
        program.chmod(0o755)

    def play(self, name: str, job: str, env: Mapping[str, str]) -> int:
        """Runs the steps of a job; 0, or the exit status of the first step that failed."""
        content = workflow(name)["jobs"][job]
        shell = content.get("defaults", {}).get("run", {}).get("shell")
        failed = 0
        exported: dict[str, str] = {}
        for step in content["steps"]:
            if not self._wanted(step.get("if"), failed):
                continue
            if "uses" in step:
                self.actions[step["uses"].split("@")[0]](self._meant(step.get("with", {})))
                continue
            # Of a make that runs the tests, a make in a step should know nothing.
            ambient = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
            given = {**ambient, **env, **exported, **self._meant(step.get("env", {}))}
            status = self._run(self._meant(step["run"]), shell, given)
            failed = failed or status
            exported |= self._assignments("env")
            outputs = self._assignments("output")
            self.context |= {f"steps.{step.get('id')}.outputs.{key}": value for key, value in outputs.items()}
        return failed

    def _run(self, script: str, shell: str | None, env: dict[str, str]) -> int:
        # What the runner does: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#defaultsrunshell
        strict = ["-eo", "pipefail"] if shell == "bash" else ["-e"]
        files = {
            "GITHUB_STEP_SUMMARY": self.summary,
            "GITHUB_ENV": self.folder / "env",
            "GITHUB_OUTPUT": self.folder / "output",
            "RUNNER_TEMP": self.folder / "temp",
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", *strict, "-c", script],
            cwd=self.checkout,
            env={**env, **{key: str(file) for key, file in files.items()}, "PATH": f"{self.bin}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.told += done.stdout
        return done.returncode

    def _wanted(self, condition: str | None, failed: int) -> bool:
        text = (condition or "success()").removeprefix("${{").removesuffix("}}").strip()
        if text in ("always()", "!cancelled()"):
            return True
        return not failed and (text == "success()" or bool(self.context[text]))

    def _meant(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._meant(inner) for key, inner in value.items()}
        return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda match: str(self.context[match[1]]), str(value))

    def _assignments(self, name: str) -> dict[str, str]:
        file = self.folder / name
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return dict(line.split("=", 1) for line in lines)

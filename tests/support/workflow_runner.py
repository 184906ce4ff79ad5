"""Runs a workflow's job on this machine: shell steps as GitHub's runner does, actions as functions of the test."""

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
    """A workflow as YAML 1.2 reads it, in which `on` is a string."""
    content = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())
    return {"on" if key is True else key: value for key, value in content.items()}


class Runner:
    """A machine that runs jobs.

    `checkout` is the repository's folder, `context` has the value of each expression, `actions` a function for each
    action, by its name without version. A job with any other expression or action raises KeyError.
    """

    def __init__(self, folder: Path, checkout: Path, context: Mapping[str, Any], actions: Mapping[str, Action]) -> None:
        self.folder = folder
        self.checkout = checkout
        self.context = dict(context)
        self.actions = actions
        self.output = ""
        """The output of all steps."""
        self.summary = folder / "summary"
        self.bin = folder / "bin"
        for created in (self.bin, folder / "temp"):
            created.mkdir(parents=True)

    def install(self, name: str, script: Path) -> None:
        """Puts a Python script on the PATH as the program `name`."""
        program = self.bin / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
        program.chmod(0o755)

    def run(self, name: str, job: str, env: Mapping[str, str]) -> int:
        """Runs the steps of a job; 0, or the exit status of the first step that failed."""
        content = workflow(name)["jobs"][job]
        shell = content.get("defaults", {}).get("run", {}).get("shell")
        failed = 0
        exported: dict[str, str] = {}
        for step in content["steps"]:
            if not self._condition_holds(step.get("if"), failed):
                continue
            if "uses" in step:
                self.actions[step["uses"].split("@")[0]](self._evaluate(step.get("with", {})))
                continue
            # A make in a step must not see the variables of a make that runs the tests.
            ambient = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
            environment = {**ambient, **env, **exported, **self._evaluate(step.get("env", {}))}
            status = self._run_script(self._evaluate(step["run"]), shell, environment)
            failed = failed or status
            exported |= self._assignments("env")
            outputs = self._assignments("output")
            self.context |= {f"steps.{step.get('id')}.outputs.{key}": value for key, value in outputs.items()}
        return failed

    def _run_script(self, script: str, shell: str | None, env: dict[str, str]) -> int:
        # As the runner does:
        # https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#defaultsrunshell
        strict = ["-eo", "pipefail"] if shell == "bash" else ["-e"]
        files = {
            "GITHUB_STEP_SUMMARY": self.summary,
            "GITHUB_ENV": self.folder / "env",
            "GITHUB_OUTPUT": self.folder / "output",
            "RUNNER_TEMP": self.folder / "temp",
        }
        completed = subprocess.run(
            ["bash", "--noprofile", "--norc", *strict, "-c", script],
            cwd=self.checkout,
            env={**env, **{key: str(file) for key, file in files.items()}, "PATH": f"{self.bin}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self.output += completed.stdout
        return completed.returncode

    def _condition_holds(self, condition: str | None, failed: int) -> bool:
        text = (condition or "success()").removeprefix("${{").removesuffix("}}").strip()
        if text in ("always()", "!cancelled()"):
            return True
        return not failed and (text == "success()" or bool(self.context[text]))

    def _evaluate(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._evaluate(inner) for key, inner in value.items()}
        return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda match: str(self.context[match[1]]), str(value))

    def _assignments(self, name: str) -> dict[str, str]:
        file = self.folder / name
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return dict(line.split("=", 1) for line in lines)

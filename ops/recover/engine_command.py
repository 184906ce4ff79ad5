"""The `pulumi` command as the Automation API runs it: with output of any bytes, in a process group of its own."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pulumi import automation
from pulumi.automation import errors as automation_errors


class EngineCommand(automation.PulumiCommand):
    """Runs the engine in a process group of its own.

    A terminal sends Ctrl-C to its whole foreground process group. In that group, the engine would receive one interrupt
    from the terminal and one from this process; at the second it stops at once and abandons resources half created.

    The SDK's own command reads UTF-8 alone: at any other byte its thread ends with a traceback, and the engine waits
    for ever for somewhere to write.
    """

    def environment(self) -> dict[str, str]:
        """Variables of the engine beside those of this process."""
        return {"PULUMI_AUTOMATION_API": "true"}

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> automation.CommandResult:
        lines: dict[str, list[str]] = {"out": [], "err": []}

        def read(stream: Any, name: str, callback: Callable[[str], Any] | None) -> None:
            for line in stream:
                lines[name].append(line.rstrip())
                if callback:
                    callback(line.rstrip())

        with subprocess.Popen(
            [self.command, "--non-interactive", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, **additional_env, **self.environment()},
            encoding="utf-8",
            errors="replace",
            process_group=0,
        ) as process:
            readers = [
                threading.Thread(target=read, args=(process.stdout, "out", on_output)),
                threading.Thread(target=read, args=(process.stderr, "err", on_error)),
            ]
            for reader in readers:
                reader.start()
            try:
                for reader in readers:
                    reader.join()
            except KeyboardInterrupt:
                _interrupt(process)
                raise
        result = automation.CommandResult("\n".join(lines["out"]), "\n".join(lines["err"]), process.returncode)
        if process.returncode:
            raise automation_errors.create_command_error(result)
        return result


def _interrupt(process: subprocess.Popen[str]) -> None:
    """Lets the engine finish its current steps and save the state; a second interrupt, or 60 seconds, kills it."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(60)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

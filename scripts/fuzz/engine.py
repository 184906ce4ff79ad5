"""An engine whose output and exit status are mutated, in place of the `pulumi` that `recover` runs."""

import io
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Self
from unittest import mock

from pulumi import automation
from pulumi.automation import errors as automation_errors
from pulumi.automation.events import EngineEvent
from semver import VersionInfo

from ops import expected_stack
from ops.recover import engine_command
from scripts.fuzz.mutations import TOKENS, mutated_reply, mutated_value

_ERRORS = (
    b"",
    b"error: no stack named 'dev' found\n",
    b"error: failed to load checkpoint: unexpected end of JSON input\n",
    b"error: the stack is currently locked by 1 lock(s)\n",
    b"\xff\xfe\x1b[31merror\x1b[0m\n",
    b"warning: x\n" * 500,
    b"x" * 100_000,
)


class MutatedEngine:
    """`corpus` has what the engine prints, by the command that it is an answer to; `count` counts the answers."""

    def __init__(self, corpus: Path, random: Random) -> None:
        self._answers: dict[str, Any] = json.loads((corpus / "engine.json").read_text(encoding="utf-8"))
        self._random = random
        self.count = 0

    @contextmanager
    def served(self) -> Iterator[None]:
        def prepare(command: engine_command.EngineCommand) -> None:
            command.command, command.version = "pulumi", VersionInfo(3, 259, 0)

        patches = (
            mock.patch.object(engine_command.EngineCommand, "__init__", prepare),
            mock.patch.object(
                engine_command.subprocess, "Popen", lambda command, **_: _Process(*self._answer(command))
            ),
            mock.patch.object(expected_stack.subprocess, "run", self._run),
            mock.patch("shutil.which", return_value="/bin/pulumi"),
            mock.patch.object(automation.Stack, "preview", lambda _stack, **options: self._preview(**options)),
        )
        with ExitStack() as stack:
            for each in patches:
                stack.enter_context(each)
            yield

    def _answer(self, command: list[str]) -> tuple[bytes, bytes, int]:
        """Standard output, standard error and exit status; most commands answer as documented."""
        self.count += 1
        asked = " ".join(command)
        body = next((body for name, body in self._answers.items() if name in asked), None)
        printed = b"" if body is None else json.dumps(body, indent=2).encode()
        if self._random.random() < 0.7:
            return printed, b"", 0
        if body is not None and self._random.random() < 0.8:
            printed = mutated_reply(body, self._random)
        status = self._random.choice((0, 0, 0, 1, 255, -9))
        return printed, self._random.choice((*_ERRORS, self._random.choice(TOKENS).encode("utf-8", "replace"))), status

    def _run(self, command: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        printed, errors, status = self._answer(command)
        return subprocess.CompletedProcess(command, status, printed.decode(), errors.decode())

    def _preview(self, on_event: Callable[[EngineEvent], Any], **_options: Any) -> None:
        """Hands over events in a thread, as the SDK does: what it raises there is not raised here."""
        _, errors, status = self._answer(["preview"])
        events = self._answers["preview"]
        if self._random.random() < 0.5:
            events = mutated_value(events, self._random)
        seen: list[EngineEvent] = []

        def hand_over() -> None:
            for each in events:
                seen.append(EngineEvent.from_json(each))
                on_event(seen[-1])

        thread = threading.Thread(target=hand_over)
        thread.start()
        thread.join()
        if status:
            result = automation.CommandResult("", errors.decode(errors="replace"), status)
            raise automation_errors.create_command_error(result)
        if not any(event.summary_event for event in seen):
            raise RuntimeError("summary event never found")


class _Process:
    """What `subprocess.Popen` returns, of a process that has ended."""

    def __init__(self, printed: bytes, errors: bytes, status: int) -> None:
        self.stdout, self.stderr = (
            io.TextIOWrapper(io.BytesIO(each), encoding="utf-8", errors="replace") for each in (printed, errors)
        )
        self.returncode = status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

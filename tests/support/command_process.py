"""A command of the sandbox in a process of its own, which can be killed: it runs the program, and starts the engine.

Each is forked from a process that has imported everything already.
"""

import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from clients import lazy_sdk

lazy_sdk.install()

# For the processes that are forked from the one that imported this module.
import components.exposure  # noqa: E402, F401
from clients.cloudflare import CloudflareApi  # noqa: E402
from sandbox.directory import SandboxDirectory  # noqa: E402
from sandbox.engine.diagnostics import RunFailed  # noqa: E402
from sandbox.engine.engine import Engine  # noqa: E402
from sandbox.tools import Tool  # noqa: E402

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Operation:
    """One operation of the engine: the name of a method of `Engine`, with its options, or `rotate`.

    `rotate` replaces the random secret of the tunnel.
    """

    name: str
    stack: str
    config: Path
    home: Path
    tool: Tool
    env: Mapping[str, str]
    options: Mapping[str, Any]

    def run(self) -> None:
        engine = Engine(SandboxDirectory(self.home), self.stack, self.config, self.tool, self.env, _quiet)
        if self.name == "rotate":
            secret = f"**culvert-{self.stack}-secret"
            engine._run(lambda stack, **to: stack.up(show_secrets=False, replace=[secret], **to), _quiet)
        else:
            getattr(engine, self.name)(_quiet, **self.options)


def run(operation: Operation, started: Callable[[int], object], on_write: Callable[[str], object]) -> str | None:
    """Runs the operation in a process of its own; returns None, the error of a failed run, or "killed".

    `started` receives the id of the process. `on_write` receives each write to the API by a hook of the program, after
    the API has performed it and before the program receives the response.
    """
    ours, theirs = _FORKS.Pipe()
    process = _FORKS.Process(target=_main, args=(operation, theirs))
    process.start()
    theirs.close()
    assert process.pid
    started(process.pid)
    outcome = "killed"
    try:
        while True:
            kind, text = ours.recv()
            if kind == "ended":
                outcome = text
                break
            on_write(text)
            ours.send(None)
    except (EOFError, OSError):
        pass
    # A hook of the program may still be waiting for an answer, where the engine was killed; the process waits for it.
    ours.close()
    process.join()
    return outcome


def _main(operation: Operation, harness: Connection) -> None:
    os.environ.update(operation.env, CULVERT_SANDBOX_HOME=str(operation.home))
    call = CloudflareApi._call

    def reported(self: CloudflareApi, method: str, path: str, *arguments: Any, **named: Any) -> Any:
        result = call(self, method, path, *arguments, **named)
        if method != "GET":
            harness.send(("write", f"{method} {path} (hook)"))
            harness.recv()
        return result

    CloudflareApi._call = reported  # type: ignore[method-assign]
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the process
    try:
        operation.run()
        harness.send(("ended", None))
    except RunFailed as error:
        harness.send(("ended", str(error)))
    except BaseException:
        harness.send(("ended", traceback.format_exc()))


def _quiet(_line: str) -> None:
    return None

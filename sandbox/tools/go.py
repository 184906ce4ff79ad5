"""Builds of a tool from the Go module that pins it."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.tools.catalog import MODULES, Entry
from sandbox.tools.processes import HELD, release
from sandbox.tools.tool import Progress

_SOURCE = "https://go.dev/dl/"


class Go:
    """The Go installation on the PATH. It builds in `work`, with its build cache (some 5 GB for all tools together),
    which is removed with that folder; downloaded modules stay in Go's module cache."""

    def __init__(self, work: Path, progress: Progress) -> None:
        self._work = work
        self._progress = progress

    def build(self, name: str, entry: Entry, target: Path) -> None:
        """Builds the program of `entry` at `target`. `SandboxError` says what is missing, or why the build failed."""
        module = MODULES / entry.module
        go = self._executable(module)
        log = self._work / f"{name}.log"
        flags = f"-s -w {entry.ldflags}".strip()
        command = [go, "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", flags, "-o", str(target)]
        command += ["-tags", entry.tags] if entry.tags else []
        status = self._run([*command, entry.package], module, log, name)
        if status:
            how = f"Go was killed by signal {-status}" if status < 0 else "The end of its output"
            raise SandboxError(
                f"{name} {entry.version} cannot be built from its Go module. {how}:\n{_tail(log)}".rstrip(":\n"),
                key=name,
                accepted="a Go that reaches a module proxy (GOPROXY) or has the modules in its cache",
                source=_SOURCE,
            )

    def _executable(self, module: Path) -> str:
        directive = re.search(r"^go (\d+)\.(\d+)", (module / "go.mod").read_text(), re.MULTILINE)
        assert directive is not None
        needed = (int(directive[1]), int(directive[2]))
        go = shutil.which("go")
        installed, can_upgrade = self._version(go) if go else (None, False)
        if go and (installed is None or installed >= needed or can_upgrade):
            return go
        has = f"the Go on the PATH is {installed[0]}.{installed[1]}" if installed else "there is no Go on the PATH"
        raise SandboxError(
            f"Building {module.name} needs Go {needed[0]}.{needed[1]} or newer, and {has}. Install it from {_SOURCE}",
            key="go",
            value=f"{installed[0]}.{installed[1]}" if installed else None,
            accepted=f"Go {needed[0]}.{needed[1]} or newer",
            source=_SOURCE,
        )

    def _version(self, go: str) -> tuple[tuple[int, int] | None, bool]:
        """The version of this Go, and whether it can download a newer one: from 1.21, unless GOTOOLCHAIN is local."""
        env = subprocess.run(
            [go, "env", "GOVERSION", "GOTOOLCHAIN"], cwd=self._work, capture_output=True, text=True, check=False
        )
        version, toolchain = [*env.stdout.splitlines(), "", ""][:2]
        match = re.match(r"go(\d+)\.(\d+)", version)
        if not match:  # a development version has no number
            return None, False
        found = (int(match[1]), int(match[2]))
        return found, found >= (1, 21) and not toolchain.startswith(("local", "go"))

    def _run(self, command: list[str], module: Path, log: Path, name: str) -> int:
        for folder in ("gocache", "gotmp"):
            (self._work / folder).mkdir(exist_ok=True)
        env = {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOCACHE": str(self._work / "gocache"),
            "GOTMPDIR": str(self._work / "gotmp"),
            "GOWORK": "off",
        }
        with log.open("wb") as output:
            child = subprocess.Popen(
                [*HELD, *command],
                cwd=module,
                env=env,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that Go and its compilers can be stopped together
            )
            started = time.monotonic()
            try:
                release(child)
                while True:
                    try:
                        return child.wait(timeout=30)
                    except subprocess.TimeoutExpired:
                        minutes, seconds = divmod(int(time.monotonic() - started), 60)
                        self._progress(f"still building {name}: {minutes} min {seconds:02} s")
            finally:
                if child.poll() is None:
                    _stop_group(child)


def _stop_group(child: subprocess.Popen[bytes]) -> None:
    for request in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, request)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=5)
            return


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])

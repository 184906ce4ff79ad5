"""Building a tool from the Go module that pins it."""

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
from sandbox.tools.processes import LAUNCH, let_go
from sandbox.tools.tool import Progress

_SOURCE = "https://go.dev/dl/"


class Go:
    """The Go installation on the PATH, building in `work`: its cache of compiled packages, some 5 GB for all tools
    together, is there too and goes with it, while downloaded modules stay where Go keeps them."""

    def __init__(self, work: Path, progress: Progress) -> None:
        self._work = work
        self._progress = progress

    def build(self, name: str, entry: Entry, target: Path) -> None:
        """Make the program of `entry` at `target`. `SandboxError` says what is missing, or why it does not build."""
        module = MODULES / entry.module
        go = self._program(module)
        log = self._work / f"{name}.log"
        flags = f"-s -w {entry.ldflags}".strip()
        command = [go, "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", flags, "-o", str(target)]
        command += ["-tags", entry.tags] if entry.tags else []
        status = self._run([*command, entry.package], module, log, name)
        if status:
            how = f"Go was ended by signal {-status}" if status < 0 else "The end of what Go says"
            raise SandboxError(
                f"{name} {entry.version} does not build from its Go module. {how}:\n{_end(log)}".rstrip(":\n"),
                key=name,
                accepted="a Go that reaches a module proxy (GOPROXY), or has the modules in its cache",
                source=_SOURCE,
            )

    def _program(self, module: Path) -> str:
        wanted = re.search(r"^go (\d+)\.(\d+)", (module / "go.mod").read_text(), re.MULTILINE)
        assert wanted is not None
        needed = (int(wanted[1]), int(wanted[2]))
        go = shutil.which("go")
        found, may_fetch = self._version(go) if go else (None, False)
        if go and (found is None or found >= needed or may_fetch):
            return go
        has = f"the Go on the PATH is {found[0]}.{found[1]}" if found else "there is no Go on the PATH"
        raise SandboxError(
            f"Building {module.name} needs Go {needed[0]}.{needed[1]} or newer, and {has}. Get it from {_SOURCE}",
            key="go",
            value=f"{found[0]}.{found[1]}" if found else None,
            accepted=f"{needed[0]}.{needed[1]} or newer",
            source=_SOURCE,
        )

    def _version(self, go: str) -> tuple[tuple[int, int] | None, bool]:
        """Which Go this is, and whether it may get itself a newer one (1.21 and later do, unless told to stay local)."""
        asked = subprocess.run(
            [go, "env", "GOVERSION", "GOTOOLCHAIN"], cwd=self._work, capture_output=True, text=True, check=False
        )
        version, toolchain = [*asked.stdout.splitlines(), "", ""][:2]
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
                [*LAUNCH, *command],
                cwd=module,
                env=env,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that it and its compilers can be ended together
            )
            began = time.monotonic()
            try:
                let_go(child)
                while True:
                    try:
                        return child.wait(timeout=30)
                    except subprocess.TimeoutExpired:
                        minutes, seconds = divmod(int(time.monotonic() - began), 60)
                        self._progress(f"still building {name}: {minutes} min {seconds:02} s")
            finally:
                if child.poll() is None:
                    _end_group(child)


def _end_group(child: subprocess.Popen[bytes]) -> None:
    for request in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, request)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=5)
            return


def _end(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])

"""Finding the tools that are there, and getting those that are not."""

import contextlib
import signal
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from sandbox.errors import SandboxError
from sandbox.tools.cache import cached, keep, workshop
from sandbox.tools.catalog import CATALOG, this_platform
from sandbox.tools.download import Downloads, DownloadUnavailable
from sandbox.tools.go import Go
from sandbox.tools.installed import find_installed
from sandbox.tools.tool import Progress, Tool


def find(name: str) -> Tool | None:
    """The tool as it stands ready on this machine: installed by somebody, or in our cache. Gets nothing."""
    return find_installed(name) or cached(name)


def ensure(tools: Iterable[str], progress: Progress) -> dict[str, Tool]:
    """Every one of `tools` (names of the catalog), ready to run, by name.

    What `find` does not have is downloaded where its publisher has it for this platform and is reached, and built from
    its Go module elsewhere; either is kept for all later runs. Raises `SandboxError` that says what is missing. An
    interruption, by SIGINT or SIGTERM, leaves neither a process nor a file.
    """
    names = list(dict.fromkeys(tools))
    found = {name: find(name) for name in names}
    missing = [name for name in names if found[name] is None]
    if missing:
        with _termination_raises(), workshop(progress) as work:
            downloads, go = Downloads(progress), Go(work, progress)
            for number, name in enumerate(missing, 1):
                # Whoever had the workshop before may have left just what we came for.
                found[name] = cached(name) or _get(name, f"{number} of {len(missing)}", work, downloads, go, progress)
    return {name: tool for name, tool in found.items() if tool}


def _get(name: str, position: str, work: Path, downloads: Downloads, go: Go, progress: Progress) -> Tool:
    entry, target = CATALOG[name], work / name
    why_not = f"nobody publishes {name} for {this_platform()}"
    release = entry.releases.get(this_platform())
    if release:
        try:
            downloads.fetch(release, target)
            return keep(name, target, "official download, checksum verified")
        except DownloadUnavailable as error:
            why_not = str(error)
            progress(f"no download of {name}: {why_not}")
    minutes = f"{entry.minutes} minute{'s' if entry.minutes > 1 else ''}"
    progress(f"building {name} {entry.version}, {position}: about {minutes}, once")
    try:
        go.build(name, entry, target)
    except SandboxError as error:
        raise SandboxError(
            f"{name} {entry.version} is not on the PATH and cannot be downloaded: {why_not}. {error.message}",
            key=error.key,
            value=error.value,
            accepted=f"{name} on the PATH, its official download in reach, or {error.accepted}",
            source=error.source,
        ) from error
    return keep(name, target, "built from its Go module, cached")


@contextlib.contextmanager
def _termination_raises() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP are exceptions like SIGINT, unless somebody handles them already: cleaning up takes
    place on the way out."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    unhandled = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in unhandled:
            signal.signal(number, leave)
        yield
    finally:
        for number in unhandled:
            signal.signal(number, signal.SIG_DFL)

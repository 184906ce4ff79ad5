"""The tools of the catalog: found on this machine, else downloaded or built."""

import contextlib
import signal
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from sandbox.errors import SandboxError
from sandbox.tools.cache import build_folder, cached, store
from sandbox.tools.catalog import CATALOG, this_platform
from sandbox.tools.download import Downloads, DownloadUnavailable
from sandbox.tools.go import Go
from sandbox.tools.installed import find_installed
from sandbox.tools.tool import Progress, Tool


def find(name: str) -> Tool | None:
    """The tool as installed on this machine or in the cache; downloads and builds nothing."""
    return find_installed(name) or cached(name, CATALOG[name].version)


def ensure(tools: Iterable[str], progress: Progress) -> dict[str, Tool]:
    """Each of `tools` (names of the catalog) by name, ready to run.

    A tool that `find` does not find is downloaded if there is an official download for this platform, else built from
    its Go module, and cached. `SandboxError` says what is missing. An interruption by SIGINT or SIGTERM leaves no
    process and no file behind.
    """
    names = list(dict.fromkeys(tools))
    available = {name: find(name) for name in names}
    missing = [name for name in names if available[name] is None]
    if missing:
        with _termination_raises(), build_folder(progress) as work:
            downloads, go = Downloads(progress), Go(work, progress)
            for number, name in enumerate(missing, 1):
                # Another process may have cached it while this one waited for the build folder.
                available[name] = cached(name, CATALOG[name].version) or _get(
                    name, f"{number} of {len(missing)}", work, downloads, go, progress
                )
    return {name: tool for name, tool in available.items() if tool}


def _get(name: str, position: str, work: Path, downloads: Downloads, go: Go, progress: Progress) -> Tool:
    entry, target = CATALOG[name], work / name
    reason = f"there is no official download for {this_platform()}"
    release = entry.releases.get(this_platform())
    if release:
        try:
            downloads.fetch(release, target)
            return store(name, entry.version, target, "official download, checksum verified")
        except DownloadUnavailable as error:
            reason = str(error)
            progress(f"cannot download {name}: {reason}")
    minutes = f"{entry.minutes} minute{'s' if entry.minutes > 1 else ''}"
    progress(f"building {name} {entry.version}, {position}: about {minutes}, once")
    try:
        go.build(name, entry, target)
    except SandboxError as error:
        unless_pinned = "" if not release or release.sha256 else ", its checksum pinned"
        download = f", access to its official download{unless_pinned}" if release else ""
        raise SandboxError(
            f"{name} {entry.version} is not on the PATH and cannot be downloaded: {reason}. {error.message}",
            key=error.key,
            value=error.value,
            accepted=f"{name} on the PATH{download}, or {error.accepted}",
            source=error.source,
        ) from error
    return store(name, entry.version, target, "built from its Go module, cached")


@contextlib.contextmanager
def _termination_raises() -> Iterator[None]:
    """Turns SIGTERM and SIGHUP into exceptions, like SIGINT, so that clean-up runs. Existing handlers stay."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(number: int, _frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    unhandled = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in unhandled:
            signal.signal(number, terminate)
        yield
    finally:
        for number in unhandled:
            signal.signal(number, signal.SIG_DFL)

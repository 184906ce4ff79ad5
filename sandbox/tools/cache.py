"""The user's cache of downloaded and built tools, shared by all sandboxes of all checkouts."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from sandbox.errors import DENIED, SandboxError
from sandbox.tools.catalog import this_platform
from sandbox.tools.tool import Progress, Tool

_WORK = ".culvert-build-"
"""A name that no other program uses: `CULVERT_CACHE` may be a folder with other files, and these are deleted."""


def folder() -> Path:
    """`CULVERT_CACHE`, else culvert's folder in the user's cache directory."""
    chosen = os.environ.get("CULVERT_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("culvert")


def cached(name: str, version: str) -> Tool | None:
    """The tool in this version for this platform, if it is cached."""
    place = _place(name, version)
    with contextlib.suppress(OSError):
        return Tool(name, place / name, version, (place / "origin").read_text().strip())
    return None


def store(name: str, version: str, program: Path, origin: str) -> Tool:
    """Moves `program` from a build folder into the cache, atomically."""
    draft = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=program.parent))
    program.chmod(0o755)
    program.replace(draft / name)
    (draft / "origin").write_text(f"{origin}\n")
    draft.chmod(0o755)
    place = _place(name, version)
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():  # incomplete: without its origin, `cached` does not find it
        shutil.rmtree(place)
    draft.replace(place)
    return Tool(name, place / name, version, origin)


@contextlib.contextmanager
def build_folder(progress: Progress) -> Iterator[Path]:
    """A temporary folder for one process at a time; others wait. It is always removed at the end."""
    home = folder()
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / "lock")
        _wait_for(lock, progress)
        try:
            for abandoned in home.glob(f"{_WORK}*"):  # left by a killed process
                shutil.rmtree(abandoned, ignore_errors=True)
            work = Path(tempfile.mkdtemp(prefix=_WORK, dir=home))
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)
        finally:
            lock.release()
    except OSError as error:
        if error.errno not in DENIED:
            raise
        raise SandboxError(
            f"The tools are cached in {home}, which is not writable ({error.strerror}). Name another folder with "
            f"CULVERT_CACHE",
            key="CULVERT_CACHE",
            value=str(home),
            accepted="a writable folder",
        ) from error


def _wait_for(lock: FileLock, progress: Progress) -> None:
    try:
        lock.acquire(timeout=0)
        return
    except Timeout:
        progress("another process is downloading or building tools; waiting for it")
    while True:
        try:
            lock.acquire(timeout=60, poll_interval=0.2)
            return
        except Timeout:
            progress("still waiting for the other process")


def _place(name: str, version: str) -> Path:
    return folder() / "tools" / f"{name}-{version}-{this_platform()}"

"""The user's folder of tools that were downloaded or built, shared by all sandboxes of all checkouts."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from sandbox.errors import SandboxError
from sandbox.tools.catalog import CATALOG, this_platform
from sandbox.tools.tool import Progress, Tool


def folder() -> Path:
    """`CULVERT_CACHE`, else the place that the system gives applications for such things."""
    chosen = os.environ.get("CULVERT_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("culvert")


def cached(name: str) -> Tool | None:
    """The tool in its pinned version for this platform, if it is here; a folder that is there is there whole."""
    place = _place(name)
    with contextlib.suppress(OSError):
        return Tool(name, place / name, CATALOG[name].version, (place / "origin").read_text().strip())
    return None


def keep(name: str, program: Path, origin: str) -> Tool:
    """Move `program`, which lies in a `workshop`, to its place. Others see it whole or not at all."""
    draft = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=program.parent))
    program.chmod(0o755)
    program.replace(draft / name)
    (draft / "origin").write_text(f"{origin}\n")
    draft.chmod(0o755)
    place = _place(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():  # without its origin, or `cached` would have found it
        shutil.rmtree(place)
    draft.replace(place)
    return Tool(name, place / name, CATALOG[name].version, origin)


@contextlib.contextmanager
def workshop(progress: Progress) -> Iterator[Path]:
    """A folder to work in, for one process at a time; others wait. It is gone at the end, however that comes."""
    home = folder()
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / "lock")
        _wait_for(lock, progress)
        try:
            for abandoned in home.glob("work-*"):  # by a process that was killed
                shutil.rmtree(abandoned, ignore_errors=True)
            work = Path(tempfile.mkdtemp(prefix="work-", dir=home))
            try:
                yield work
            finally:
                shutil.rmtree(work, ignore_errors=True)
        finally:
            lock.release()
    except PermissionError as error:
        raise SandboxError(
            f"The tools are kept in {home}, which cannot be written: {error}",
            key="CULVERT_CACHE",
            value=str(home),
            accepted="a folder that you can write to",
        ) from error


def _wait_for(lock: FileLock, progress: Progress) -> None:
    try:
        lock.acquire(timeout=0)
        return
    except Timeout:
        progress("another process is fetching or building tools: waiting for it")
    while True:
        try:
            lock.acquire(timeout=60, poll_interval=0.2)
            return
        except Timeout:
            progress("still waiting for the other process")


def _place(name: str) -> Path:
    return folder() / "tools" / f"{name}-{CATALOG[name].version}-{this_platform()}"

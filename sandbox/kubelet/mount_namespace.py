"""Run as a program: a command that finds files at paths of a pod's, which nobody else on this machine sees. Linux alone.

    python -I enclosed.py FOLDER '{"/etc/culvert/ca": "/where/it/lies"}' PROGRAM ARGUMENT…

Rules that Cloudflare's edge sends name paths of the pod (`caPool`), and names of Services that no proxy is asked for (`tcp://`, `ssh://`).
Neither can be translated on the way: a connector is to get the very document that the API holds. So the process gets a root of
its own, with this machine's files in it and the pod's on top, in a mount namespace that ends with it. That takes CAP_SYS_ADMIN
or unprivileged user namespaces.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys
from pathlib import Path

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_BIND, _RECURSIVE, _PRIVATE = 1 << 12, 1 << 14, 1 << 18
_PR_SET_PDEATHSIG = 1
Wanted = dict[tuple[str, ...], Path]
"""What is to lie at each path, by the path's parts."""


def main(folder: str, mounts: str, *command: str) -> None:
    here = Path.cwd()
    root = Path(folder)
    wanted = {Path(inside).parts[1:]: Path(lies) for inside, lies in json.loads(mounts).items()}
    _own_mounts()
    root.mkdir(exist_ok=True)
    _mount("tmpfs", root, "tmpfs", 0)
    _furnish(root, Path("/"), wanted)
    os.chroot(root)
    os.chdir(here)
    # Forgotten with the change of privileges: the kernel is to ask us to end when whoever started us is gone.
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(command[0], command)


def _own_mounts() -> None:
    """A mount namespace of this process alone; where that is refused, in a user namespace of its own too."""
    user, group = os.geteuid(), os.getegid()
    try:
        _call("unshare", _NEW_MOUNTS)
    except OSError:
        _call("unshare", _NEW_MOUNTS | _NEW_USER)
        for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path("/proc/self", name).write_text(line)
    _mount("none", Path("/"), "", _RECURSIVE | _PRIVATE)


def _furnish(new: Path, old: Path, wanted: Wanted) -> None:
    """Fills `new` with what lies in `old`, and with what is wanted in its place or besides."""
    deeper: dict[str, Wanted] = {}
    for (first, *rest), lies in wanted.items():
        deeper.setdefault(first, {})[tuple(rest)] = lies
    for entry in os.scandir(old) if old.is_dir() else ():
        if entry.name in deeper:
            continue
        if entry.is_symlink():
            (new / entry.name).symlink_to(os.readlink(entry.path))
        else:
            with contextlib.suppress(OSError):  # gone meanwhile, or of a kind that nobody may bind
                _bind(Path(entry.path), new / entry.name)
    for name, below in deeper.items():
        lies = below.pop((), old / name)
        if below:
            (new / name).mkdir()
            _furnish(new / name, lies, below)
        else:
            _bind(lies, new / name)


def _bind(lies: Path, at: Path) -> None:
    if lies.is_dir():
        at.mkdir()
    else:
        at.touch()
    _mount(str(lies), at, "", _BIND | _RECURSIVE)


def _mount(what: str, at: Path, kind: str, flags: int) -> None:
    _call("mount", what.encode(), os.fsencode(at), kind.encode() or None, ctypes.c_ulong(flags), None)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc(), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, AttributeError) as mistake:
        sys.exit(f"no files of its own: {mistake}")

"""A program that runs a command in a mount namespace with a pod's files at the pod's paths. Linux only.

    python -I mount_namespace.py ROOT '{"/etc/culvert/ca": "/path/on/this/machine"}' PROGRAM ARGUMENT…

Ingress rules name paths of the pod (`caPool`), and Services that are dialled without a proxy (`tcp://`, `ssh://`).
Neither can be translated on the way, because a connector is to get the very document that the API holds. So the process
gets a root of its own, with this machine's files in it and the pod's on top, which no other process sees and which ends
with it. That takes CAP_SYS_ADMIN or unprivileged user namespaces.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
_PR_SET_PDEATHSIG = 1
Mounts = dict[tuple[str, ...], Path]
"""The source of each mount, by the parts of its target path."""


def main(root_folder: str, mounts: str, *command: str) -> None:
    working_directory = Path.cwd()
    root = Path(root_folder)
    targets = {Path(target).parts[1:]: Path(source) for target, source in json.loads(mounts).items()}
    _enter_mount_namespace()
    root.mkdir(exist_ok=True)
    _mount("tmpfs", root, "tmpfs", 0)
    _populate(root, Path("/"), targets)
    os.chroot(root)
    os.chdir(working_directory)
    # The change of credentials has reset this: the kernel is to terminate the process when its parent ends.
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execv(command[0], command)


def _enter_mount_namespace() -> None:
    """Enters a new mount namespace; where that is not permitted, together with a new user namespace."""
    user, group = os.geteuid(), os.getegid()
    try:
        _call("unshare", _CLONE_NEWNS)
    except OSError:
        _call("unshare", _CLONE_NEWNS | _CLONE_NEWUSER)
        for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path("/proc/self", name).write_text(line)
    _mount("none", Path("/"), "", _MS_REC | _MS_PRIVATE)


def _populate(new: Path, old: Path, mounts: Mounts) -> None:
    """Fills `new` with the entries of `old`, and with the mounts in their place or in addition."""
    by_entry: dict[str, Mounts] = {}
    for (entry, *rest), source in mounts.items():
        by_entry.setdefault(entry, {})[tuple(rest)] = source
    for entry in os.scandir(old) if old.is_dir() else ():
        if entry.name in by_entry:
            continue
        if entry.is_symlink():
            (new / entry.name).symlink_to(os.readlink(entry.path))
        else:
            with contextlib.suppress(OSError):  # deleted meanwhile, or of a kind that cannot be bind-mounted
                _bind(Path(entry.path), new / entry.name)
    for entry, below in by_entry.items():
        source = below.pop((), old / entry)
        if below:
            (new / entry).mkdir()
            _populate(new / entry, source, below)
        else:
            _bind(source, new / entry)


def _bind(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir()
    else:
        target.touch()
    _mount(str(source), target, "", _MS_BIND | _MS_REC)


def _mount(source: str, target: Path, kind: str, flags: int) -> None:
    _call("mount", source.encode(), os.fsencode(target), kind.encode() or None, ctypes.c_ulong(flags), None)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc(), name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (OSError, AttributeError) as error:
        sys.exit(f"no mount namespace: {error}")

"""Mount namespaces: a process sees files at a pod's paths, and no other process does."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox.kubelet.__main__ import supports_mount_namespaces
from sandbox.kubelet.process_spec import in_mount_namespace

CAT = shutil.which("cat") or "cat"


@pytest.fixture(autouse=True)
def _supported(tmp_path: Path) -> None:
    if not supports_mount_namespaces(tmp_path / "attempt"):
        pytest.skip("this machine gives processes no mounts of their own")


def read(folder: Path, mounts: dict[str, Path], *paths: str, by: tuple[str, ...] = ()) -> str:
    """The content of these paths for a process with these mounts."""
    command = in_mount_namespace(mounts, folder / "root", [CAT, *paths])
    completed = subprocess.run([*by, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout.strip()


def volume(folder: Path, name: str, **files: str) -> Path:
    path = folder / name
    path.mkdir()
    for file, content in files.items():
        (path / file).write_text(content)
    return path


def test_only_this_process_sees_files_at_the_pods_paths(tmp_path: Path) -> None:
    ca, token = volume(tmp_path, "ca", one="first"), volume(tmp_path, "token", t="second")
    mounts = {"/etc/culvert/ca": ca, "/etc/culvert/token/": token, "/no/such/folder": ca}
    content = read(tmp_path, mounts, "/etc/culvert/ca/one", "/etc/culvert/token/t", "/no/such/folder/one")
    assert content == "firstsecondfirst"
    assert not any(Path(path).exists() for path in ("/etc/culvert", "/no/such"))
    assert list((tmp_path / "root").iterdir()) == []


def test_all_other_files_stay_visible(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("own")
    assert read(tmp_path, {"/etc/culvert/ca": volume(tmp_path, "ca")}, str(own), "/etc/passwd").startswith("ownroot:")


def test_a_single_file_replaces_the_machines(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.130.0.1 blog")
    assert read(tmp_path, {"/etc/hosts": hosts}, "/etc/hosts") == "127.130.0.1 blog"
    assert "127.130.0.1 blog" not in Path("/etc/hosts").read_text()


def test_a_mount_inside_another_one_is_visible_beside_its_files(tmp_path: Path) -> None:
    outer, inner = volume(tmp_path, "outer", a="outer"), volume(tmp_path, "inner", b="inner")
    assert read(tmp_path, {"/etc/x": outer, "/etc/x/y": inner}, "/etc/x/a", "/etc/x/y/b") == "outerinner"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_where_user_namespaces_are_allowed_no_root_is_needed() -> None:
    unprivileged = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    # Not in pytest's own folder, which other users cannot enter.
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        volume(here, "ca", one="first")
        os.chown(here, 65534, 65534)
        for needed in (["unshare", "-Urm", "true"], [sys.executable, "-I", "-c", "pass"]):
            attempt = subprocess.run([*unprivileged, *needed], capture_output=True, text=True, check=False)
            if attempt.returncode:
                pytest.skip(f"an unprivileged user cannot run {needed[0]}: {attempt.stderr.strip()}")
        assert read(here, {"/etc/culvert/ca": here / "ca"}, "/etc/culvert/ca/one", by=unprivileged) == "first"

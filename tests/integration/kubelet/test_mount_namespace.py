"""A process that finds files where a pod would, and nobody else does."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox.kubelet.__main__ import enclosing
from sandbox.kubelet.process_spec import within

CAT = shutil.which("cat") or "cat"


@pytest.fixture(autouse=True)
def _where_it_can_be(tmp_path: Path) -> None:
    if not enclosing(tmp_path / "tried"):
        pytest.skip("this machine gives processes no mounts of their own")


def read(folder: Path, mounts: dict[str, Path], *paths: str, by: tuple[str, ...] = ()) -> str:
    """What a process with these mounts reads at these paths."""
    command = within(mounts, folder / "root", [CAT, *paths])
    done = subprocess.run([*by, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def volume(folder: Path, name: str, **files: str) -> Path:
    made = folder / name
    made.mkdir()
    for file, content in files.items():
        (made / file).write_text(content)
    return made


def test_files_lie_at_the_paths_of_the_pod_for_this_process_alone(tmp_path: Path) -> None:
    ca, token = volume(tmp_path, "ca", one="first"), volume(tmp_path, "token", t="second")
    mounts = {"/etc/culvert/ca": ca, "/etc/culvert/token/": token, "/no/such/folder": ca}
    found = read(tmp_path, mounts, "/etc/culvert/ca/one", "/etc/culvert/token/t", "/no/such/folder/one")
    assert found == "firstsecondfirst"
    assert not any(Path(path).exists() for path in ("/etc/culvert", "/no/such"))
    assert list((tmp_path / "root").iterdir()) == []


def test_everything_else_is_where_it_was(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    assert read(tmp_path, {"/etc/culvert/ca": volume(tmp_path, "ca")}, str(mine), "/etc/passwd").startswith("mineroot:")


def test_a_single_file_takes_the_place_of_the_machines(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.130.0.1 blog")
    assert read(tmp_path, {"/etc/hosts": hosts}, "/etc/hosts") == "127.130.0.1 blog"
    assert "127.130.0.1 blog" not in Path("/etc/hosts").read_text()


def test_a_folder_within_a_folder_is_found_beside_the_others_files(tmp_path: Path) -> None:
    outer, inner = volume(tmp_path, "outer", a="outer"), volume(tmp_path, "inner", b="inner")
    assert read(tmp_path, {"/etc/x": outer, "/etc/x/y": inner}, "/etc/x/a", "/etc/x/y/b") == "outerinner"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try what others may do")
def test_it_takes_no_root_where_user_namespaces_are_allowed() -> None:
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    # Not in pytest's own folder, which nobody else may walk through.
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        volume(here, "ca", one="first")
        os.chown(here, 65534, 65534)
        for needed in (["unshare", "-Urm", "true"], [sys.executable, "-I", "-c", "pass"]):
            tried = subprocess.run([*nobody, *needed], capture_output=True, text=True, check=False)
            if tried.returncode:
                pytest.skip(f"nobody cannot run {needed[0]}: {tried.stderr.strip()}")
        assert read(here, {"/etc/culvert/ca": here / "ca"}, "/etc/culvert/ca/one", by=nobody) == "first"

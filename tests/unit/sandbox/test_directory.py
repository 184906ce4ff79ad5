"""A sandbox's directory: made once, marked as the sandbox's own, and no other directory is changed or deleted."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from sandbox.directory import MARKER, SandboxDirectory, write_private
from sandbox.errors import SandboxError


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _tree(path: Path) -> dict[str, int]:
    return {str(entry.relative_to(path)): _mode(entry) for entry in path.rglob("*")}


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A directory that no sandbox made, with a file in it."""
    path = tmp_path / "foreign"
    path.mkdir(mode=0o755)
    (path / "letter.txt").write_text("mine")
    return path


def test_a_new_directory_is_marked_and_private(tmp_path: Path) -> None:
    directory = SandboxDirectory(tmp_path / "some" / "home").create()
    assert (directory.path / MARKER).is_file()
    assert _mode(directory.path) == 0o700
    assert directory.create().path == directory.path


@pytest.mark.parametrize("action", ["create", "delete"])
def test_a_directory_that_no_sandbox_made_is_neither_used_nor_deleted(foreign: Path, action: str) -> None:
    for path in (foreign, foreign.parent / "link"):
        if path != foreign:
            path.symlink_to(foreign)
        with pytest.raises(SandboxError, match=f"{foreign} is not a directory that a sandbox made") as caught:
            getattr(SandboxDirectory(path), action)()
        assert caught.value.key == "CULVERT_SANDBOX_HOME"
        assert f"touch {foreign / MARKER}" in caught.value.message
    assert _tree(foreign.parent) == {
        "foreign": 0o755,
        "foreign/letter.txt": _mode(foreign / "letter.txt"),
        "link": 0o755,
    }


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_an_empty_directory_that_others_can_enter_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "shared"
    path.mkdir()
    path.chmod(mode)
    with pytest.raises(SandboxError, match="is not a directory that a sandbox made"):
        SandboxDirectory(path).create()
    assert _mode(path) == mode
    assert list(path.iterdir()) == []


def test_an_empty_private_directory_can_become_a_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "temporary"
    path.mkdir(mode=0o700)
    assert (SandboxDirectory(path).create().path / MARKER).is_file()


def test_a_file_is_not_a_directory(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    for action in ("create", "delete"):
        with pytest.raises(SandboxError, match="is not a directory that a sandbox made"):
            getattr(SandboxDirectory(path), action)()
    assert path.read_text() == "mine"


def test_deletion_leaves_nothing_and_follows_no_link(tmp_path: Path, foreign: Path) -> None:
    directory = SandboxDirectory(tmp_path / "home").create()
    (directory.path / "state" / "deep").mkdir()
    (directory.path / "state" / "link").symlink_to(foreign)
    (directory.path / "link").symlink_to(foreign)
    directory.delete()
    directory.delete()
    assert os.listdir(tmp_path) == ["foreign"]
    assert os.listdir(foreign) == ["letter.txt"]


def test_a_killed_deletion_leaves_no_half_and_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = SandboxDirectory(tmp_path / "home [1]").create()

    def kill(_path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("sandbox.directory.shutil.rmtree", kill)
        with pytest.raises(KeyboardInterrupt):
            directory.delete()
    assert not directory.path.exists()
    # One that looks like a remainder, but has no marker.
    (tmp_path / "home [1].deleted-by-hand").mkdir()
    directory.create().delete()
    assert os.listdir(tmp_path) == ["home [1].deleted-by-hand"]


def test_special_characters_are_escaped_in_the_backends_url(tmp_path: Path) -> None:
    url = SandboxDirectory(tmp_path / "a home #1%20?").backend_url
    assert url == f"file://{tmp_path}/a%20home%20%231%2520%3F/state"


def test_a_path_that_kubeconfig_would_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="two paths"):
        SandboxDirectory(tmp_path / "a:b").create()
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_keeps_the_file_and_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key.pem"
    write_private(file, "before")

    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_private(file, "after")
    assert os.listdir(tmp_path) == ["key.pem"]
    assert file.read_text() == "before"
    assert _mode(file) == 0o600


def test_drafts_of_a_killed_process_are_deleted(tmp_path: Path) -> None:
    directory = SandboxDirectory(tmp_path / "home").create()
    (directory.path / "edge").mkdir()
    (directory.path / "edge" / "ca.key.123.draft").write_text("-----BEGIN")
    directory.delete_drafts()
    assert not list(directory.path.rglob("*.draft"))

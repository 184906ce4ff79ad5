"""The comment on a pull request, whose text comes from an artifact that a fork may have written."""

from pathlib import Path

import pytest

from tests.support.github import BOT, GitHub
from tests.support.workflow_runner import PROJECT

HEAD = "a" * 40
FORGED = "<!-- culvert: rehearsal -->\nby another user"


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    folder = tmp_path / "artifact"
    folder.mkdir()
    (folder / "rehearsal.md").write_text("first\n")
    return folder


@pytest.fixture
def github(tmp_path: Path, artifact: Path) -> GitHub:
    github = GitHub(tmp_path / "github", artifact)
    github.push(HEAD)
    return github


def test_each_push_edits_one_comment_and_leaves_all_others(github: GitHub, artifact: Path) -> None:
    github.add_comment("another-user", FORGED)
    github.add_comment(BOT, "of another workflow")
    others = github.comments()
    github.run_comment_workflow(PROJECT, HEAD)
    (artifact / "rehearsal.md").write_text("second\n")
    github.run_comment_workflow(PROJECT, HEAD)
    assert github.comments()[:2] == others
    (comment,) = github.comments()[2:]
    assert "second" in comment["body"]
    assert "first" not in comment["body"]


def test_a_run_for_an_outdated_commit_does_not_comment(github: GitHub) -> None:
    github.push("b" * 40)
    github.run_comment_workflow(PROJECT, HEAD)
    assert github.comments() == []


def test_an_incomplete_rehearsal_is_reported(github: GitHub, artifact: Path) -> None:
    (artifact / "rehearsal.md").write_text("")
    github.run_comment_workflow(PROJECT, HEAD)
    expected = "did not complete: [its log](https://github.com/me/it/actions/runs/42)"
    assert expected in github.comments()[0]["body"]


def test_a_symbolic_link_in_the_artifact_is_not_followed(github: GitHub, artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("of the machine")
    (artifact / "rehearsal.md").unlink()
    (artifact / "rehearsal.md").symlink_to(tmp_path / "private")
    github.run_comment_workflow(PROJECT, HEAD)
    assert "of the machine" not in github.comments()[0]["body"]


def test_a_text_too_long_for_a_comment_is_truncated(github: GitHub, artifact: Path) -> None:
    (artifact / "rehearsal.md").write_text("é" * 70_000)
    github.run_comment_workflow(PROJECT, HEAD)
    body = github.comments()[0]["body"]
    assert 60_000 < len(body) < 65_536
    assert "Truncated" in body
    assert HEAD in body


def test_invalid_utf8_is_tolerated(github: GitHub, artifact: Path) -> None:
    (artifact / "rehearsal.md").write_bytes(b"before \xff after")
    github.run_comment_workflow(PROJECT, HEAD)
    assert "before" in github.comments()[0]["body"]

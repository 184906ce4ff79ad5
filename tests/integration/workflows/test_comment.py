"""The one comment on a pull request, and what a stranger's artifact can make of it: nothing but text."""

from pathlib import Path

import pytest

from tests.support.github import OURS, GitHub
from tests.support.workflow_runner import PROJECT

HEAD = "a" * 40
LOOKS_LIKE_OURS = "<!-- culvert: rehearsal -->\nbut is somebody's"


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


def test_each_push_edits_the_one_comment_and_leaves_those_of_others(github: GitHub, artifact: Path) -> None:
    github.say("somebody", LOOKS_LIKE_OURS)
    github.say(OURS, "of another workflow")
    others = github.comments()
    github.comment(PROJECT, HEAD)
    (artifact / "rehearsal.md").write_text("second\n")
    github.comment(PROJECT, HEAD)
    assert github.comments()[:2] == others
    (ours,) = github.comments()[2:]
    assert "second" in ours["body"]
    assert "first" not in ours["body"]


def test_a_run_that_the_pull_request_has_left_behind_says_nothing(github: GitHub) -> None:
    github.push("b" * 40)
    github.comment(PROJECT, HEAD)
    assert github.comments() == []


def test_a_rehearsal_that_broke_off_is_told_as_such(github: GitHub, artifact: Path) -> None:
    (artifact / "rehearsal.md").write_text("")
    github.comment(PROJECT, HEAD)
    assert (
        "did not come to an end: [what it said](https://github.com/me/it/actions/runs/42)"
        in github.comments()[0]["body"]
    )


def test_a_link_in_the_artifact_shows_no_file_of_the_machine(github: GitHub, artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("of the machine")
    (artifact / "rehearsal.md").unlink()
    (artifact / "rehearsal.md").symlink_to(tmp_path / "private")
    github.comment(PROJECT, HEAD)
    assert "of the machine" not in github.comments()[0]["body"]


def test_a_text_too_long_for_a_comment_is_cut_with_a_word_about_it(github: GitHub, artifact: Path) -> None:
    (artifact / "rehearsal.md").write_text("é" * 70_000)
    github.comment(PROJECT, HEAD)
    body = github.comments()[0]["body"]
    assert 60_000 < len(body) < 65_536
    assert "Cut here" in body
    assert HEAD in body


def test_bytes_that_are_no_text_do_no_harm(github: GitHub, artifact: Path) -> None:
    (artifact / "rehearsal.md").write_bytes(b"before \xff after")
    github.comment(PROJECT, HEAD)
    assert "before" in github.comments()[0]["body"]

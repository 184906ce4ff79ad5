"""The comment on a pull request, whose text comes from an artifact that a fork may have written."""

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.support.github import BOT, REPOSITORY, GitHub
from tests.support.workflow_runner import PROJECT

HEAD = "a" * 40
FORK = "stranger/it"
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


def test_a_run_without_an_artifact_is_reported(github: GitHub, artifact: Path) -> None:
    (artifact / "rehearsal.md").unlink()
    artifact.rmdir()
    github.run_comment_workflow(PROJECT, HEAD)
    assert "did not complete" in github.comments()[0]["body"]


@pytest.mark.parametrize("source", [REPOSITORY, FORK])
def test_a_text_too_long_for_a_comment_is_truncated(github: GitHub, artifact: Path, source: str) -> None:
    (artifact / "rehearsal.md").write_text("é" * 50_000 + "\n" + "a" * 300_000)
    github.push(HEAD, source)
    github.run_comment_workflow(PROJECT, HEAD, source)
    body = github.comments()[0]["body"]
    assert 50_000 < len(body) < 65_536
    assert "Truncated" in body
    assert HEAD in body


@pytest.mark.parametrize("source", [FORK, None])
def test_the_text_of_a_fork_is_quoted_and_said_to_be_its_own(
    github: GitHub, artifact: Path, source: str | None
) -> None:
    text = "~~~\n```\n@owner <img src=x>\n**no changes**\n<!-- culvert: rehearsal -->\n``````"
    (artifact / "rehearsal.md").write_text(text)
    github.push(HEAD, source)
    github.run_comment_workflow(PROJECT, HEAD, source)
    tokens = MarkdownIt("commonmark").parse(github.comments()[0]["body"])
    assert [token.content.rstrip() for token in tokens if token.type == "fence"] == [text]
    outside = "\n".join(token.content for token in tokens if token.type != "fence")
    assert f"Output of code from {'`stranger/it`' if source else 'a fork that was deleted'}." in outside
    assert "@owner" not in outside


def test_a_run_of_a_fork_does_not_comment_on_a_pull_request_of_the_same_commit(github: GitHub) -> None:
    github.run_comment_workflow(PROJECT, HEAD, FORK)
    assert github.comments() == []


def test_invalid_utf8_is_tolerated(github: GitHub, artifact: Path) -> None:
    (artifact / "rehearsal.md").write_bytes(b"before \xff after")
    github.run_comment_workflow(PROJECT, HEAD)
    assert "before" in github.comments()[0]["body"]

"""A GitHub repository for the workflow that comments, with `fake_gh` as its `gh`."""

import json
from pathlib import Path
from typing import Any

from tests.support.workflow_runner import Runner

BOT = "github-actions[bot]"
REPOSITORY = "me/it"


class GitHub:
    """Pull request 7 of `me/it`, and workflow run 42, which rehearsed it; `artifact` is the folder of its artifact."""

    def __init__(self, folder: Path, artifact: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self._file = folder / "github.json"
        self._runs = 0
        self._write({"pulls": [], "comments": [], "issues": [], "artifact": str(artifact), "calls": []})

    def push(self, head: str, source: str | None = REPOSITORY) -> None:
        """Makes that commit of the repository `source` the head of the pull request; None is a deleted fork.

        Another pull request stays open beside it. It has the same head, in another fork.
        """
        repo = None if source is None else {"full_name": source}
        pulls = [
            {"number": 3, "head": {"sha": head, "repo": {"full_name": "a/third"}}},
            {"number": 7, "head": {"sha": head, "repo": repo}},
        ]
        self._write({**self._read(), "pulls": pulls})

    def add_comment(self, login: str, body: str) -> None:
        """Adds a user's comment on the pull request."""
        state = self._read()
        state["comments"].append({"id": len(state["comments"]) + 1, "user": {"login": login}, "body": body})
        self._write(state)

    def comments(self) -> list[dict[str, Any]]:
        return self._read()["comments"]

    def run_comment_workflow(self, repository: Path, head: str, source: str | None = REPOSITORY) -> None:
        """Runs the workflow for a rehearsal of `head`, a commit of the repository `source`."""
        self._runs += 1
        event = {"github.event.workflow_run.id": 42, "github.event.workflow_run.head_sha": head}
        event["github.event.workflow_run.head_repository.full_name"] = source or ""
        context = {"github.token": "limited", **event}
        runner = Runner(self._folder / str(self._runs), repository, context, {"actions/checkout": lambda _: None})
        runner.install("gh", Path(__file__).parent / "fake_gh.py")
        env = {"FAKE_GITHUB": str(self._file), "GITHUB_REPOSITORY": REPOSITORY}
        assert runner.run("comment", "comment", env) == 0, runner.output

    def _read(self) -> dict[str, Any]:
        return json.loads(self._file.read_text())

    def _write(self, state: dict[str, Any]) -> None:
        self._file.write_text(json.dumps(state))

"""A repository at GitHub, of which the workflow that comments knows no better."""

import json
from pathlib import Path
from typing import Any

from tests.support.workflow_runner import Runner

OURS = "github-actions[bot]"


class GitHub:
    """Pull request 7 of `me/it`, and the run 42 that rehearsed it; `artifact` is the folder that the run has left."""

    def __init__(self, folder: Path, artifact: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self._file = folder / "github.json"
        self._plays = 0
        self._write({"pulls": [], "comments": [], "issues": [], "artifact": str(artifact), "calls": []})

    def push(self, head: str) -> None:
        """The pull request now ends in that commit; there is another one, as there always is."""
        pulls = [{"number": 3, "head": {"sha": "1" * 40}}, {"number": 7, "head": {"sha": head}}]
        self._write({**self._read(), "pulls": pulls})

    def say(self, login: str, body: str) -> None:
        """Somebody comments on the pull request."""
        state = self._read()
        state["comments"].append({"id": len(state["comments"]) + 1, "user": {"login": login}, "body": body})
        self._write(state)

    def comments(self) -> list[dict[str, Any]]:
        return self._read()["comments"]

    def comment(self, repository: Path, head: str) -> None:
        """Plays the workflow for a run that rehearsed `head`."""
        self._plays += 1
        event = {"github.event.workflow_run.id": 42, "github.event.workflow_run.head_sha": head}
        context = {"github.token": "limited", **event}
        runner = Runner(self._folder / str(self._plays), repository, context, {"actions/checkout": lambda _: None})
        runner.stand_in("gh", Path(__file__).parent / "fake_gh.py")
        env = {"FAKE_GITHUB": str(self._file), "GITHUB_REPOSITORY": "me/it"}
        assert runner.play("comment", "comment", env) == 0, runner.told

    def _read(self) -> dict[str, Any]:
        return json.loads(self._file.read_text())

    def _write(self, state: dict[str, Any]) -> None:
        self._file.write_text(json.dumps(state))

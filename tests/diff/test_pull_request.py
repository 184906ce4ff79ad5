"""A pull request from start to comment: the workflows' own steps in a repository of the test's own, GitHub by a stand-in."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.diff.snapshot import assert_matches
from tests.workflows.checkouts import checkout, commit, git
from tests.workflows.played import Runner

HERE = Path(__file__).parent
ACCOUNT, ZONE = "0123456789abcdef0123456789abcdef", "89abcdef0123456789abcdef01234567"


def _declare(folder: Path, stack: str, **more: Any) -> None:
    settings = {
        "accountId": ACCOUNT,
        "zones": {"example.com": ZONE},
        "namespace": stack,
        "routes": [{"hostname": f"{stack}.example.com", "service": "http://blog"}],
        **more,
    }
    content = {"config": {f"culvert:{key}": value for key, value in settings.items()}}
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(content))


def _routes(**services: str) -> list[dict[str, str]]:
    return [{"hostname": f"{name}.example.com", "service": f"http://{service}"} for name, service in services.items()]


def _base(folder: Path) -> None:
    for file in folder.glob("Pulumi.*.yaml"):
        file.unlink()
    _declare(folder, "changed", routes=_routes(blog="blog", old="shop"))
    _declare(folder, "gone")
    _declare(
        folder, "moved", zones={"example.org": "a" * 32}, routes=[{"hostname": "m.example.org", "service": "http://a"}]
    )
    # It does not come up: another stack has that hostname.
    _declare(folder, "unlucky", routes=_routes(blog="blog"))
    _declare(folder, "refused-before", connector={"replicas": 99})
    _declare(folder, "refused-now")


def _head(folder: Path) -> None:
    _declare(folder, "changed", routes=_routes(api="api", blog="blog", new="shop"), connector={"replicas": 3})
    (folder / "Pulumi.gone.yaml").unlink()
    _declare(
        folder,
        "moved",
        accountId="f" * 32,
        zones={"example.org": "b" * 32},
        routes=[{"hostname": "m.example.org", "service": "http://a"}],
    )
    _declare(folder, "new")
    _declare(folder, "refused-before")
    _declare(folder, "refused-now", connector={"replicas": 99})
    _declare(folder, "unlucky")


@pytest.fixture
def github(tmp_path: Path) -> Path:
    file = tmp_path / "github.json"
    state = {"pulls": [], "comments": [], "issues": [], "artifact": str(tmp_path / "artifact"), "calls": []}
    state["comments"] = [
        {"id": 1, "user": {"login": "somebody"}, "body": "<!-- culvert: rehearsal -->\nnot ours, but it looks so"},
        {"id": 2, "user": {"login": "github-actions[bot]"}, "body": "of another workflow"},
    ]
    file.write_text(json.dumps(state))
    return file


def _comments(github: Path) -> list[dict[str, Any]]:
    return json.loads(github.read_text())["comments"]


def test_a_pull_request_gets_one_comment_that_says_what_it_does(tmp_path: Path, github: Path) -> None:
    repository = checkout(tmp_path / "repository")
    _base(repository)
    git(repository, "init", "--quiet", "--initial-branch", "main")
    commit(repository, "Base")
    git(repository, "switch", "--quiet", "--create", "change")
    _head(repository)
    head = commit(repository, "Head")
    # What the runner checks out: the merge of both.
    git(repository, "switch", "--quiet", "--detach", "main")
    git(repository, "merge", "--quiet", "--no-ff", "--no-edit", "change")

    def upload(inputs: Any) -> None:
        (tmp_path / "artifact").mkdir(exist_ok=True)
        shutil.copy(repository / inputs["path"], tmp_path / "artifact")

    ignored = ("actions/checkout", "actions/setup-python", "actions/cache")
    actions: dict[str, Any] = {**dict.fromkeys(ignored, lambda _: None), "actions/upload-artifact": upload}
    context = {
        "runner.os": "Linux",
        "runner.arch": "X64",
        "hashFiles('sandbox/tools/**')": "",
        "github.token": "limited",
        "github.event.workflow_run.id": 42,
        "github.event.workflow_run.head_sha": head,
    }
    stranger = Runner(tmp_path / "stranger", repository, context, actions)
    status = stranger.play("pull-request", "rehearse", {})
    said = (tmp_path / "artifact" / "rehearsal.md").read_text()
    # Refused by one of its stacks, which is told with the rest.
    assert status != 0
    assert "refused-now: refused" in said, stranger.told
    assert_matches("rehearsal.md", said)
    assert stranger.summary.read_text() == said
    assert git(repository, "worktree", "list").count("\n") == 0

    _push(github, head)
    trusted = Runner(tmp_path / "trusted", repository, context, actions)
    trusted.stand_in("gh", HERE.parent / "workflows" / "fake_gh.py")
    env = {"FAKE_GITHUB": str(github), "GITHUB_REPOSITORY": "me/it", "PYTHON": "python3"}
    assert trusted.play("comment", "comment", env) == 0, trusted.told
    posted = _comments(github)[2]
    assert said.rstrip() in posted["body"]
    assert head in posted["body"]

    # The next push edits that comment, and leaves those of others.
    before = _comments(github)[:2]
    (tmp_path / "artifact" / "rehearsal.md").write_text("nothing changes any more\n")
    assert trusted.play("comment", "comment", env) == 0, trusted.told
    assert _comments(github)[:2] == before
    assert ["nothing changes any more" in comment["body"] for comment in _comments(github)[2:]] == [True]

    # A run that the pull request has left behind says nothing.
    _push(github, "0" * 40)
    (tmp_path / "artifact" / "rehearsal.md").write_text("late\n")
    assert trusted.play("comment", "comment", env) == 0, trusted.told
    assert ["late" in comment["body"] for comment in _comments(github)[2:]] == [False]


def _push(github: Path, head: str) -> None:
    state = json.loads(github.read_text())
    state["pulls"] = [{"number": 3, "head": {"sha": "1" * 40}}, {"number": 7, "head": {"sha": head}}]
    github.write_text(json.dumps(state))

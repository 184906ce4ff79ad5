"""A pull request from its rehearsal to its comment, by the workflows' own steps in a repository with a fake GitHub."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.support.checkouts import checkout, commit, git
from tests.support.github import GitHub
from tests.support.snapshot import assert_matches
from tests.support.workflow_runner import Runner

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
    # Its update fails: another stack has that hostname.
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


def test_a_pull_request_gets_one_comment_with_its_changes(tmp_path: Path) -> None:
    repository = checkout(tmp_path / "repository")
    _base(repository)
    git(repository, "init", "--quiet", "--initial-branch", "main")
    commit(repository, "Base")
    git(repository, "switch", "--quiet", "--create", "change")
    _head(repository)
    head = commit(repository, "Head")
    # The runner checks out the merge of both.
    git(repository, "switch", "--quiet", "--detach", "main")
    git(repository, "merge", "--quiet", "--no-ff", "--no-edit", "change")

    def upload(inputs: Any) -> None:
        (tmp_path / "artifact").mkdir(exist_ok=True)
        shutil.copy(repository / inputs["path"], tmp_path / "artifact")

    ignored = ("actions/checkout", "actions/setup-python", "actions/cache")
    actions: dict[str, Any] = {**dict.fromkeys(ignored, lambda _: None), "actions/upload-artifact": upload}
    context = {"runner.os": "Linux", "runner.arch": "X64", "hashFiles('sandbox/tools/**')": ""}
    runner = Runner(tmp_path / "runner", repository, context, actions)
    status = runner.run("pull-request", "rehearse", {})
    rehearsal = (tmp_path / "artifact" / "rehearsal.md").read_text()
    # One stack is rejected, and reported with the others.
    assert status != 0
    assert "refused-now: failed" in rehearsal, runner.output
    assert_matches("rehearsals/rehearsal.md", rehearsal)
    assert runner.summary.read_text() == rehearsal
    assert git(repository, "worktree", "list").count("\n") == 0

    github = GitHub(tmp_path / "comment", tmp_path / "artifact")
    github.push(head)
    github.run_comment_workflow(repository, head)
    (posted,) = github.comments()
    assert rehearsal.rstrip() in posted["body"]
    assert head in posted["body"]

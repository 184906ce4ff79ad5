"""The workflows: their permissions, secrets and shell steps."""

import json
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from sandbox import tools
from sandbox.tools.catalog import CATALOG
from tests.support.checkouts import checkout
from tests.support.workflow_runner import PROJECT, WORKFLOWS, Runner, workflow

NAMES = sorted(file.stem for file in WORKFLOWS.glob("*.yml"))
STACK_WORKFLOW = "./.github/workflows/stack.yml"


def _jobs(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from workflow(name)["jobs"].items()


def _uses() -> Iterator[str]:
    for file in WORKFLOWS.glob("*.yml"):
        yield from re.findall(r"^\s*(?:- )?uses: (.+)$", file.read_text(), re.MULTILINE)


def test_the_workflows_pass_actionlint() -> None:
    actionlint = tools.ensure(["actionlint"], print)["actionlint"].path
    completed = subprocess.run(
        [actionlint, "-no-color", *WORKFLOWS.glob("*.yml")], cwd=PROJECT, capture_output=True, text=True
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr


def test_every_action_is_pinned_by_commit_with_its_version_beside_it() -> None:
    pinned = [use for use in _uses() if use != STACK_WORKFLOW]
    assert len(pinned) > 5
    assert [use for use in pinned if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []


def test_an_action_is_pinned_to_one_commit_everywhere() -> None:
    pins = {use.split("@")[0]: set() for use in _uses()}
    for use in _uses():
        pins[use.split("@")[0]].add(use)
    assert {action: versions for action, versions in pins.items() if len(versions) > 1} == {}


def test_code_of_a_fork_never_runs_with_secrets() -> None:
    assert [name for name in NAMES if "pull_request_target" in workflow(name)["on"]] == []
    assert workflow("pull-request")["on"] == "pull_request"
    for name, job in _jobs("pull-request"):
        secrets = "secrets" in job or "${{ secrets." in json.dumps(job) or "environment" in job
        assert secrets == (name == "preview")
    condition = workflow("pull-request")["jobs"]["preview"]["if"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in condition


def test_a_jobs_token_has_only_the_write_permissions_that_it_needs() -> None:
    written: dict[str, dict[str, str]] = {}
    for name in NAMES:
        default = workflow(name).get("permissions")
        # `stack` has the permissions of the workflow that calls it.
        assert default in ({}, {"contents": "read"}) or name == "stack"
        for job, content in _jobs(name):
            permissions = content.get("permissions", {})
            written[f"{name}/{job}"] = {scope: level for scope, level in permissions.items() if level != "read"}
    assert {job: scopes for job, scopes in written.items() if scopes} == {
        "comment/comment": {"pull-requests": "write"},
        "drift/drift": {"issues": "write"},
    }


def test_the_comment_workflow_runs_no_code_of_the_pull_request() -> None:
    job = workflow("comment")["jobs"]["comment"]
    (source,) = [step for step in job["steps"] if "uses" in step]
    assert source["uses"].startswith("actions/checkout@")
    assert source["with"] == {"persist-credentials": False}


def test_no_checkout_persists_its_token() -> None:
    for name in NAMES:
        for _, job in _jobs(name):
            for step in job.get("steps", []):
                if step.get("uses", "").startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False


def test_no_shell_step_has_an_expression_in_it() -> None:
    """An expression in a script is executed as code; in the environment it is only a value."""
    for name in NAMES:
        for _, job in _jobs(name):
            assert [step["run"] for step in job.get("steps", []) if "${{" in step.get("run", "")] == []


def test_environments_are_deployed_one_at_a_time_with_prod_last() -> None:
    jobs = workflow("deploy")["jobs"]
    assert workflow("deploy")["on"] == {"push": {"branches": ["main"]}}
    assert list(jobs) == ["dev", "prod"]
    assert jobs["prod"]["needs"] == "dev"
    for stack, job in jobs.items():
        assert job["with"] == {"target": "up", "stack": stack, "environment": stack}
        assert job["concurrency"] == {"group": f"up-{stack}", "cancel-in-progress": False}


def test_every_stack_of_the_repository_is_previewed_updated_and_checked_for_drift() -> None:
    stacks = sorted(file.name.split(".")[1] for file in PROJECT.glob("Pulumi.*.yaml"))
    assert sorted(workflow("deploy")["jobs"]) == stacks
    assert workflow("pull-request")["jobs"]["preview"]["strategy"]["matrix"]["stack"] == stacks
    assert workflow("drift")["jobs"]["drift"]["strategy"]["matrix"]["stack"] == stacks


def test_the_makefile_has_every_target_that_a_step_calls() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    called = set()
    for name in NAMES:
        for _, job in _jobs(name):
            for step in job.get("steps", []):
                called |= set(re.findall(r"\bmake (?:--silent )?([a-z][a-z-]*)", step.get("run", "")))
            called |= {job["with"]["target"]} if job.get("uses") == STACK_WORKFLOW else set()
    assert called >= {"test", "rehearse", "comment", "preview", "up", "verify", "drift-issue"}
    assert [target for target in called if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


class Live:
    """The workflow `stack`, run with a fake engine and a fake GitHub that record their calls."""

    def __init__(self, folder: Path) -> None:
        self.repository = checkout(folder / "repository")
        shutil.rmtree(self.repository / "ops")
        self.replace_verify("print")
        self.github = folder / "github.json"
        self.github.write_text(json.dumps({"issues": [], "calls": []}))
        self._calls = folder / "calls"
        self.installed: list[str] = []
        self._folder = folder
        self._runs = 0

    def replace_verify(self, action: str) -> None:
        """Replaces `ops` by a program that prints its arguments (`print`), or fails with them (`sys.exit`)."""
        folder = self.repository / "ops"
        folder.mkdir(exist_ok=True)
        (folder / "__main__.py").write_text(f"import sys; {action}(f'running {{sys.argv[1:]}}')")

    def run(
        self, target: str, output: str | bytes = "no changes", status: int = 0, kubeconfig: str = "clusters: []"
    ) -> Runner:
        self._runs += 1
        secrets = {"KUBECONFIG": kubeconfig, "CLOUDFLARE_API_TOKEN": "cf", "PULUMI_ACCESS_TOKEN": "pu"}
        context: dict[str, Any] = {f"secrets.{name}": value for name, value in secrets.items()}
        context |= {"secrets.PULUMI_CONFIG_PASSPHRASE": "", "vars.PULUMI_BACKEND_URL": "", "github.token": "limited"}
        context |= {"inputs.target": target, "inputs.stack": "prod", "inputs.target == 'up'": target == "up"}
        actions: dict[str, Any] = dict.fromkeys(("actions/checkout", "actions/setup-python"), lambda _: None)
        actions["pulumi/actions"] = lambda inputs: self.installed.append(inputs["pulumi-version"])
        runner = Runner(self._folder / str(self._runs), self.repository, context, actions)
        for name in ("gh", "pulumi"):
            runner.install(name, PROJECT / "tests" / "support" / f"fake_{name}.py")
        env = {
            "CI": "true",
            "GITHUB_REPOSITORY": "me/it",
            "FAKE_GITHUB": str(self.github),
            "FAKE_PULUMI": str(self._calls),
        }
        printed = self._folder / str(self._runs) / "printed"
        printed.write_bytes(output if isinstance(output, bytes) else f"{output}\n".encode())
        env |= {"FAKE_PULUMI_OUTPUT": str(printed), "FAKE_PULUMI_EXIT": str(status)}
        self.status = runner.run("stack", "run", env)
        return runner

    def engine_calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._calls.read_text().splitlines()]

    def issues(self) -> list[dict[str, Any]]:
        return json.loads(self.github.read_text())["issues"]


@pytest.fixture
def live(tmp_path: Path) -> Live:
    return Live(tmp_path)


def test_a_preview_shows_the_difference_and_changes_nothing(live: Live) -> None:
    runner = live.run("preview", output="~ 1 to update")
    assert live.status == 0, runner.output
    assert [call["arguments"] for call in live.engine_calls()] == [["preview", "--diff", "--stack", "prod"]]
    assert "## preview prod" in runner.summary.read_text()
    assert "~ 1 to update" in runner.summary.read_text()
    # The engine is the one that rehearsals use.
    assert live.installed == [CATALOG["pulumi"].pinned]


def test_an_update_needs_no_confirmation(live: Live) -> None:
    runner = live.run("up")
    assert live.status == 0, runner.output
    assert [call["arguments"] for call in live.engine_calls()] == [["up", "--stack", "prod", "--yes"]]
    assert "running ['verify', '--stack', 'prod']" in runner.output


def test_a_failed_verification_fails_the_job(live: Live) -> None:
    live.replace_verify("sys.exit")
    runner = live.run("up")
    assert live.status != 0
    assert "running ['verify', '--stack', 'prod']" in runner.output
    assert "running" not in live.run("preview").output


def test_a_failed_update_fails_the_job_and_is_in_its_summary(live: Live) -> None:
    runner = live.run("up", output="error: 1013", status=255)
    assert live.status != 0
    assert "error: 1013" in runner.summary.read_text()
    assert "verifying" not in runner.output


def test_the_engine_gets_its_credentials_and_the_kubeconfig_is_deleted(live: Live) -> None:
    runner = live.run("preview", kubeconfig="clusters: [one]")
    (call,) = live.engine_calls()
    assert (call["CLOUDFLARE_API_TOKEN"], call["PULUMI_ACCESS_TOKEN"]) == ("cf", "pu")
    assert call["KUBECONFIG"] == str(runner.folder / "temp" / "kubeconfig")
    assert not Path(call["KUBECONFIG"]).exists()
    assert "cf" not in runner.output.split()


def test_a_kubeconfig_is_readable_by_its_owner_only(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the step that deletes it.
    content = workflow("stack")
    steps = content["jobs"]["run"]["steps"]
    content["jobs"]["run"]["steps"] = [step for step in steps if step.get("name") != "delete the kubeconfig"]
    monkeypatch.setattr("tests.support.workflow_runner.workflow", lambda _: content)
    runner = live.run("preview", kubeconfig="clusters: [one]")
    file = runner.folder / "temp" / "kubeconfig"
    assert file.read_text() == "clusters: [one]\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_kubeconfig_secret_the_runners_own_is_used(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/of/the/runner")
    live.run("preview", kubeconfig="")
    assert live.engine_calls()[0]["KUBECONFIG"] == "/of/the/runner"


def test_drift_opens_an_issue_then_edits_and_closes_it(live: Live) -> None:
    runner = live.run("drift-issue", output="~ replicas: 2 => 5", status=7)
    assert live.status == 0, runner.output
    assert live.engine_calls()[0]["arguments"] == [
        "preview",
        "--refresh",
        "--expect-no-changes",
        "--json",
        "--stack",
        "prod",
    ]
    (issue,) = live.issues()
    assert issue["title"] == "Drift: prod differs from its stack file"
    assert "replicas: 2 => 5" in issue["body"]

    live.run("drift-issue", output="~ replicas: 2 => 9", status=7)
    (issue,) = live.issues()
    assert "replicas: 2 => 9" in issue["body"]
    assert issue["open"]

    live.run("drift-issue")
    assert [issue["open"] for issue in live.issues()] == [False]

    live.run("drift-issue", status=7)
    assert [issue["open"] for issue in live.issues()] == [False, True]


def test_drift_leaves_the_issues_of_other_accounts(live: Live) -> None:
    title = "Drift: prod differs from its stack file"
    foreign = {"number": 1, "open": True, "title": title, "body": "a question", "user": {"login": "another-user"}}
    live.github.write_text(json.dumps({"issues": [foreign], "calls": []}))
    live.run("drift-issue", output="~ replicas: 2 => 5", status=7)
    assert live.issues()[0] == foreign
    assert "replicas: 2 => 5" in live.issues()[1]["body"]

    live.run("drift-issue")
    assert live.issues()[0] == foreign
    assert not live.issues()[1]["open"]


def test_drift_of_any_bytes_is_quoted(live: Live) -> None:
    output = b"~ comment: \xff\xfe \x1b[31m@owner\x1b[0m\r\n~~~~~~\n<b>bold</b>\n```````\n\x00"
    runner = live.run("drift-issue", output=output, status=7)
    assert live.status == 0, runner.output
    (issue,) = live.issues()
    tokens = MarkdownIt("commonmark").parse(issue["body"])
    assert [token.content for token in tokens if token.type == "fence"] == [
        "~ comment: \ufffd\ufffd @owner\n~~~~~~\n<b>bold</b>\n```````\n\\u{0}\n"
    ]
    assert "@owner" not in "".join(token.content for token in tokens if token.type != "fence")


def test_output_of_any_bytes_is_quoted_in_the_summary(live: Live) -> None:
    runner = live.run("preview", output=b"\xff\n~~~\n# heading\n")
    assert live.status == 0, runner.output
    tokens = MarkdownIt("commonmark").parse(runner.summary.read_text())
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h2"]
    (shown,) = [token.content for token in tokens if token.type == "fence"]
    assert shown.endswith("\ufffd\n~~~\n# heading\n")


def test_a_failed_check_is_not_reported_as_drift(live: Live) -> None:
    runner = live.run("drift-issue", output="error: no credentials", status=3)
    assert live.status != 0
    assert live.issues() == []
    assert "whether there is drift is unknown" in runner.output

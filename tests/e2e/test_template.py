"""`pulumi new` with this repository as the template: three answers make a project that deploys."""

import os
import subprocess
import sys
from pathlib import Path

from sandbox import tools
from tests.e2e.conftest import ACCOUNT, PROJECT, Sandbox
from tests.support.checkouts import checkout

ANSWERS = {"accountId": ACCOUNT, "zones": "template.example", "routes": "www.template.example"}


def test_three_answers_make_a_project_that_deploys(sandbox: Sandbox, tmp_path: Path) -> None:
    repository, site = checkout(tmp_path / "repository"), tmp_path / "site"
    options = ["--name", "shop", "--description", "A shop", "--stack", "dev", "--yes", "--non-interactive"]
    answers = [part for key, value in ANSWERS.items() for part in ("--config", f"culvert:{key}={value}")]
    state = tmp_path / "state"
    state.mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    host = programs / "pulumi-language-python"
    host.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{PROJECT / "tests" / "support" / "language_host.py"}" "$@"\n')
    host.chmod(0o755)
    completed = subprocess.run(
        [sandbox.run("status")["engine"]["path"], "new", repository, "--dir", site, *options, *answers],
        env={
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": str(tmp_path / "pulumi"),
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": "rehearsal",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        },
        capture_output=True,
        text=True,
    )
    assert completed.returncode == 0, completed.stderr

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(sandbox.command(command), cwd=site, env=sandbox.env, capture_output=True, text=True)

    up = run("up")
    assert up.returncode == 0, up.stderr
    assert "culvert-dev" not in up.stdout
    record = sandbox.records()["www.template.example"]
    assert record["comment"] == "shop/dev"
    # Without a cloudflared no connector registers; with one, a pod is ready with its first connection of four.
    states = {"degraded", "healthy"} if tools.find_cloudflared() else {"inactive"}
    assert record["target"] in states
    (site_pod,) = [
        pod
        for pod in sandbox.objects("v1", "Pod", "blog-dev")
        if pod["metadata"]["labels"]["app.kubernetes.io/name"] == "blog"
    ]
    assert site_pod["status"]["phase"] == "Running"
    assert run("destroy").returncode == 0
    assert "www.template.example" not in sandbox.records()

"""`pulumi new` with each template: three answers make a project that deploys."""

import os
import runpy
import subprocess
from pathlib import Path

import pytest
import yaml
from pulumi import automation

from sandbox import tools
from tests.e2e.conftest import ACCOUNT, Sandbox
from tests.support.paths import PROJECT

TEMPLATES = PROJECT / "templates"
HOSTNAME = "www.template.example"


@pytest.fixture
def env(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a shell in the sandbox."""
    variables = sandbox.run("env")
    yaml_host = tools.ensure(["pulumi-language-yaml"], print)["pulumi-language-yaml"].path.parent
    # The Automation API looks the engine up on this process's PATH.
    monkeypatch.setenv("PATH", os.pathsep.join([variables.pop("PATH"), str(yaml_host)]))
    return {**os.environ, **variables}


def new(env: dict[str, str], template: str, folder: Path, answers: dict[str, str]) -> Path:
    """Runs `pulumi new` with these answers, without the installation of packages, which are on the network."""
    named = ["--name", "shop", "--description", "A shop", "--stack", "dev", "--dir", str(folder)]
    given = [part for key, value in answers.items() for part in ("--config", f"{key}={value}")]
    command = ["pulumi", "new", str(TEMPLATES / template), "--generate-only", "--yes", *named, *given]
    completed = subprocess.run(command, env=env, capture_output=True, text=True)
    assert completed.returncode == 0, completed.stderr
    return folder


def test_three_answers_make_a_project_that_deploys(sandbox: Sandbox, env: dict[str, str], tmp_path: Path) -> None:
    answers = {"culvert:accountId": ACCOUNT, "culvert:zones": "template.example", "culvert:routes": HOSTNAME}
    site = new(env, "python", tmp_path / "site", answers)
    assert sorted(file.name for file in site.iterdir() if not file.name.startswith(".")) == [
        "Pulumi.dev.yaml",
        "Pulumi.yaml",
        "__main__.py",
        "requirements.txt",
    ]

    def program() -> None:
        runpy.run_path(str(site / "__main__.py"), run_name="__main__")

    stack = automation.create_or_select_stack(
        "dev",
        "shop",
        program,
        opts=automation.LocalWorkspaceOptions(work_dir=str(site), env_vars=env),
    )
    for key, value in answers.items():
        stack.set_config(key, automation.ConfigValue(value))
    # Creates the account and the zone in the emulated API.
    sandbox.run("env", "--config", str(site / "Pulumi.dev.yaml"))
    try:
        outputs = stack.up().outputs
        assert outputs["publicHostname"].value == HOSTNAME
        assert outputs["tunnelName"].value == "shop-dev"
        assert sandbox.records()[HOSTNAME]["comment"] == "shop/dev"
        pods = sandbox.objects("v1", "Pod", "blog-dev")
        assert "blog" in {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods}
    finally:
        stack.destroy()
    assert HOSTNAME not in sandbox.records()


def test_the_yaml_template_is_the_yaml_example_with_a_package_of_a_release(env: dict[str, str], tmp_path: Path) -> None:
    answers = {"accountId": ACCOUNT, "zone": "template.example", "hostname": HOSTNAME}
    site = new(env, "yaml", tmp_path / "site", answers)
    project = yaml.safe_load((site / "Pulumi.yaml").read_text())
    example = yaml.safe_load((PROJECT / "examples" / "yaml" / "Pulumi.yaml").read_text())
    assert project["resources"]["exposure"].pop("name") == project["name"] == "shop"
    del example["resources"]["exposure"]["name"]
    assert project["resources"] == example["resources"]
    assert project["outputs"] == example["outputs"]
    assert project["config"].keys() - {"pulumi:tags"} == example["config"].keys()

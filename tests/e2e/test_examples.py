"""The examples, brought up: components called from another language, and a stack that reads culvert's outputs."""

import base64
import json
import os
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation

from ops.recover.state import export_state
from tests.e2e.conftest import ACCOUNT, PROJECT, Sandbox, settings
from tests.support.yaml_program import run

EXAMPLES = PROJECT / "examples"
SCHEMA = json.loads((PROJECT / "plugin" / "schema.json").read_text())
Bring = Callable[[str, Callable[[], None], dict[str, str]], automation.Stack]


@pytest.fixture
def bring(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """Brings up a program of project `name` in the sandbox, with culvert's plugin to be found; it is destroyed in the end."""
    # As the engine finds any plugin that is installed: a program of this name on the PATH.
    plugin = tmp_path / "pulumi-resource-culvert"
    plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{PROJECT / "plugin"}" "$@"\n')
    plugin.chmod(0o700)
    env = sandbox.run("env")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{env.pop('PATH', os.environ['PATH'])}")
    stacks: list[automation.Stack] = []

    def bring(name: str, program: Callable[[], None], config: dict[str, str]) -> automation.Stack:
        options = automation.LocalWorkspaceOptions(env_vars=env, work_dir=str(_folder(tmp_path / name)))
        stack = automation.create_or_select_stack("dev", name, program, opts=options)
        stacks.append(stack)
        stack.set_all_config({key: automation.ConfigValue(value) for key, value in config.items()})
        stack.up()
        return stack

    yield bring
    for stack in stacks:
        stack.destroy()


def test_the_yaml_example_brings_up_the_components_of_the_plugin(sandbox: Sandbox, bring: Bring) -> None:
    document = yaml.safe_load((EXAMPLES / "yaml" / "Pulumi.yaml").read_text())
    stack = bring("blog", lambda: run(document, SCHEMA), {"accountId": ACCOUNT})
    assert _outputs(stack) == {"url": "https://blog.example.com", "tunnelName": "blog"}
    assert sandbox.records()["blog.example.com"]["comment"] == "blog/dev"
    (tunnel,) = [tunnel for tunnel in sandbox.state()["tunnels"] if tunnel["name"] == "blog"]
    assert sandbox.records()["blog.example.com"]["content"] == f"{tunnel['id']}.cfargotunnel.com"
    (policy,) = sandbox.objects("networking.k8s.io/v1", "NetworkPolicy", "blog")
    deployments = sandbox.objects("apps/v1", "Deployment", "blog")
    (connector,) = [found for found in deployments if found["metadata"]["name"] == "blog-cloudflared"]
    assert connector["status"]["availableReplicas"] == 2
    assert policy["spec"]["podSelector"] == connector["spec"]["selector"]
    assert policy["spec"]["egress"][-1] == {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "blog"}},
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": "blog"}},
            }
        ],
        "ports": [{"protocol": "TCP", "port": 8080}],
    }
    state = export_state(stack)["deployment"]["resources"]
    assert "Secret blog-token" in _after(state, "Deployment blog-cloudflared")
    assert {"NetworkPolicy blog", "Tunnel blog"} <= _after(state, "Deployment blog-cloudflared")
    assert "Connector blog" in _after(state, "DnsRecord blog-blog.example.com")
    (secret,) = sandbox.objects("v1", "Secret", "blog")
    assert base64.b64decode(secret["data"]["token"]).decode() not in json.dumps(state)


def test_the_probes_follow_the_hostnames_of_another_stack(sandbox: Sandbox, bring: Bring) -> None:
    sandbox.up("examples", settings("examples", namespace="monitoring"))
    program = EXAMPLES / "probes" / "__main__.py"
    config = {"culvert": "organization/culvert/examples", "namespace": "monitoring"}
    stack = bring("probes", lambda: _run(program), config)
    (found,) = [
        found
        for found in sandbox.objects("v1", "ConfigMap", "monitoring")
        if found["metadata"]["name"] == _outputs(stack)["configMap"]
    ]
    assert json.loads(found["data"]["culvert.json"]) == [
        {
            "targets": ["https://examples.example.com"],
            "labels": {"tunnel": "culvert-examples", "namespace": "monitoring"},
        }
    ]


def _outputs(stack: automation.Stack) -> dict[str, Any]:
    return {key: output.value for key, output in stack.outputs().items()}


def _after(state: list[dict[str, Any]], title: str) -> set[str]:
    """What a resource of a state depends on, each as kind and name."""
    (found,) = [resource for resource in state if _title(resource["urn"]) == title]
    return {_title(urn) for urn in found["dependencies"]}


def _title(urn: str) -> str:
    return f"{urn.split('::')[2].rsplit(':', 1)[-1]} {urn.rsplit('::', 1)[-1]}"


def _run(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")


def _folder(path: Path) -> Path:
    path.mkdir()
    return path

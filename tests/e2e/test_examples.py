"""The deployed examples: an exposure from another language, and a stack that reads culvert's outputs."""

import base64
import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation

from ops.recover.state import export_state
from sandbox import tools
from tests.e2e.conftest import ACCOUNT, ZONE, ZONES, Sandbox, settings
from tests.support.node_sdk import write_sdk
from tests.support.paths import PROJECT

EXAMPLES = PROJECT / "examples"
Program = Callable[[], None] | Path
"""A Python program, or the folder of a program in another language."""
Deploy = Callable[[str, Program, dict[str, str]], automation.Stack]


@pytest.fixture
def deploy(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deploy]:
    """Deploys a program as stack `dev` of project `name` in the sandbox, and destroys it at the end.

    The engine finds culvert's plugin and the language hosts on the PATH, as it does installed ones.
    """
    plugin = tmp_path / "pulumi-resource-culvert"
    plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{PROJECT / "plugin"}" "$@"\n')
    plugin.chmod(0o700)
    host = tools.ensure(["pulumi-language-yaml"], print)["pulumi-language-yaml"].path.parent
    env = sandbox.run("env")
    path = env.pop("PATH", os.environ["PATH"])
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), str(host), path]))
    stacks: list[automation.Stack] = []

    def deploy(name: str, program: Program, config: dict[str, str]) -> automation.Stack:
        if isinstance(program, Path):
            options = automation.LocalWorkspaceOptions(env_vars=env)
            stack = automation.create_or_select_stack("dev", work_dir=str(program), opts=options)
        else:
            (tmp_path / name).mkdir()
            options = automation.LocalWorkspaceOptions(env_vars=env, work_dir=str(tmp_path / name))
            stack = automation.create_or_select_stack("dev", name, program, opts=options)
        stacks.append(stack)
        stack.set_all_config({key: automation.ConfigValue(value) for key, value in config.items()})
        stack.up()
        return stack

    yield deploy
    for stack in stacks:
        stack.destroy()


@pytest.fixture
def yaml_example(tmp_path: Path) -> Path:
    """The YAML example without the package's folder, which only a full Pulumi installation can install."""
    document = yaml.safe_load((EXAMPLES / "yaml" / "Pulumi.yaml").read_text())
    del document["packages"]
    folder = tmp_path / "yaml"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return folder


@pytest.fixture
def typescript_example(tmp_path: Path) -> Path:
    """The TypeScript example, compiled against an SDK with the names and types of the package's schema."""
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("npm and Node are not on the PATH")
    folder, source = tmp_path / "typescript", EXAMPLES / "typescript"
    folder.mkdir()
    for name in ("index.ts", "tsconfig.json"):
        shutil.copy(source / name, folder)
    document = yaml.safe_load((source / "Pulumi.yaml").read_text())
    del document["packages"]
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    package = json.loads((source / "package.json").read_text())
    del package["dependencies"]["@pulumi/culvert"]
    (folder / "package.json").write_text(json.dumps({**package, "main": "bin/index.js"}))
    _run_command(["npm", "install", "--no-audit", "--no-fund"], folder)
    write_sdk(json.loads((PROJECT / "plugin" / "schema.json").read_text()), folder / "node_modules/@pulumi/culvert")
    _run_command(["node_modules/.bin/tsc"], folder)
    if not shutil.which("pulumi-language-nodejs"):
        host = tmp_path / "pulumi-language-nodejs"
        host.write_text(
            f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -P -m tests.support.node_language_host "$@"\n'
        )
        host.chmod(0o700)
    return folder


def test_the_typescript_examples_one_resource_is_a_whole_exposure(
    sandbox: Sandbox, deploy: Deploy, typescript_example: Path
) -> None:
    stack = deploy("shop", typescript_example, {"accountId": ACCOUNT, "zoneId": ZONE, "zone": "example.com"})
    outputs = _outputs(stack)
    assert outputs["urls"] == ["https://shop.example.com", "https://api.example.com/v1"]
    assert outputs["tunnelName"] == "shop-dev"
    assert set(outputs["records"]) == {"shop.example.com", "api.example.com"}
    tunnel = _tunnel(sandbox, "shop-dev")
    for hostname in outputs["records"]:
        record = sandbox.records()[hostname]
        assert (record["comment"], record["content"]) == ("shop/dev", f"{tunnel['id']}.cfargotunnel.com")
    (connector,) = sandbox.objects("apps/v1", "Deployment", "shop-dev")
    assert (connector["spec"]["replicas"], connector["status"]["availableReplicas"]) == (3, 3)
    (policy,) = sandbox.objects("networking.k8s.io/v1", "NetworkPolicy", "shop-dev")
    backends = [
        (*_peer_labels(rule["to"][0]), rule["ports"][0]["port"])
        for rule in policy["spec"]["egress"]
        if "app" in rule["to"][0].get("podSelector", {}).get("matchLabels", {})
    ]
    assert sorted(backends) == [("shop", "orders", 3000), ("shop", "storefront", 8080)]


def _peer_labels(peer: dict[str, Any]) -> tuple[str, str]:
    """The namespace, and the label `app` of the pods, of a network policy's peer."""
    namespace = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    return namespace, peer["podSelector"]["matchLabels"]["app"]


def test_the_yaml_examples_one_resource_is_a_whole_exposure(
    sandbox: Sandbox, deploy: Deploy, yaml_example: Path
) -> None:
    stack = deploy("blog", yaml_example, {"accountId": ACCOUNT})
    tunnel = _tunnel(sandbox, "blog")
    record = sandbox.records()["blog.example.com"]
    assert (record["comment"], record["content"]) == ("blog/dev", f"{tunnel['id']}.cfargotunnel.com")
    assert _outputs(stack) == {
        "urls": ["https://blog.example.com"],
        "tunnelName": "blog",
        "tunnelId": tunnel["id"],
        "records": {"blog.example.com": record["id"]},
    }
    (policy,) = sandbox.objects("networking.k8s.io/v1", "NetworkPolicy", "blog")
    deployments = sandbox.objects("apps/v1", "Deployment", "blog")
    (connector,) = [item for item in deployments if item["metadata"]["name"] == "blog-cloudflared"]
    assert connector["status"]["availableReplicas"] == 2
    assert policy["spec"]["podSelector"] == connector["spec"]["selector"]
    # Derived from the route: the port that the sample site's pods listen on, not the Service's.
    assert policy["spec"]["egress"][-1] == {
        "to": [
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "blog"}}, "podSelector": {}},
        ],
        "ports": [{"protocol": "TCP", "port": 8080}],
    }
    state = export_state(stack)["deployment"]["resources"]
    dependencies = _dependencies(state, "Deployment blog-cloudflared")
    assert {
        "Secret blog-token",
        "NetworkPolicy blog-policy",
        "ZeroTrustTunnelCloudflaredConfig blog-rules",
    } <= dependencies
    assert "Deployment blog-cloudflared" in _dependencies(state, "DnsRecord blog-blog.example.com")
    (secret,) = sandbox.objects("v1", "Secret", "blog")
    assert base64.b64decode(secret["data"]["token"]).decode() not in json.dumps(state)
    sandbox.calls()
    assert set(stack.up().summary.resource_changes or {}) == {"same"}
    assert {call["method"] for call in sandbox.calls()} <= {"GET"}


def test_mistakes_in_the_yaml_example_have_the_messages_of_a_stack_file(
    deploy: Deploy, yaml_example: Path, sandbox: Sandbox
) -> None:
    route = {"hostname": "blog.example.org", "service": "http://blog"}
    _change(yaml_example, lambda exposure: exposure.update(routes=[route], connector={"replicas": 0}))
    with pytest.raises(automation.CommandError) as failed:
        deploy("blog", yaml_example, {"accountId": ACCOUNT})
    message = str(failed.value)
    assert 'culvert:routes[0].hostname: "blog.example.org"' in message
    assert "culvert:connector.replicas: 0 must be" in message
    assert "Traceback" not in message
    assert "blog" not in sandbox.tunnels()


@pytest.mark.parametrize(
    ("project", "mistake", "message"),
    [
        ("culvert", {"accountId": "short"}, '"short" is not an id of 32 hex digits'),
        ("Culvert", {}, "objects of the cluster would be named Culvert-dev"),
    ],
)
def test_a_mistake_ends_the_program_with_its_message_alone(
    project: str, mistake: dict[str, str], message: str, deploy: Deploy, sandbox: Sandbox
) -> None:
    good = {"accountId": ACCOUNT, "zones": "example.com", "routes": "blog.example.com"}
    config = {f"culvert:{key}": value for key, value in {**good, **mistake}.items()}
    sandbox.calls()
    with pytest.raises(automation.CommandError) as failed:
        deploy(project, lambda: _run(PROJECT / "__main__.py"), config)
    printed = str(failed.value)
    assert message in printed
    assert "Traceback" not in printed
    assert ".py" not in printed
    assert sandbox.calls() == []


def test_hooks_of_an_exposure_run_in_the_plugin(deploy: Deploy, yaml_example: Path, sandbox: Sandbox) -> None:
    # A zone of its own: one stack owns a zone's rulesets.
    name = "plugin.example"
    zone = ZONES[name]

    def rulesets() -> list[str]:
        return [item["name"] for item in sandbox.api("GET", f"/zones/{zone}/rulesets") if item["kind"] == "zone"]

    waf = {"owns": [name], "rules": [{"name": "sanctions", "countries": ["KP"]}]}
    _change(yaml_example, lambda exposure: exposure.update(waf=waf, zones={name: zone}))
    stack = deploy("blog", yaml_example, {"accountId": ACCOUNT, "hostname": f"blog.{name}"})
    assert rulesets() == ["blog-http_request_firewall_custom"]
    _change(yaml_example, lambda exposure: exposure.pop("waf"))
    stack.up()
    assert rulesets() == []


def test_a_foreign_record_stops_the_yaml_example(deploy: Deploy, yaml_example: Path, sandbox: Sandbox) -> None:
    foreign = {"name": "taken.example.com", "type": "A", "content": "203.0.113.7"}
    sandbox.api("POST", f"/zones/{ZONE}/dns_records", foreign)
    with pytest.raises(automation.CommandError) as failed:
        deploy("blog", yaml_example, {"accountId": ACCOUNT, "hostname": "taken.example.com"})
    message = str(failed.value)
    assert 'culvert:routes[0].hostname: "taken.example.com"' in message
    assert "203.0.113.7" in message
    assert "Traceback" not in message
    assert "blog" not in sandbox.tunnels()


def test_the_probes_example_reads_the_hostnames_of_another_stack(sandbox: Sandbox, deploy: Deploy) -> None:
    sandbox.up("examples", settings("examples", namespace="monitoring"))
    program = EXAMPLES / "probes" / "__main__.py"
    config = {"culvert": "organization/culvert/examples", "namespace": "monitoring"}
    stack = deploy("probes", lambda: _run(program), config)
    (config_map,) = [
        item
        for item in sandbox.objects("v1", "ConfigMap", "monitoring")
        if item["metadata"]["name"] == _outputs(stack)["configMap"]
    ]
    assert json.loads(config_map["data"]["culvert.json"]) == [
        {
            "targets": ["https://examples.example.com"],
            "labels": {"tunnel": "culvert-examples", "namespace": "monitoring"},
        }
    ]


def _change(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the properties of the exposure in a YAML program."""
    file = folder / "Pulumi.yaml"
    document = yaml.safe_load(file.read_text())
    change(document["resources"]["exposure"]["properties"])
    file.write_text(yaml.safe_dump(document, sort_keys=False))


def _tunnel(sandbox: Sandbox, name: str) -> dict[str, Any]:
    # Deleted ones stay listed.
    tunnels = sandbox.state()["tunnels"]
    (found,) = [tunnel for tunnel in tunnels if tunnel["name"] == name and not tunnel["deleted_at"]]
    return found


def _run_command(command: list[str], folder: Path) -> None:
    completed = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert completed.returncode == 0, completed.stdout[-3000:] + completed.stderr[-3000:]


def _outputs(stack: automation.Stack) -> dict[str, Any]:
    return {key: output.value for key, output in stack.outputs().items()}


def _dependencies(state: list[dict[str, Any]], title: str) -> set[str]:
    """A resource's dependencies in a state, each as kind and name."""
    (dependent,) = [resource for resource in state if _title(resource["urn"]) == title]
    return {_title(urn) for urn in dependent["dependencies"]}


def _title(urn: str) -> str:
    return f"{urn.split('::')[2].rsplit(':', 1)[-1]} {urn.rsplit('::', 1)[-1]}"


def _run(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")

"""The policy pack as a process, called as the engine calls it."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import psutil
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import analyzer_pb2 as protocol
from pulumi.runtime.proto import analyzer_pb2_grpc

from policy.rules import ALL
from tests.support.policy_stacks import PROJECT

TUNNEL = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
SECRET = {rpc._special_sig_key: rpc._special_secret_sig}


@pytest.fixture(params=[["policy"], ["-m", "pulumi.policy", "127.0.0.1:1", "policy"]], ids=["folder", "module"])
def pack(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A client of the pack, which engines start in two ways."""
    command = [sys.executable, "-u", *request.param]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.terminate()
            assert process.wait(20) == 0


def resource(type_: str, properties: dict[str, Any], protect: bool = False, urn: str = "urn") -> dict[str, Any]:
    message = struct_pb2.Struct()
    message.update(properties)
    options = protocol.AnalyzerResourceOptions(protect=protect)
    return {"type": type_, "name": "it", "urn": urn, "properties": message, "options": options}


def configure(pack: Any, **levels: Any) -> None:
    policies = {name.replace("_", "-"): protocol.PolicyConfig(enforcementLevel=level) for name, level in levels.items()}
    pack.Configure(protocol.ConfigureAnalyzerRequest(policyConfig=policies))


def test_the_pack_lists_every_rule_with_its_options(pack: Any) -> None:
    info = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert (info.name, info.supportsConfig) == ("culvert", True)
    assert {policy.name for policy in info.policies} == {rule.name for rule in ALL}
    assert all(policy.description and policy.remediation_steps for policy in info.policies)
    options = {policy.name: set(policy.configSchema.properties) for policy in info.policies}
    assert options == {rule.name: set(rule.options) for rule in ALL}


def test_the_pack_tells_secrets_from_plain_values_and_known_from_unknown_ones(pack: Any) -> None:
    def told(value: Any) -> list[str]:
        found = pack.Analyze(protocol.AnalyzeRequest(**resource(TUNNEL, {"tunnelSecret": value}, protect=True)))
        return [diagnostic.policyName for diagnostic in found.diagnostics]

    assert told("c" * 44) == ["token-stays-secret"]
    assert told({**SECRET, "value": "c" * 44}) == []
    assert told(rpc.UNKNOWN) == []


def test_the_pack_reads_which_changes_are_ignored(pack: Any) -> None:
    labels = {"app.kubernetes.io/name": "cloudflared", "app.kubernetes.io/part-of": "culvert"}
    containers = [{"name": "cloudflared", "image": "cloudflare/cloudflared", "args": ["tunnel", "run"]}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    found = resource("kubernetes:apps/v1:Deployment", {"spec": {"replicas": 1, "template": template}})
    for ignored, broken in ((["spec.paused"], True), (["spec.replicas"], False)):
        found["options"] = protocol.AnalyzerResourceOptions(ignoreChanges=ignored)
        violated = {each.policyName for each in pack.Analyze(protocol.AnalyzeRequest(**found)).diagnostics}
        assert ("connector-is-redundant" in violated) == broken


def test_enforcement_levels_follow_the_configuration(pack: Any) -> None:
    tunnel = protocol.AnalyzeRequest(**resource(TUNNEL, {}))
    for level in (protocol.MANDATORY, protocol.ADVISORY):
        configure(pack, tunnel_is_protected=level)
        (diagnostic,) = pack.Analyze(tunnel).diagnostics
        assert diagnostic.enforcementLevel == level
    assert "What to do: " in diagnostic.message
    configure(pack, tunnel_is_protected=protocol.DISABLED)
    assert not pack.Analyze(tunnel).diagnostics


def test_an_unknown_rule_is_rejected(pack: Any) -> None:
    with pytest.raises(grpc.RpcError, match="unknown policy rule: tunnel-is-protcted; "):
        configure(pack, tunnel_is_protcted=protocol.MANDATORY)


def test_a_stack_rule_reports_at_the_end_and_names_the_resource(pack: Any) -> None:
    rule = {"hostname": "new.example.com", "service": "http://blog.blog"}
    kind = "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig"
    open_to_all = resource(kind, {"config": {"ingresses": [rule]}}, urn="urn:of-the-rules")
    assert not pack.Analyze(protocol.AnalyzeRequest(**open_to_all)).diagnostics
    together = protocol.AnalyzeStackRequest(resources=[protocol.AnalyzerResource(**open_to_all)])
    (diagnostic,) = pack.AnalyzeStack(together).diagnostics
    assert (diagnostic.policyName, diagnostic.urn) == ("routes-require-access", "urn:of-the-rules")
    routes = '[{"hostname": "new.example.com", "public": true}]'
    pack.ConfigureStack(protocol.AnalyzerStackConfigureRequest(config={"culvert:routes": routes}))
    assert not pack.AnalyzeStack(together).diagnostics


def test_the_pack_exits_with_its_engine_even_if_that_was_killed() -> None:
    engine = [sys.executable, "-c", "import subprocess, sys; subprocess.run([sys.executable, '-u', 'policy'])"]
    with subprocess.Popen(engine, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert int(process.stdout.readline()) > 0
        (pack,) = psutil.Process(process.pid).children()
        process.kill()
        process.wait()
        gone, alive = psutil.wait_procs([pack], timeout=20)
    assert (gone, alive) == ([pack], [])

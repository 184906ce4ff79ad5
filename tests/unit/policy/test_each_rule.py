"""Each rule against a valid stack, and against that stack with one fault that only this rule reports."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from policy.rules import ALL
from policy.stack import Resource, Stack
from tests.support.policy_stacks import changed, judged

Properties = dict[str, Any]

TUNNEL = "ZeroTrustTunnelCloudflared"
RULES = "ZeroTrustTunnelCloudflaredConfig"
TOKEN = base64.b64encode(json.dumps({"a": "0" * 32, "t": "tunnel", "s": "c2VjcmV0"}).encode()).decode()


def secret_of(stack: Stack) -> str:
    """The tunnel's secret, in base64."""
    return stack.every(TUNNEL)[0].properties["tunnelSecret"]


def pod(properties: Properties) -> Properties:
    return properties["spec"]["template"]["spec"]


def container(properties: Properties) -> Properties:
    return pod(properties)["containers"][0]


@dataclass(frozen=True)
class Bad:
    """A fault, and the rule that reports it."""

    what: str
    rule: str
    make: Callable[[Stack], Stack]

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


def bad(what: str, rule: str, kind: str, change: Callable[[Properties], object], name: str = "") -> Bad:
    """Resources of a kind changed."""

    def make(stack: Stack) -> Stack:
        return changed(stack, kind, lambda properties: (change(properties), None)[1], name)

    return Bad(what, rule, make)


def without(stack: Stack, kind: str) -> Stack:
    return replace(stack, resources=tuple(resource for resource in stack.resources if resource.kind != kind))


def egress(*rules: Properties) -> Callable[[Properties], object]:
    return lambda policy: policy["spec"]["egress"].extend(rules)


def block(cidr: str, *excepted: str, port: int = 443) -> Properties:
    return {"to": [{"ipBlock": {"cidr": cidr, "except": list(excepted)}}], "ports": [{"protocol": "TCP", "port": port}]}


def ingress(**rule: Any) -> Callable[[Properties], object]:
    """The rule of blog.example.com changed."""

    def change(properties: Properties) -> None:
        rules = properties["config"]["ingresses"]
        next(found for found in rules if found.get("hostname") == "blog.example.com").update(rule)

    return change


def isolation() -> list[Bad]:
    rule = "connector-has-network-policy"
    policy = "NetworkPolicy"
    return [
        Bad("no policy at all", rule, lambda stack: without(stack, policy)),
        bad(
            "labels of other pods", rule, policy, lambda p: p["spec"]["podSelector"]["matchLabels"].update(app="other")
        ),
        bad("another namespace", rule, policy, lambda p: p["metadata"].update(namespace="other")),
        bad("egress left open", rule, policy, lambda p: p["spec"].update(policyTypes=["Ingress"])),
        bad("ingress left open", rule, policy, lambda p: p["spec"].update(policyTypes=["Egress"])),
        bad("pods relabelled", rule, "Deployment", lambda p: p["spec"]["template"]["metadata"].update(labels={})),
    ]


def outside() -> list[Bad]:
    rule = "no-private-egress"
    policy = "NetworkPolicy"
    private = ("10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12")
    return [
        bad("a private range", rule, policy, egress(block("10.0.0.0/8"))),
        bad("one private address that no route names", rule, policy, egress(block("10.1.2.3/32"))),
        bad("IPv6 private addresses", rule, policy, egress(block("fd00::/8"))),
        bad("the internet less what the guide excepts", rule, policy, egress(block("0.0.0.0/0", *private))),
        bad("cloud metadata", rule, policy, egress(block("169.254.169.254/32", port=80))),
        bad("NodeLocal DNS on another port", rule, policy, egress(block("169.254.20.10/32", port=443))),
        bad("ports without a destination", rule, policy, egress({"ports": [{"protocol": "TCP", "port": 443}]})),
        bad(
            "every pod of every namespace", rule, policy, egress({"to": [{"namespaceSelector": {}, "podSelector": {}}]})
        ),
    ]


def token() -> list[Bad]:
    rule = "token-stays-secret"
    deployment, config_map = "Deployment", "ConfigMap"
    variable = {"name": "TUNNEL_TOKEN", "value": TOKEN}

    def exported(stack: Stack) -> Stack:
        return changed(stack, "Stack", lambda outputs: outputs.update(secret=secret_of(stack)))

    def bytes_(stack: Stack) -> Stack:
        value = {"length": 32, "base64": secret_of(stack)}
        made = Resource("random:index/randomBytes:RandomBytes", "secret", value, {"length": 32, "base64": None})
        return replace(stack, resources=(*stack.resources, made))

    def mapped(stack: Stack) -> Stack:
        data = {"metadata": {"namespace": "blog-prod"}, "data": {"key": f"secret={secret_of(stack)}"}}
        shown = {"metadata": {"namespace": "blog-prod"}, "data": None}
        made = Resource(f"kubernetes:core/v1:{config_map}", "config", data, shown)
        return replace(stack, resources=(*stack.resources, made))

    return [
        bad("in a variable", rule, deployment, lambda p: container(p)["env"].append(variable)),
        bad(
            "in a variable of another name",
            rule,
            deployment,
            lambda p: container(p)["env"].append({"name": "X", "value": TOKEN}),
        ),
        bad(
            "in an argument", rule, deployment, lambda p: container(p).update(args=["tunnel", "run", "--token", "$(X)"])
        ),
        bad("in an annotation", rule, deployment, lambda p: p["metadata"].update(annotations={"token": TOKEN})),
        bad(
            "encoded twice in a label",
            rule,
            "Service",
            lambda p: p["metadata"].update(labels={"t": base64.b64encode(TOKEN.encode()).decode()}),
        ),
        bad("Secret not marked", rule, "Secret", lambda p: p.update(stringData={"token": TOKEN})),
        bad(
            "Secret's data not marked", rule, "Secret", lambda p: p.update(data={"token": "c2hvcnQ="}, stringData=None)
        ),
        bad("tunnel's secret not marked", rule, TUNNEL, lambda p: p.update(tunnelSecret="c" * 44)),
        bad("token in an output", rule, "Stack", lambda p: p.update(token=TOKEN)),
        Bad("tunnel's secret in an output", rule, exported),
        Bad("tunnel's secret in a ConfigMap, marked", rule, mapped),
        Bad("tunnel's secret made of RandomBytes", rule, bytes_),
    ]


def others() -> list[Bad]:
    public = "routes-require-access"
    unverified = {"service": "https://blog.blog-prod.svc.cluster.local:443", "originRequest": {"noTlsVerify": True}}
    verified_not = "origins-are-verified"
    return [
        bad(
            "an image by tag",
            "images-by-digest",
            "Deployment",
            lambda p: container(p).update(image="cloudflare/cloudflared:1"),
        ),
        bad(
            "an init container's image",
            "images-by-digest",
            "Deployment",
            lambda p: pod(p).update(initContainers=[{**container(p), "image": "x"}]),
        ),
        bad("one replica", "connector-is-redundant", "Deployment", lambda p: p["spec"].update(replicas=1)),
        bad("replicas left out", "connector-is-redundant", "Deployment", lambda p: p["spec"].pop("replicas")),
        bad("certificate not verified", verified_not, RULES, ingress(**unverified)),
        bad(
            "no certificate verified",
            verified_not,
            RULES,
            lambda p: (
                ingress(service=unverified["service"])(p),
                p["config"].update(originRequest={"noTlsVerify": True}),
            ),
        ),
        bad("not proxied", "records-are-proxied", "DnsRecord", lambda p: p.update(proxied=False), "-blog.example.com"),
        bad("proxied left out", "records-are-proxied", "DnsRecord", lambda p: p.pop("proxied"), "-blog.example.com"),
        bad(
            "a hostname nobody spoke of",
            public,
            RULES,
            ingress(hostname="new.example.com", service="http://blog.blog-prod"),
        ),
        bad(
            "a rule for every hostname",
            public,
            RULES,
            lambda p: p["config"]["ingresses"][-1].update(service="http://blog.blog-prod"),
        ),
        Bad(
            "not protected",
            "tunnel-is-protected",
            lambda stack: replace(stack, resources=tuple(replace(r, protect=False) for r in stack.resources)),
        ),
        bad(
            "may run as root",
            "pods-are-restricted",
            "Deployment",
            lambda p: pod(p)["securityContext"].pop("runAsNonRoot"),
        ),
    ]


BAD = [*isolation(), *outside(), *token(), *others()]


def test_a_valid_stack_violates_no_rule(good: Stack) -> None:
    assert len(good.resources) > 15
    assert [str(violation) for violation in judged(good, "prod")] == []


@pytest.mark.parametrize("case", BAD, ids=str)
def test_each_fault_violates_exactly_its_rule(good: Stack, case: Bad) -> None:
    found = judged(case.make(good), "prod")
    assert {violation.rule.name for violation in found} == {case.rule}, [str(violation) for violation in found]


def test_every_rule_has_a_fault_that_violates_it() -> None:
    assert {case.rule for case in BAD} == {rule.name for rule in ALL}


@pytest.mark.parametrize("case", token(), ids=str)
def test_no_message_contains_the_secret(good: Stack, case: Bad) -> None:
    stack = case.make(good)
    told = " ".join(str(violation) for violation in judged(stack, "prod"))
    assert told
    assert TOKEN not in told
    assert secret_of(stack) not in told
    assert TOKEN not in repr(stack)
    assert secret_of(stack) not in repr(stack)

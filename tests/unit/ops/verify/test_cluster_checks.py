"""Checks of Deployment, pods, token, network policy and connectors, passing and failing."""

import base64
import json
from copy import deepcopy
from typing import Any

import pytest

from clients.errors import CheckUnavailable
from components.network_policy.engines import engine_of
from ops.expected_stack import ExpectedStack
from ops.verify.checks import connector, network_policy, token
from ops.verify.checks import deployment as deployment_check
from ops.verify.declared_policy import expected_spec
from ops.verify.result import CheckResult, Status
from settings import Settings

IMAGE = "cloudflare/cloudflared:1@sha256:0"
LABELS = {"app.kubernetes.io/name": "cloudflared", "app.kubernetes.io/instance": "culvert-dev"}
SETTINGS = {
    "accountId": "0123456789abcdef0123456789abcdef",
    "zones": {"example.com": None},
    "namespace": "blog",
    "routes": [{"hostname": "a.example.com", "service": "http://blog"}],
}
DECLARED = ExpectedStack("dev", "culvert-dev", Settings.parse(SETTINGS))


def _deployment(replicas: int = 2, image: str = IMAGE, name: str = "cloudflared") -> dict[str, Any]:
    containers = [{"name": "helper", "image": "other"}, {"name": name, "image": image}]
    return {"spec": {"replicas": replicas, "template": {"spec": {"containers": containers}}}}


@pytest.mark.parametrize(
    ("deployment", "status", "observed"),
    [
        (_deployment(), Status.PASSED, "as"),
        (None, Status.FAILED, "does not exist"),
        (_deployment(3), Status.FAILED, "replicas: 3, declared: 2"),
        (_deployment(0), Status.FAILED, "replicas: 0, declared: 2"),
        (_deployment(image="cloudflare/cloudflared:latest"), Status.FAILED, "image cloudflare/cloudflared:latest"),
        (_deployment(name="tunnel"), Status.FAILED, "image none"),
    ],
)
def test_the_deployment_is_as_declared(deployment: dict | None, status: Status, observed: str) -> None:
    found = deployment_check.matches("culvert-dev-cloudflared", deployment, 2, IMAGE)
    assert found.status is status
    assert (observed if status is Status.FAILED else "2 replicas") in found.observed


def test_external_replicas_are_any_number_but_none() -> None:
    for replicas, status in ((1, Status.PASSED), (7, Status.PASSED), (0, Status.FAILED)):
        found = deployment_check.matches("culvert-dev-cloudflared", _deployment(replicas), None, IMAGE)
        assert (found.status, str(replicas) in found.observed) == (status, True)
    other = _deployment(image="other")
    assert deployment_check.matches("culvert-dev-cloudflared", other, None, IMAGE).status is Status.FAILED


def _pod(name: str = "a", ready: str = "True", waiting: str = "", **labels: str) -> dict[str, Any]:
    state = {"waiting": {"reason": waiting}} if waiting else {}
    return {
        "metadata": {"name": name, "labels": labels or LABELS},
        "spec": {"volumes": []},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": "cloudflared", "ready": ready == "True", "restartCount": 1, "state": state}],
        },
    }


def _statuses(results: list[CheckResult]) -> list[Status]:
    return [each.status for each in results]


def test_ready_pods_pass_and_others_are_named() -> None:
    assert _statuses(deployment_check.are_ready("d", 2, [_pod(), _pod("b")])) == [Status.PASSED, Status.PASSED]
    found = deployment_check.are_ready("d", 2, [_pod(), _pod("b", "False")])
    assert _statuses(found) == [Status.PASSED, Status.FAILED]
    assert found[1].subject == "b"


@pytest.mark.parametrize(
    ("waiting", "cause"),
    [
        ("ImagePullBackOff", "image cannot be pulled"),
        ("ErrImagePull", "image cannot be pulled"),
        ("CrashLoopBackOff", "token"),
        ("CreateContainerConfigError", "Secret"),
        ("", "7844"),
    ],
)
def test_the_cause_is_read_from_what_the_container_waits_for(waiting: str, cause: str) -> None:
    (found,) = deployment_check.are_ready("d", 1, [_pod(ready="False", waiting=waiting)])
    assert cause in found.cause
    assert waiting in found.observed


def test_a_pod_that_fits_no_node_says_why() -> None:
    pod = {
        "metadata": {"name": "a"},
        "status": {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes"}]},
    }
    (found,) = deployment_check.are_ready("d", 1, [pod])
    assert "0/3 nodes" in found.observed
    assert "no node" in found.cause


def test_missing_pods_are_reported_and_terminating_ones_do_not_count() -> None:
    leaving = _pod("b", "False")
    leaving["metadata"]["deletionTimestamp"] = "now"
    assert _statuses(deployment_check.are_ready("d", 2, [_pod(), leaving])) == [Status.PASSED, Status.FAILED]
    assert _statuses(deployment_check.are_ready("d", 0, [])) == [Status.SKIPPED]


def test_a_connector_is_known_by_its_labels_or_by_its_token() -> None:
    pod = _pod(other="x")
    assert not deployment_check.is_connector(pod, LABELS, "culvert-dev")
    pod["spec"]["volumes"] = [{"name": "culvert-token", "secret": {"secretName": "culvert-dev-token-1a2b"}}]
    assert deployment_check.is_connector(pod, LABELS, "culvert-dev")
    assert not deployment_check.is_connector(pod, LABELS, "culvert-prod")
    assert deployment_check.is_connector(_pod(), LABELS, "culvert-dev")


def _token(order: str = "ats") -> str:
    parts = {"a": "0" * 32, "t": "42a2735e-7321-4001-9771-6625acdc4661", "s": base64.b64encode(b"s" * 32).decode()}
    return base64.b64encode(json.dumps({key: parts[key] for key in order}).encode()).decode()


def _with(path: list[Any], value: str) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "kind": "Pod",
        "metadata": {"name": "a", "annotations": {}, "labels": {}},
        "spec": {"containers": [{"env": [{}]}]},
    }
    place: Any = pod
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return pod


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["spec", "containers", 0, "env", 0, "value"], _token()),
        (["spec", "containers", 0, "args"], ["tunnel", "run", "--token", _token()]),
        (["spec", "containers", 0, "command"], ["sh", "-c", f"cloudflared tunnel run --token={_token('sta')}"]),
        (["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"], f'{{"x":"{_token()}"}}'),
        (["metadata", "annotations", "note"], _token("tas").rstrip("=")),
    ],
)
def test_a_token_is_found_anywhere_and_never_shown(path: list, value: Any) -> None:
    (found,) = token.is_hidden([_with(path, value)])
    assert found.status is Status.FAILED
    assert path[0] in found.observed
    assert _token()[:40] not in repr(found)
    assert _token("sta")[:40] not in repr(found)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "/etc/culvert/token/token",
        base64.b64encode(json.dumps({"alg": "RS256", "kid": "k" * 60}).encode()).decode(),
        "eyJ" + "a" * 90,
    ],
)
def test_a_text_that_only_looks_like_a_token_passes(value: str) -> None:
    (found,) = token.is_hidden([_with(["spec", "containers", 0, "env", 0, "value"], value)])
    assert found.status is Status.PASSED


def _expected(engine: str, preset: str = "strict") -> ExpectedStack:
    policy = {"engine": engine, "preset": preset, "metricsFrom": "monitoring"}
    return ExpectedStack("dev", "culvert-dev", Settings.parse({**SETTINGS, "networkPolicy": policy}))


def _policy(
    name: str = "own", labels: dict | None = None, stack: ExpectedStack = DECLARED, **spec: Any
) -> dict[str, Any]:
    own = {"app.kubernetes.io/instance": "culvert-dev", "app.kubernetes.io/part-of": "culvert"}
    engine = engine_of(stack.settings.network_policy.engine)
    return {
        "apiVersion": engine.api_version,
        "kind": engine.kind,
        "metadata": {"name": name, "namespace": "blog", "labels": own if labels is None else labels},
        "spec": {**deepcopy(expected_spec(stack)), **spec},
    }


@pytest.mark.parametrize(
    ("policies", "status", "observed"),
    [
        ([_policy()], Status.PASSED, "egress and ingress"),
        ([_policy(podSelector={})], Status.PASSED, "egress and ingress"),
        (
            [
                _policy(
                    podSelector={
                        "matchExpressions": [
                            {"key": "app.kubernetes.io/name", "operator": "In", "values": ["cloudflared"]}
                        ]
                    }
                )
            ],
            Status.PASSED,
            "egress and ingress",
        ),
        ([], Status.FAILED, "no policy"),
        ([_policy(labels={})], Status.FAILED, "no policy"),
        ([_policy(podSelector={"matchLabels": {"app": "x"}})], Status.FAILED, "does not restrict Egress and Ingress"),
        (
            [
                _policy(
                    podSelector={"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "DoesNotExist"}]}
                )
            ],
            Status.FAILED,
            "does not restrict",
        ),
        ([_policy(policyTypes=["Ingress"])], Status.FAILED, "does not restrict Egress"),
    ],
)
def test_the_policy_selects_every_pod(policies: list, status: Status, observed: str) -> None:
    results = network_policy.selects_all(policies, [_pod(), _pod("b")], "culvert-dev", LABELS)
    assert _statuses(results) == [status, status]
    assert observed in results[0].observed


def test_one_pod_outside_the_policy_is_named() -> None:
    results = network_policy.selects_all([_policy()], [_pod(), _pod("b", app="x")], "culvert-dev", LABELS)
    assert [each.subject for each in results if each.status is Status.FAILED] == ["b"]
    unlabelled = _pod("c")
    unlabelled["metadata"]["labels"] = {"app.kubernetes.io/name": "cloudflared"}
    (found,) = network_policy.selects_all([_policy()], [unlabelled], "culvert-dev", LABELS)
    assert found.fault == "pod without its labels"
    assert found.commands == ("kubectl -n {namespace} delete pod c",)
    assert _statuses(network_policy.selects_all([_policy()], [], "culvert-dev", LABELS)) == [Status.SKIPPED]


def _allowing(policies: list[dict[str, Any]], stack: ExpectedStack) -> CheckResult:
    """The only result of the policies' rules, for one pod."""
    expected = expected_spec(stack)
    (found,) = network_policy.allow_only(policies, [_pod()], "culvert-dev", expected)
    return found


CALICO, CILIUM = _expected("calico"), _expected("cilium", "guide")


@pytest.mark.parametrize(
    ("stack", "changes", "status", "observed"),
    [
        (CALICO, {}, Status.PASSED, "egress and ingress"),
        (
            CALICO,
            {"selector": "app.kubernetes.io/name == 'other'"},
            Status.FAILED,
            "does not restrict Egress and Ingress",
        ),
        (CALICO, {"types": ["Ingress"]}, Status.FAILED, "does not restrict Egress"),
        (CILIUM, {}, Status.PASSED, "egress and ingress"),
        (
            CILIUM,
            {"endpointSelector": {"matchLabels": {"k8s:app": "x"}}},
            Status.FAILED,
            "does not restrict Egress and Ingress",
        ),
        (CILIUM, {"ingress": []}, Status.FAILED, "does not restrict Ingress"),
    ],
)
def test_a_policy_of_another_engine_selects_every_pod(
    stack: ExpectedStack, changes: dict, status: Status, observed: str
) -> None:
    results = network_policy.selects_all([_policy(stack=stack, **changes)], [_pod()], "culvert-dev", LABELS)
    assert _statuses(results) == [status]
    assert observed in results[0].observed


@pytest.mark.parametrize("stack", [_expected("calico-crd"), CALICO, CILIUM], ids=["stored", "calico", "cilium"])
def test_policies_of_another_engine_and_kubernetes_own_allow_only_what_is_declared(
    stack: ExpectedStack,
) -> None:
    def found(*policies: dict[str, Any]) -> CheckResult:
        return _allowing(list(policies), stack)

    own, rules = _policy(stack=stack), expected_spec(stack)["egress"]
    shut = _policy("shut", ALL, podSelector={}, egress=[])
    assert found(own, shut).status is Status.PASSED
    assert "missing" in found(_policy(stack=stack, egress=rules[1:])).observed
    assert "not declared" in found(_policy(stack=stack, egress=[*rules, {"more": True}])).observed
    assert "policy wide allows more" in found(own, _policy("wide", ALL, podSelector={}, egress=[{}])).observed


@pytest.mark.parametrize(
    ("engine", "resource"),
    [
        ("kubernetes", "networkpolicies.networking.k8s.io"),
        ("calico", "networkpolicies.projectcalico.org"),
        ("calico-crd", "networkpolicies.crd.projectcalico.org"),
        ("cilium", "ciliumnetworkpolicies.cilium.io"),
    ],
)
def test_another_policy_is_shown_and_deleted_by_the_name_that_its_kind_alone_has(engine: str, resource: str) -> None:
    stack = _expected(engine)
    own = _policy(stack=stack)
    other = {**own, "metadata": {"name": "wide"}, "spec": {**own["spec"], "egress": [{"more": True}]}}
    assert _allowing([own, other], stack).commands == (
        f"kubectl -n {{namespace}} get {resource} wide -o yaml",
        f"kubectl -n {{namespace}} delete {resource} wide",
    )


def test_another_policy_that_only_denies_allows_nothing_more() -> None:
    for stack, closing in ((CALICO, [{"action": "Deny"}]), (CILIUM, [{}])):
        other = _policy("shut", ALL, stack, egress=closing, ingress=closing)
        found = _allowing([_policy(stack=stack), other], stack)
        assert found.status is Status.PASSED


def test_a_missing_denial_is_reported() -> None:
    policy = _policy(stack=CILIUM)
    del policy["spec"]["egressDeny"]
    found = _allowing([policy], CILIUM)
    assert "1 of 5 rules declared are missing" in found.observed


EGRESS = expected_spec(DECLARED)["egress"]
ALL = {"app.kubernetes.io/instance": "other"}


@pytest.mark.parametrize(
    ("policies", "status", "observed"),
    [
        ([_policy()], Status.PASSED, "nothing else"),
        ([_policy(egress=EGRESS[::-1])], Status.PASSED, "nothing else"),
        ([_policy(egress=[{**EGRESS[0], "to": EGRESS[0]["to"][::-1]}, *EGRESS[1:]])], Status.PASSED, "nothing else"),
        ([_policy(egress=EGRESS[1:])], Status.FAILED, "egress: 1 of 3 rules declared are missing"),
        ([_policy(egress=[*EGRESS, {}])], Status.FAILED, "egress: 1 rules are not declared"),
        ([_policy(ingress=[{}])], Status.FAILED, "ingress: 1 rules are not declared"),
        ([_policy(), _policy("shut", ALL, podSelector={}, egress=[])], Status.PASSED, "nothing else"),
        ([_policy(), _policy("wide", ALL, podSelector={}, egress=[{}])], Status.FAILED, "policy wide allows more"),
        (
            [_policy(), _policy("wide", ALL, podSelector={"matchLabels": {"app": "x"}}, egress=[{}])],
            Status.PASSED,
            "else",
        ),
    ],
)
def test_the_policies_together_allow_what_is_declared(policies: list, status: Status, observed: str) -> None:
    found = _allowing(policies, DECLARED)
    assert found.status is status
    assert observed in found.observed


@pytest.mark.parametrize(
    ("ready", "config", "statuses"),
    [
        ({"readyConnections": 4}, {"version": 5}, [Status.PASSED, Status.PASSED]),
        ({"readyConnections": 3}, {"version": 5}, [Status.FAILED, Status.PASSED]),
        ({"status": 503, "readyConnections": 0}, {"version": 4}, [Status.FAILED, Status.FAILED]),
        ({}, {}, [Status.UNKNOWN, Status.UNKNOWN]),
    ],
)
def test_a_connector_reports_its_connections_and_version(ready: dict, config: dict, statuses: list[Status]) -> None:
    answers = {"/ready": json.dumps(ready), "/config": json.dumps(config)}
    assert _statuses(connector.check_connector("blog", "a", answers.__getitem__, 5)) == statuses


def test_a_connector_that_cannot_be_reached_is_unknown_with_a_manual_command() -> None:
    def refuse(_path: str) -> str:
        raise CheckUnavailable("HTTP 503, no route to host")

    found = connector.check_connector("blog", "a", refuse, 5)
    assert _statuses(found) == [Status.UNKNOWN, Status.UNKNOWN]
    assert "kubectl port-forward -n blog a 2000" in found[0].remedy


def test_an_unknown_api_version_is_not_a_pass() -> None:
    assert connector.version_is_current("a", '{"version": 5}', None).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("node", "simulated"),
    [
        ({"metadata": {"annotations": {"kwok.x-k8s.io/node": "fake"}}}, True),
        ({"metadata": {"labels": {"kwok.x-k8s.io/node": "fake"}}}, True),
        ({"metadata": {}, "status": {"nodeInfo": {"containerRuntimeVersion": "none://"}}}, True),
        ({"metadata": {}, "status": {"nodeInfo": {"containerRuntimeVersion": "containerd://2.1"}}}, False),
        (None, False),
    ],
)
def test_simulated_nodes_are_recognized(node: dict | None, simulated: bool) -> None:
    assert connector.is_simulated(node) is simulated

"""Probes from inside a connector's pod: targets, container, and the checks of their results."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clients.errors import CheckUnavailable
from ops.errors import OperatorError
from ops.expected_stack import ExpectedStack
from ops.verify import debug_container, probe_targets
from ops.verify.checks import connectivity
from ops.verify.probe_targets import Target
from ops.verify.result import CheckResult, Status
from settings import Settings

SETTINGS: dict[str, Any] = {
    "accountId": "0123456789abcdef0123456789abcdef",
    "zones": {"example.com": None},
    "namespace": "blog",
    "routes": [
        {"hostname": "a.example.com", "service": "http://blog"},
        {
            "hostname": "b.example.com",
            "backend": {"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080},
        },
        {"hostname": "c.example.com", "service": "https://192.168.1.20:5001"},
        {"hostname": "d.example.com", "service": "http_status:410"},
        {"hostname": "e.example.com", "service": "http://blog"},
    ],
}


def _expected(**more: Any) -> ExpectedStack:
    return ExpectedStack("dev", "culvert-dev", Settings.parse({**SETTINGS, **more}))


def _addresses(found: list[Target]) -> list[tuple[str, int]]:
    return [(each.host, each.port) for each in found]


def test_each_backend_is_probed_once_by_its_full_name() -> None:
    assert _addresses(probe_targets.backends(_expected())) == [
        ("blog.blog.svc.cluster.local", 80),
        ("api.shop.svc.cluster.local", 80),
        ("192.168.1.20", 5001),
    ]


def test_lan_addresses_are_parsed_and_others_refused() -> None:
    assert _addresses(probe_targets.parse_lan(["192.168.1.1:443", "[fd00::1]:80"])) == [
        ("192.168.1.1", 443),
        ("fd00::1", 80),
    ]
    for wrong in ("192.168.1.1", "router:http", ":80", "router:0", "router:65536"):
        with pytest.raises(OperatorError, match="is not HOST:PORT"):
            probe_targets.parse_lan([wrong])


def _slice(service: str, address: str, port: int, kind: str = "Pod", namespace: str = "other") -> dict[str, Any]:
    return {
        "metadata": {"namespace": namespace, "labels": {"kubernetes.io/service-name": service}},
        "ports": [{"port": port}],
        "endpoints": [{"addresses": [address], "targetRef": {"kind": kind, "name": "x-1"}}],
    }


API = {"spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 443}]}}


@pytest.mark.parametrize(
    ("stack", "endpoint", "tried"),
    [
        (_expected(), ("10.0.0.1", 6443), True),
        (_expected(), ("192.168.1.20", 5001), False),
        (_expected(), ("192.168.1.20", 6443), True),
        (_expected(), ("8.8.8.8", 6443), True),
        (_expected(networkPolicy={"preset": "guide"}), ("8.8.8.8", 6443), False),
        (_expected(privateNetworks={"routes": [{"network": "10.0.0.0/16"}]}), ("10.0.0.1", 6443), False),
        (_expected(privateNetworks={"routes": [{"network": "10.0.0.0/16", "ports": [443]}]}), ("10.0.0.1", 6443), True),
        (_expected(networkPolicy={"preset": "guide"}), ("10.0.0.1", 6443), True),
    ],
)
def test_the_kubernetes_api_is_probed_unless_the_policy_allows_it(
    stack: ExpectedStack, endpoint: tuple, tried: bool
) -> None:
    found = probe_targets.kubernetes_api(API, [_slice("kubernetes", *endpoint)], stack)
    assert _addresses(found) == ([("10.96.0.1", 443)] if tried else [])
    assert not any(each.allowed for each in found)


def test_the_probed_kubelet_is_on_another_node() -> None:
    nodes = [
        {
            "metadata": {"name": name},
            "status": {
                "addresses": [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": address}]
            },
        }
        for name, address in (("one", "10.0.0.1"), ("two", "10.0.0.2"))
    ]
    assert _addresses(probe_targets.kubelet(nodes, _expected(), "one")) == [("10.0.0.2", 10250)]
    assert probe_targets.kubelet(nodes[:1], _expected(), "one") == []


def _service(name: str, namespace: str, port: int = 80, target: int | str = 8080, **spec: Any) -> dict[str, Any]:
    ports = [{"port": port, "targetPort": target}]
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"clusterIP": "10.96.1.1", "ports": ports, **spec},
    }


@pytest.mark.parametrize(
    ("service", "endpoints", "tried"),
    [
        (_service("x", "other"), [_slice("x", "10.1.0.1", 8080)], True),
        (_service("x", "other"), [], False),
        (_service("x", "other"), [_slice("x", "10.1.0.1", 8080, kind="Node")], False),
        (_service("x", "other", target="web"), [_slice("x", "10.1.0.1", 9090)], True),
        (_service("x", "other", port=81), [_slice("x", "10.1.0.1", 8080)], True),
        (_service("x", "other", port=53, target=53), [_slice("x", "10.1.0.1", 53)], False),
        (_service("x", "other", clusterIP="None"), [_slice("x", "10.1.0.1", 8080)], False),
        (_service("x", "shop"), [_slice("x", "10.1.0.1", 8080, namespace="shop")], False),
        (_service("x", "blog"), [_slice("x", "10.1.0.1", 8080, namespace="blog")], False),
    ],
)
def test_a_service_of_another_namespace_is_probed_if_it_certainly_listens(
    service: dict, endpoints: list, tried: bool
) -> None:
    assert bool(probe_targets.foreign_service([service], endpoints, _expected())) is tried


TARGETS = [
    Target("backend", "blog.blog.svc.cluster.local", 80, allowed=True),
    Target("cloud metadata", "169.254.169.254", 80, allowed=False, listening=False),
    Target("Kubernetes API", "10.96.0.1", 443, allowed=False),
    Target("LAN", "192.168.1.1; rm -rf /", 1, allowed=False),
]


def _tools(folder: Path, nc: str, nslookup: str) -> dict[str, str]:
    for name, body in {"nc": nc, "nslookup": nslookup}.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_the_script_prints_what_answers_and_does_not_run_a_host_as_a_command(tmp_path: Path) -> None:
    env = _tools(tmp_path, 'case "$4:$5" in 127.0.0.1:2000|blog.*:80) exit 0;; *) exit 1;; esac', '[ "$1" != -type=a ]')
    done = subprocess.run(
        ["sh", "-c", debug_container.script(TARGETS)], env=env, capture_output=True, text=True, check=True
    )
    assert debug_container.parse(done.stdout) == {
        "control": True,
        "dns": True,
        "0": True,
        "1": False,
        "2": False,
        "3": False,
    }
    assert done.stderr == ""


def test_an_image_without_the_tools_reads_as_no_control(tmp_path: Path) -> None:
    env = _tools(tmp_path, "exit 127", "exit 127")
    done = subprocess.run(
        ["sh", "-c", debug_container.script(TARGETS)], env=env, capture_output=True, text=True, check=True
    )
    assert not any(debug_container.parse(done.stdout).values())


def test_the_container_conforms_to_restricted_pod_security() -> None:
    made = debug_container.container("busybox", TARGETS)["securityContext"]
    assert made["runAsNonRoot"] is True
    assert made["runAsUser"] > 0
    assert made["allowPrivilegeEscalation"] is False
    assert made["capabilities"] == {"drop": ["ALL"]}
    assert made["seccompProfile"] == {"type": "RuntimeDefault"}


class _Cluster:
    """A cluster whose pod runs the container at the second look."""

    def __init__(self, state: dict[str, Any], log: str = "") -> None:
        self.state, self.log, self.patched, self.looks = state, log, {}, 0

    def patch(self, path: str, body: dict[str, Any]) -> None:
        self.patched[path] = body

    def get(self, _path: str) -> dict[str, Any]:
        (body,) = self.patched.values()
        name = body["spec"]["ephemeralContainers"][0]["name"]
        return {"status": {"ephemeralContainerStatuses": [{"name": name, "state": self.state}]}}

    def text(self, _method: str, _path: str, query: dict[str, str]) -> str:
        assert query["container"].startswith("culvert-verify-")
        return self.log


def test_the_container_is_added_to_the_pod_and_its_log_read() -> None:
    cluster: Any = _Cluster({"terminated": {"exitCode": 0}}, "culvert control answers\nnoise\nculvert 0 silent\n")
    assert debug_container.probe(cluster, "blog", "a", "busybox", TARGETS) == {"control": True, "0": False}
    assert list(cluster.patched) == ["/api/v1/namespaces/blog/pods/a/ephemeralcontainers"]


@pytest.mark.parametrize(
    "reason", ["ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError", "InvalidImageName"]
)
def test_an_image_that_cannot_start_raises(reason: str) -> None:
    cluster: Any = _Cluster({"waiting": {"reason": reason, "message": "denied"}})
    with pytest.raises(CheckUnavailable, match=f"does not start in the pod: {reason} denied"):
        debug_container.probe(cluster, "blog", "a", "busybox", TARGETS)


def _judge(**changes: bool) -> dict[str, list[CheckResult]]:
    answers = {"control": True, "dns": True, "0": True, "1": False, "2": False, "3": False} | changes
    found: dict[str, list[CheckResult]] = {}
    for each in connectivity.judge("a", TARGETS, answers):
        found.setdefault(each.check, []).append(each)
    return found


def _failed(found: dict[str, list[CheckResult]]) -> dict[str, list[str]]:
    return {
        check: [each.subject for each in some if each.status is Status.FAILED]
        for check, some in found.items()
        if any(each.status is Status.FAILED for each in some)
    }


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({}, {}),
        ({"dns": False}, {"dns": ["a"]}),
        ({"0": False}, {"backends": ["backend"]}),
        ({"1": True}, {"blocked": ["cloud metadata"]}),
        ({"2": True}, {"blocked": ["Kubernetes API"]}),
        ({"2": True, "3": True}, {"blocked": ["Kubernetes API", "LAN"], "enforced": ["a"]}),
    ],
)
def test_the_answers_decide_the_results(changes: dict[str, bool], failed: dict[str, list[str]]) -> None:
    assert _failed(_judge(**changes)) == failed


def test_a_network_plugin_that_ignores_policies_is_named() -> None:
    (found,) = _judge(**{"1": True, "2": True, "3": True})["enforced"]
    assert "ignores network policies" in found.observed
    assert "flannel" in found.cause


def test_without_a_certain_listener_enforcement_is_skipped() -> None:
    found = connectivity.judge("a", TARGETS[:2], {"control": True, "dns": True, "0": True, "1": False})
    assert [each.status for each in found if each.check == "enforced"] == [Status.SKIPPED]


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"control": False, "dns": True, "0": True, "1": False, "2": False, "3": False},
        {"control": True, "dns": True, "0": True},
    ],
)
def test_a_container_that_cannot_probe_or_did_not_finish_is_unknown_and_never_blocked(answers: dict[str, bool]) -> None:
    assert {each.status for each in connectivity.judge("a", TARGETS, answers)} == {Status.UNKNOWN}


def test_the_manual_commands_probe_the_same_targets() -> None:
    text = debug_container.manual_commands(_expected(), "busybox", TARGETS)
    should, should_not = text.split("# should fail:")
    assert "--profile=restricted" in should
    assert "blog.blog.svc.cluster.local 80" in should
    assert "169.254.169.254 80" in should_not
    assert json.dumps(text).count("nc -z") == len(TARGETS)


def test_the_name_that_must_resolve_is_one_of_the_clusters_domain() -> None:
    assert "look_up kubernetes.default.svc.k8s.example &" in debug_container.script([], "k8s.example")
    (resolution, *_) = connectivity.judge("a", [], {"control": True, "dns": True}, "k8s.example")
    assert resolution.observed == "kubernetes.default.svc.k8s.example resolves"

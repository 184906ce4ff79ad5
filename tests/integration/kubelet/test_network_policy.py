"""The network policies of each engine, as a connector's pod and `verify` meet them; no cloudflared is needed."""

from collections.abc import Iterator
from typing import Any

import pytest

from clients.kubernetes import KubernetesApi
from components.exposure import arguments
from components.network_policy.engines import engine_of
from components.network_policy.network_policy import policy_spec
from ops.expected_stack import ExpectedStack
from ops.verify.checks.reachable import ReachableOrigins
from ops.verify.result import CheckResult, Status
from settings import Settings
from tests.support.kubelet_cluster import LABELS, KubeletCluster, KubeletProcess, eventually, namespace
from tests.support.policy_evaluators.evaluate import ENGINES
from tests.support.settings_examples import values

NAMESPACE = "engines"
TIMED_OUT, CONNECTED = 6, 0


@pytest.fixture(scope="module")
def site(kubelet: KubeletProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeletCluster]:
    """A connector's pod, and a Service whose pods listen on port 9090, by a name."""
    kubelet.ensure_running()
    with namespace(kubelet, NAMESPACE, tmp_path_factory.mktemp("switches")) as cluster:
        ports = [{"name": "web", "containerPort": 9090}]
        containers = [{"name": "c", "image": "i", "ports": ports}]
        cluster.create("pods", "api-0", labels={"app": "api"}, spec={"containers": containers})
        opened = [{"port": 80, "targetPort": "web"}]
        cluster.create("services", "api", spec={"selector": {"app": "api"}, "ports": opened})
        cluster.deploy()
        eventually(lambda: cluster.available() == 1)
        yield cluster


def stack(engine: str, target_port: int) -> ExpectedStack:
    backend = {"service": "api", "port": 80, "targetPort": target_port, "podSelector": {"app": "api"}}
    given = values(
        {"hostname": "api.example.com", "backend": backend}, namespace=NAMESPACE, networkPolicy={"engine": engine}
    )
    return ExpectedStack("dev", "culvert-dev", Settings.parse(given))


def write_policy(site: KubeletCluster, expected: ExpectedStack) -> None:
    """Replaces the policy of the stack by the one that its settings make."""
    engine = engine_of(expected.settings.network_policy.engine)
    path = f"{engine.api_version}:{engine.kind.lower().removesuffix('y')}ies"
    args = arguments.network_policy(expected.settings, expected.name, NAMESPACE)
    for policy in site.call("GET", path)["items"]:
        site.call("DELETE", f"{path}/{policy['metadata']['name']}")
    own = {"app.kubernetes.io/instance": expected.name, "app.kubernetes.io/part-of": "culvert"}
    kind = {"apiVersion": engine.api_version, "kind": engine.kind}
    site.create(path, f"{engine.prefix}own", labels=own, **kind, spec=policy_spec({**args, "pod_labels": LABELS}))


def verified(site: KubeletCluster, expected: ExpectedStack) -> CheckResult:
    api = KubernetesApi(str(site.kubelet.kubeconfig))
    (result,) = ReachableOrigins(api, expected, [connector(site)]).run()
    return result


def connector(site: KubeletCluster) -> dict[str, Any]:
    return next(pod for pod in site.pods() if LABELS.items() <= pod["metadata"]["labels"].items())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_target_port_that_the_policy_does_not_open_times_out_until_it_is_what_verify_names(
    site: KubeletCluster, engine: str
) -> None:
    write_policy(site, stack(engine, 8080))
    eventually(lambda: site.dial(connector(site), "api", 80)[0] == TIMED_OUT)
    policy = f"{engine_of(engine).kind} {NAMESPACE}/{engine_of(engine).prefix}own"
    assert f"api:80 leads to pod api-0, port 9090: {policy} allows no such egress" in site.kubelet.log.read_text()
    result = verified(site, stack(engine, 8080))
    assert (result.status, result.remedy) == (
        Status.FAILED,
        "set it to 9090, or leave it out and the Service decides; then update",
    )
    write_policy(site, stack(engine, 9090))
    eventually(lambda: site.dial(connector(site), "api", 80)[0] == CONNECTED)
    assert "to pod api-0, port 9090." in site.dial(connector(site), "api", 80)[1]
    assert verified(site, stack(engine, 9090)).status is Status.PASSED
    write_policy_away(site, engine)


def write_policy_away(site: KubeletCluster, engine: str) -> None:
    site.api.delete(f"{engine_of(engine).path(NAMESPACE)}/{engine_of(engine).prefix}own").raise_for_status()


def test_what_is_no_service_is_judged_by_its_address(site: KubeletCluster) -> None:
    spec = {"podSelector": {"matchLabels": LABELS}, "policyTypes": ["Egress"]}
    lan = {"to": [{"ipBlock": {"cidr": "192.168.7.9/32"}}]}
    site.create("networking.k8s.io/v1:networkpolicies", "lan", spec={**spec, "egress": [lan]})
    eventually(lambda: site.dial(connector(site), "192.168.7.8", 443)[0] == TIMED_OUT)
    assert site.dial(connector(site), "192.168.7.9", 443)[0] == CONNECTED
    # A Service without a selector, at that address.
    site.create("services", "nas", spec={"ports": [{"port": 80, "targetPort": 5000}]})
    site.create(
        "discovery.k8s.io/v1:endpointslices",
        "nas-1",
        labels={"kubernetes.io/service-name": "nas"},
        addressType="IPv4",
        endpoints=[{"addresses": ["192.168.7.9"]}],
        ports=[{"port": 5000}],
    )
    assert "to address 192.168.7.9, port 5000." in site.dial(connector(site), "nas", 80)[1]
    address = site.call("GET", "services/nas")["spec"]["clusterIP"]
    # The list of Services was read a moment ago.
    eventually(lambda: "Service nas of namespace" in site.dial(connector(site), address, 80)[1])

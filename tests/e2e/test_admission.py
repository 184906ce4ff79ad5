"""The program's Kubernetes objects: admitted by the API server and used by its controllers."""

import pytest
from kubernetes.dynamic import exceptions

from tests.e2e.conftest import Sandbox, settings


def test_connector_and_sample_site_pass_restricted_pod_security(sandbox: Sandbox) -> None:
    sandbox.up("safe", settings("safe", sampleSite=True))
    namespace = sandbox.cluster().resources.get(api_version="v1", kind="Namespace").get(name="safe").to_dict()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    pods = sandbox.objects("v1", "Pod", "safe")
    assert {pod["status"]["phase"] for pod in pods} == {"Running"}
    assert len(pods) >= 3
    # The label is enforced: the same API server rejects a pod that does not meet the standard.
    unrestricted = {"metadata": {"name": "loose"}, "spec": {"containers": [{"name": "loose", "image": "nginx"}]}}
    with pytest.raises(exceptions.ForbiddenError, match="violates PodSecurity"):
        sandbox.cluster().resources.get(api_version="v1", kind="Pod").create(body=unrestricted, namespace="safe")


@pytest.mark.parametrize("preset", ["strict", "guide"])
def test_the_network_policy_selects_every_connector_pod(sandbox: Sandbox, preset: str) -> None:
    stack = f"preset-{preset}"
    sandbox.up(stack, settings(stack, networkPolicy={"preset": preset, "metricsFrom": "monitoring"}))
    (policy,) = sandbox.objects("networking.k8s.io/v1", "NetworkPolicy", stack)
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    selected = policy["spec"]["podSelector"]["matchLabels"].items()
    pods = sandbox.objects("v1", "Pod", stack)
    assert len(pods) == 2
    assert all(selected <= pod["metadata"]["labels"].items() for pod in pods)


def test_pods_can_be_drained_one_at_a_time_and_a_service_finds_their_metrics(sandbox: Sandbox) -> None:
    sandbox.up("drain", settings("drain"))
    (budget,) = sandbox.objects("policy/v1", "PodDisruptionBudget", "drain")
    assert budget["status"]["expectedPods"] == 2
    assert budget["status"]["disruptionsAllowed"] == 1

    slices = sandbox.objects("discovery.k8s.io/v1", "EndpointSlice", "drain")
    ports = {port["port"] for endpoint_slice in slices for port in endpoint_slice["ports"] or []}
    assert ports == {2000}
    assert sum(len(endpoint_slice["endpoints"] or []) for endpoint_slice in slices) == 2

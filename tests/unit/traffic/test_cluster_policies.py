"""Verdicts on flows by policies of the whole cluster, beside those of a namespace."""

from typing import Any

import pytest

from tests.unit.traffic.test_judge import API, CONNECTOR, LAN, NEIGHBOUR, allowed, calico, cilium, kubernetes, to
from traffic import Host, judge
from traffic.judge import selects
from traffic.kinds import CLUSTER_KINDS, KINDS

ADMIN = "policy.networking.k8s.io/v1alpha1"
OWN = kubernetes(policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "192.168.0.0/16"}}]}])
EGRESS: dict[str, Any] = {"types": ["Egress"]}
DENY, ALLOW = {"action": "Deny"}, {"action": "Allow"}


def cluster(api_version: str, kind: str, name: str = "everywhere", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def calico_global(**spec: Any) -> dict[str, Any]:
    return cluster("projectcalico.org/v3", "GlobalNetworkPolicy", **spec)


def clusterwide(**spec: Any) -> dict[str, Any]:
    return cluster("cilium.io/v2", "CiliumClusterwideNetworkPolicy", **spec)


def test_each_kind_has_its_path_and_its_name_in_kubectl() -> None:
    assert KINDS[0].path("web") == "/apis/networking.k8s.io/v1/namespaces/web/networkpolicies"
    paths = {kind.path() for kind in CLUSTER_KINDS}
    assert "/apis/crd.projectcalico.org/v1/globalnetworkpolicies" in paths
    assert f"/apis/{ADMIN}/baselineadminnetworkpolicies" in paths
    assert "ciliumclusterwidenetworkpolicies.cilium.io" in {kind.resource for kind in CLUSTER_KINDS}


def test_calicos_are_applied_in_their_order_among_those_of_the_namespace() -> None:
    deny = calico_global(order=10, **EGRESS, egress=[DENY])
    assert judge(to(LAN), [OWN, deny]).policies == ("GlobalNetworkPolicy everywhere",)
    # Kubernetes' own have the order 1,000, and an end of the tier denies what no rule decides.
    assert allowed(to(LAN), OWN, calico_global(order=2000, **EGRESS, egress=[DENY]))
    assert not allowed(to(API), OWN, calico_global(order=2000, **EGRESS))
    assert allowed(to(API), OWN, calico_global(order=2000, **EGRESS, egress=[ALLOW]))
    # Of one order, the name decides: that of a namespaced one begins with the namespace.
    first = calico_global(order=10, **EGRESS, egress=[ALLOW]) | {"metadata": {"name": "a"}}
    assert allowed(to(LAN), first, calico(order=10, **EGRESS, egress=[DENY]))
    assert not allowed(to(LAN), first | {"metadata": {"name": "z"}}, calico(order=10, **EGRESS, egress=[DENY]))


@pytest.mark.parametrize(
    ("spec", "selected"),
    [
        ({}, True),
        ({"selector": "app == 'connector'"}, True),
        ({"selector": "app == 'api'"}, False),
        ({"namespaceSelector": "kubernetes.io/metadata.name == 'web'"}, True),
        ({"namespaceSelector": "projectcalico.org/name not in {'web', 'kube-system'}"}, False),
        ({"namespaceSelector": "global()"}, False),
        ({"doNotTrack": True, "applyOnForward": True}, False),
        ({"preDNAT": True, "applyOnForward": True}, False),
        ({"tier": "security", "selector": "app == 'api'"}, False),
    ],
)
def test_calicos_select_pods_of_every_namespace(spec: dict[str, Any], selected: bool) -> None:
    assert selects(calico_global(**spec), CONNECTOR) is selected


@pytest.mark.parametrize(
    ("destination", "host", "expected"),
    [
        ({"selector": "app == 'api'"}, API, True),
        ({"selector": "app == 'api'"}, NEIGHBOUR, False),
        ({"namespaceSelector": "team == 'shop'"}, API, True),
        ({"namespaceSelector": "global()"}, API, False),
        ({"nets": ["192.168.7.0/24"]}, LAN, True),
    ],
)
def test_calicos_rules_name_pods_of_every_namespace(destination: dict[str, Any], host: Host, expected: bool) -> None:
    assert allowed(to(host), calico_global(**EGRESS, egress=[{**ALLOW, "destination": destination}])) is expected


def test_another_tier_of_calico_is_not_evaluated() -> None:
    verdict = judge(to(LAN), [OWN, calico_global(tier="security", **EGRESS, egress=[DENY])])
    assert (verdict.allowed, verdict.policies) == (False, ("GlobalNetworkPolicy everywhere",))
    assert "tier" in verdict.unsupported


def test_ciliums_add_up_with_those_of_the_namespace_and_deny_first() -> None:
    own = cilium(egress=[{"toCIDR": ["192.168.7.9/32"]}])
    everything: dict[str, Any] = {"endpointSelector": {}}
    assert allowed(to(API), own, clusterwide(**everything, egress=[{"toEndpoints": [{"matchLabels": {"app": "api"}}]}]))
    assert not allowed(to(LAN), own, clusterwide(**everything, egressDeny=[{"toCIDR": ["192.168.0.0/16"]}]))
    # An empty selector stands for the pods of every namespace, and for no address outside.
    assert allowed(to(API), clusterwide(**everything, egress=[{"toEndpoints": [{}]}]))
    assert not allowed(to(LAN), clusterwide(**everything, egress=[{"toEndpoints": [{}]}]))
    closed = clusterwide(endpointSelector={"matchLabels": {"k8s:io.kubernetes.pod.namespace": "shop"}}, ingress=[{}])
    verdict = judge(to(API), [closed])
    assert (verdict.direction, verdict.policies) == ("Ingress", ("CiliumClusterwideNetworkPolicy everywhere",))
    # Without an endpointSelector, it is about nodes.
    assert allowed(to(API), clusterwide(nodeSelector={}, ingress=[{}]))


@pytest.mark.parametrize(
    ("subject", "selected"),
    [
        ({"namespaces": {}}, True),
        ({"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}, False),
        ({"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "connector"}}}}, True),
        ({"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "api"}}}}, False),
    ],
)
def test_an_administrators_policy_is_not_evaluated_where_it_selects_a_pod(subject: Any, selected: bool) -> None:
    admin = cluster(ADMIN, "AdminNetworkPolicy", priority=1, subject=subject, egress=[{"action": "Pass"}])
    verdict = judge(to(LAN), [OWN, admin])
    assert verdict.allowed is not selected
    reason = "the kind AdminNetworkPolicy is not evaluated"
    assert str(verdict) == (
        f"AdminNetworkPolicy everywhere may allow it as egress or not: {reason}"
        if selected
        else "the network policies allow it"
    )
    # Rules of the other direction decide nothing.
    del admin["spec"]["egress"]
    assert allowed(to(LAN), OWN, admin | {"spec": {**admin["spec"], "ingress": [{"action": "Deny"}]}})


@pytest.mark.parametrize(
    ("api_version", "kind", "tier"),
    [
        (ADMIN, "BaselineAdminNetworkPolicy", {}),
        ("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", {"tier": "Baseline"}),
    ],
)
def test_a_baseline_decides_about_pods_that_no_other_policy_isolates(api_version: str, kind: str, tier: Any) -> None:
    baseline = cluster(api_version, kind, subject={"namespaces": {}}, egress=[{"action": "Deny"}], **tier)
    assert allowed(to(LAN), OWN, baseline)
    assert judge(to(LAN), [baseline]).unsupported == f"the kind {kind} is not evaluated"

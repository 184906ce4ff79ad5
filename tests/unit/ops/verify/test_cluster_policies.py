"""The check of policies of the whole cluster that select the connector's pods."""

from typing import Any

import pytest

from clients.errors import KubernetesApiError
from ops.verify.checks.cluster_policies import ClusterPolicies, allow_no_more, read
from ops.verify.result import CheckResult, Status
from traffic.kinds import CLUSTER_KINDS

POD = {"metadata": {"name": "c-1", "labels": {"app.kubernetes.io/name": "cloudflared"}}, "spec": {}}
NAMESPACE = {"metadata": {"labels": {"team": "web"}}}
CALICO, ADMIN = "projectcalico.org/v3", "policy.networking.k8s.io/v1alpha1"
RULE = {"action": "Allow", "destination": {"nets": ["192.0.2.7/32"]}}
DECLARED: dict[str, Any] = {"egress": [RULE], "ingress": []}


class Api:
    """An API server with these API groups, and lists by path; a number is the status of a refusal."""

    def __init__(self, *groups: str, **lists: Any) -> None:
        self._groups, self._lists = groups, {f"/apis/{path}": found for path, found in lists.items()}
        self.read: list[str] = []

    def find(self, path: str) -> Any:
        assert path == "/apis"
        return {"groups": [{"name": group} for group in self._groups]}

    def items(self, path: str) -> Any:
        self.read.append(path)
        found = self._lists.get(path, 404)
        if isinstance(found, int):
            raise KubernetesApiError(found, "refused", "grant it")
        return found


def policies(*groups: str, **lists: Any) -> ClusterPolicies:
    return read(Api(*groups, **lists))  # pyright: ignore[reportArgumentType]


def policy(api_version: str, kind: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "everywhere"}, "spec": spec}


def check(*found: dict[str, Any]) -> list[CheckResult]:
    return allow_no_more(ClusterPolicies(found), [POD], "web", NAMESPACE, DECLARED)


def test_kinds_are_read_where_the_cluster_serves_their_group_and_each_policy_once() -> None:
    api: Any = Api("apps", "networking.k8s.io")
    assert read(api) == ClusterPolicies([], {})
    assert api.read == []
    stored = [{"metadata": {"name": "default.a"}, "spec": {}}]
    served = {"projectcalico.org/v3/globalnetworkpolicies": [{"metadata": {"name": "a"}, "spec": {}}]}
    both = {**served, "crd.projectcalico.org/v1/globalnetworkpolicies": stored}
    (found,) = policies("projectcalico.org", "crd.projectcalico.org", **both).policies
    assert found["kind"] == "GlobalNetworkPolicy"


def test_what_may_not_be_listed_is_unknown() -> None:
    found = policies("cilium.io", **{"cilium.io/v2/ciliumclusterwidenetworkpolicies": 403})
    (result,) = allow_no_more(found, [POD], "web", NAMESPACE, DECLARED)
    assert (result.status, result.subject) == (Status.UNKNOWN, "ciliumclusterwidenetworkpolicies.cilium.io")
    assert result.observed == "whether one selects the connector's pods is not known: refused"
    assert result.remedy == "grant it"


def test_a_policy_that_allows_more_is_found_and_one_that_only_closes_is_not() -> None:
    wide = {"action": "Allow", "destination": {"nets": ["0.0.0.0/0"]}}
    (result,) = check(policy(CALICO, "GlobalNetworkPolicy", egress=[wide], ingress=[]))
    assert (result.status, result.subject) == (Status.FAILED, "GlobalNetworkPolicy everywhere")
    assert result.observed == "egress: it allows more for the connector's pods"
    assert result.commands == ("kubectl get globalnetworkpolicies.projectcalico.org everywhere -o yaml",)
    for spec in (
        {"egress": [RULE]},
        {"egress": [{"action": "Deny"}]},
        {"egress": [wide], "selector": "app == 'other'"},
        {"egress": [wide], "namespaceSelector": "team == 'shop'"},
    ):
        assert check(policy(CALICO, "GlobalNetworkPolicy", **spec)) == []
    more = {"endpointSelector": {}, "ingress": [{"fromEntities": ["all"]}]}
    (result,) = check(policy("cilium.io/v2", "CiliumClusterwideNetworkPolicy", **more))
    assert result.observed == "ingress: it allows more for the connector's pods"
    assert check(policy("cilium.io/v2", "CiliumClusterwideNetworkPolicy", **{**more, "ingress": [{}]})) == []


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (
            policy(ADMIN, "AdminNetworkPolicy", subject={"namespaces": {}}),
            "the kind AdminNetworkPolicy is not evaluated",
        ),
        (
            policy(CALICO, "GlobalNetworkPolicy", tier="security"),
            "it is in the tier security, and tiers are not evaluated",
        ),
    ],
)
def test_a_policy_that_is_not_judged_is_never_a_pass(found: dict[str, Any], reason: str) -> None:
    (result,) = check(found)
    assert result.status is Status.UNKNOWN
    assert result.observed == f"it selects the connector's pods, and is not judged: {reason}"
    resource = next(kind.resource for kind in CLUSTER_KINDS if kind.name == found["kind"])
    assert result.remedy == f"read what it allows and denies: kubectl get {resource} everywhere -o yaml"

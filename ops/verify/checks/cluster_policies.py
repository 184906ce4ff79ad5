"""Check of policies of the whole cluster: what those that select the connector's pods allow beside the stack's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clients.errors import KubernetesApiError
from clients.kubernetes import KubernetesApi
from ops.verify.checks.network_policy import POLICY_RULES, allowing, rules_of
from ops.verify.faults import network as faults
from ops.verify.result import CheckResult
from traffic.flow import host_of_pod
from traffic.judge import selects
from traffic.kinds import CLUSTER_KINDS, Kind

Object = dict[str, Any]


@dataclass(frozen=True)
class ClusterPolicies:
    """Policies of the whole cluster, and the kinds of them that these credentials may not list."""

    policies: Sequence[Object] = ()
    unlisted: Mapping[Kind, KubernetesApiError] = field(default_factory=dict)


def read(api: KubernetesApi) -> ClusterPolicies:
    """Reads every kind of which the cluster serves the API group."""
    served = {group["name"] for group in (api.find("/apis") or {}).get("groups") or []}
    policies: list[Object] = []
    unlisted: dict[Kind, KubernetesApiError] = {}
    for kind in CLUSTER_KINDS:
        if kind.group not in served:
            continue
        try:
            found = api.items(kind.path())
        except KubernetesApiError as error:
            if error.status != 404:
                unlisted[kind] = error
            continue
        policies += [{**policy, "apiVersion": kind.api_version, "kind": kind.name} for policy in found]
    # Calico's API server serves what its other API group stores.
    by_name = {(policy["kind"], policy["metadata"]["name"].removeprefix("default.")): policy for policy in policies}
    return ClusterPolicies(list(by_name.values()), unlisted)


def allow_no_more(
    found: ClusterPolicies, pods: Sequence[Object], namespace: str, of_namespace: Object | None, expected: Object
) -> list[CheckResult]:
    """One result for each policy that selects one of the pods and allows more than `expected`, the stack's spec, or
    that is not judged; and one for each kind that may not be listed. None where there is nothing to say.

    `of_namespace` is the Namespace of the pods, None if it is not known.
    """
    hosts = [
        host_of_pod({**pod, "metadata": {**pod["metadata"], "namespace": namespace}}, of_namespace) for pod in pods
    ]
    results = []
    for policy in found.policies:
        if not any(selects(policy, host) for host in hosts):
            continue
        kind, name = kind_of(policy), policy["metadata"]["name"]
        if reason := _unjudged(policy, kind):
            observed = f"it selects the connector's pods, and is not judged: {reason}"
            remedy = f"read what it allows and denies: kubectl get {kind.resource} {name} -o yaml"
            results.append(POLICY_RULES.unknown(f"{kind.name} {name}", observed, remedy))
            continue
        ways = [way for way in ("egress", "ingress") if allowing(policy, way) - rules_of(expected, way)]
        if ways:
            observed = f"{' and '.join(ways)}: it allows more for the connector's pods"
            values = {"kind": kind.resource, "other": name}
            results.append(POLICY_RULES.finds(f"{kind.name} {name}", observed, faults.CLUSTER_POLICY, **values))
    for kind, error in found.unlisted.items():
        observed = f"whether one selects the connector's pods is not known: {error.reason}"
        results.append(POLICY_RULES.unknown(kind.resource, observed, error.remedy))
    return results


def kind_of(policy: Object) -> Kind:
    return next(
        kind for kind in CLUSTER_KINDS if (kind.api_version, kind.name) == (policy["apiVersion"], policy["kind"])
    )


def _unjudged(policy: Object, kind: Kind) -> str:
    if kind.engine == "admin":
        return f"the kind {kind.name} is not evaluated"
    tier = policy["spec"].get("tier") if kind.engine == "calico" else ""
    return f"it is in the tier {tier}, and tiers are not evaluated" if tier not in (None, "", "default") else ""

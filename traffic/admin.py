"""Policies of a cluster's administrators: AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy.

Their rules are not evaluated here; only which pods they select, and whether their rules may decide about a flow.
https://network-policy-api.sigs.k8s.io/api-overview/
"""

from policy.network_policies import matches
from traffic.flow import Host, Object


def selects(policy: Object, pod: Host) -> bool:
    """Whether the policy applies to a pod."""
    subject = policy["spec"].get("subject") or {}
    if "namespaces" in subject:
        return matches(subject["namespaces"], pod.labels_of_namespace)
    pods = subject.get("pods") or {}
    in_namespace = matches(pods.get("namespaceSelector"), pod.labels_of_namespace)
    return "pods" in subject and in_namespace and matches(pods.get("podSelector"), dict(pod.labels))


def may_decide(policy: Object, direction: str, isolated: bool) -> bool:
    """Whether rules of a policy that selects a pod may decide about its flows in `direction`.

    Those of an administrator precede every other policy; baseline rules apply to pods that no other one isolates in
    this direction.
    """
    baseline = policy["kind"] == "BaselineAdminNetworkPolicy" or policy["spec"].get("tier") == "Baseline"
    return bool(policy["spec"].get(direction.lower())) and not (baseline and isolated)

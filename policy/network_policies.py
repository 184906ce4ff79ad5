"""Network policies of Kubernetes' own dialect: whom they select, and what they close."""

from typing import Any

from policy.pods import Pod
from policy.stack import Resource, Stack
from policy.values import UNKNOWN, at, each, known


def selecting(pod: Pod, stack: Stack) -> list[Resource]:
    """The policies of the stack that select a pod, and those of which that cannot be said yet."""
    return [policy for policy in stack.every("NetworkPolicy") if _in_kubernetes(policy) and _selects(policy, pod)]


def closes(policy: Resource, direction: str) -> bool:
    """Whether `Egress` or `Ingress` is shut, but for what the policy allows.

    Left out, the types are Ingress, and Egress where there are rules for it:
    https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/#NetworkPolicySpec
    """
    types = at(policy.properties, "spec", "policyTypes")
    if not types:
        return direction == "Ingress" or bool(at(policy.properties, "spec", "egress"))
    return types is UNKNOWN or direction in types or UNKNOWN in types


def _in_kubernetes(policy: Resource) -> bool:
    return policy.type.startswith("kubernetes:networking.k8s.io/")


def _selects(policy: Resource, pod: Pod) -> bool:
    namespace = at(policy.properties, "metadata", "namespace") or "default"
    if UNKNOWN not in (namespace, pod.namespace) and namespace != pod.namespace:
        return False
    return matches(at(policy.properties, "spec", "podSelector"), pod.labels)


def matches(selector: Any, labels: Any) -> bool:
    """Whether a label selector takes these labels; an empty one takes all. True where that cannot be said yet."""
    if not known(selector) or not known(labels):
        return True
    labels = labels or {}
    wanted = at(selector, "matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_meets(expression, labels) for expression in each(at(selector, "matchExpressions")))


def _meets(expression: Any, labels: Any) -> bool:
    value, values = labels.get(at(expression, "key")), each(at(expression, "values"))
    verdicts = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return verdicts.get(str(at(expression, "operator")), False)

"""Network policies of Kubernetes, Calico and Cilium: whom they select, and what they close."""

from typing import Any

from policy import calico_selectors
from policy.pods import Pod
from policy.property_paths import UNKNOWN, at, each, known
from policy.stack import Resource, Stack

_GROUPS = {
    "networking.k8s.io": "kubernetes",
    "projectcalico.org": "calico",
    "crd.projectcalico.org": "calico",
    "cilium.io": "cilium",
}


def selecting(pod: Pod, stack: Stack) -> list[Resource]:
    """The policies of the stack that select a pod, and those of which that cannot be said yet."""
    policies = stack.every("NetworkPolicy", "CiliumNetworkPolicy")
    return [policy for policy in policies if engine(policy) and selects(policy, pod)]


def engine(policy: Resource) -> str:
    """`kubernetes`, `calico` or `cilium`; empty for what is no network policy."""
    for group, name in _GROUPS.items():
        if policy.type.startswith(f"kubernetes:{group}/"):
            return name
    return ""


def closes(policy: Resource, direction: str) -> bool:
    """Whether `Egress` or `Ingress` is shut, but for what the policy allows."""
    spec, rules = at(policy.properties, "spec"), direction.lower()
    if engine(policy) == "cilium":
        # A direction that has rules, be they empty: https://docs.cilium.io/en/stable/security/policy/intro/#policy-enforcement-modes
        said = at(spec, "enableDefaultDeny", rules)
        return bool(at(spec, rules) or at(spec, f"{rules}Deny")) if said is None else bool(said)
    types = at(spec, "types" if engine(policy) == "calico" else "policyTypes")
    if not types:
        # https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/#NetworkPolicySpec: Ingress, and
        # Egress where there are rules for it. Calico's is Egress alone where there are rules for that alone.
        has_egress = bool(at(spec, "egress"))
        if direction == "Egress":
            return has_egress
        return engine(policy) == "kubernetes" or not has_egress or bool(at(spec, "ingress"))
    return types is UNKNOWN or direction in types or UNKNOWN in types


def selects(policy: Resource, pod: Pod) -> bool:
    """Whether a policy selects a pod; True where that cannot be said yet."""
    namespace = at(policy.properties, "metadata", "namespace") or "default"
    if UNKNOWN not in (namespace, pod.namespace) and namespace != pod.namespace:
        return False
    spec, labels = at(policy.properties, "spec"), pod.labels
    if engine(policy) == "kubernetes":
        return matches(at(spec, "podSelector"), labels)
    if engine(policy) == "cilium":
        return matches(_plain(at(spec, "endpointSelector")), labels)
    selector = at(spec, "selector")
    if not known(selector) or not known(labels):
        return True
    try:
        return calico_selectors.selects(selector or "", labels or {})
    except ValueError:  # what cannot be read fences nobody
        return False


def _plain(selector: Any) -> Any:
    """A Cilium selector by the labels' own names: `k8s:app` is Kubernetes' `app`, `any:app` anybody's."""

    def named(key: str) -> str:
        return key.removeprefix("k8s:").removeprefix("any:")

    if not known(selector):
        return selector
    return {
        "matchLabels": {named(key): value for key, value in (at(selector, "matchLabels") or {}).items()},
        "matchExpressions": [
            {**expression, "key": named(str(at(expression, "key")))}
            for expression in each(at(selector, "matchExpressions"))
        ],
    }


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

"""Network policies of Kubernetes, Calico and Cilium: the pods they select and the directions they isolate."""

from typing import Any

from policy import calico_selectors
from policy.pods import Pod
from policy.property_paths import UNKNOWN, as_list, get_path, known
from policy.stack import Resource, Stack

_GROUPS = {
    "networking.k8s.io": "kubernetes",
    "projectcalico.org": "calico",
    "crd.projectcalico.org": "calico",
    "cilium.io": "cilium",
}


def selecting(pod: Pod, stack: Stack) -> list[Resource]:
    """The policies of the stack that select a pod, or may select it because their selector is not known yet."""
    policies = stack.every("NetworkPolicy", "CiliumNetworkPolicy")
    return [policy for policy in policies if engine(policy) and selects(policy, pod)]


def engine(policy: Resource) -> str:
    """`kubernetes`, `calico` or `cilium`; empty for any other resource."""
    for group, name in _GROUPS.items():
        if policy.type.startswith(f"kubernetes:{group}/"):
            return name
    return ""


def isolates(policy: Resource, direction: str) -> bool:
    """Whether the policy denies by default in `direction`, `Egress` or `Ingress`."""
    spec, rules = get_path(policy.properties, "spec"), direction.lower()
    if engine(policy) == "cilium":
        # A direction with rules, even empty ones:
        # https://docs.cilium.io/en/stable/security/policy/intro/#policy-enforcement-modes
        explicit = get_path(spec, "enableDefaultDeny", rules)
        return bool(get_path(spec, rules) or get_path(spec, f"{rules}Deny")) if explicit is None else bool(explicit)
    types = get_path(spec, "types" if engine(policy) == "calico" else "policyTypes")
    if not types:
        # https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/#NetworkPolicySpec:
        # Ingress, and Egress with egress rules. Calico's default is Egress alone if there are only egress rules.
        has_egress = bool(get_path(spec, "egress"))
        if direction == "Egress":
            return has_egress
        return engine(policy) == "kubernetes" or not has_egress or bool(get_path(spec, "ingress"))
    return types is UNKNOWN or direction in types or UNKNOWN in types


def selects(policy: Resource, pod: Pod) -> bool:
    """Whether a policy selects a pod; True while its selector or the labels are unknown."""
    namespace = get_path(policy.properties, "metadata", "namespace") or "default"
    if UNKNOWN not in (namespace, pod.namespace) and namespace != pod.namespace:
        return False
    spec, labels = get_path(policy.properties, "spec"), pod.labels
    if engine(policy) == "kubernetes":
        return matches(get_path(spec, "podSelector"), labels)
    if engine(policy) == "cilium":
        return matches(_plain(get_path(spec, "endpointSelector")), labels)
    selector = get_path(spec, "selector")
    if not known(selector) or not known(labels):
        return True
    try:
        return calico_selectors.selects(selector or "", labels or {})
    except ValueError:  # an unreadable selector protects no pod
        return False


def _plain(selector: Any) -> Any:
    """A Cilium selector by the labels' own names: `k8s:app` and `any:app` both match a pod's `app`."""

    def named(key: str) -> str:
        return key.removeprefix("k8s:").removeprefix("any:")

    if not known(selector):
        return selector
    return {
        "matchLabels": {named(key): value for key, value in (get_path(selector, "matchLabels") or {}).items()},
        "matchExpressions": [
            {**expression, "key": named(str(get_path(expression, "key")))}
            for expression in as_list(get_path(selector, "matchExpressions"))
        ],
    }


def matches(selector: Any, labels: Any) -> bool:
    """Whether a label selector matches labels; an empty one matches all. True while either is unknown."""
    if not known(selector) or not known(labels):
        return True
    labels = labels or {}
    wanted = get_path(selector, "matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(
        _matches_expression(expression, labels) for expression in as_list(get_path(selector, "matchExpressions"))
    )


def _matches_expression(expression: Any, labels: Any) -> bool:
    value, values = labels.get(get_path(expression, "key")), as_list(get_path(expression, "values"))
    verdicts = {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return verdicts.get(str(get_path(expression, "operator")), False)

"""Checks of the network policy in the cluster: it selects every connector pod, and allows only what is declared."""

import json
from collections.abc import Mapping
from typing import Any

from clients.errors import KubernetesApiError
from clients.kubernetes import KubernetesApi
from components.network_policy.engines import ENGINES, PolicyEngine
from ops.verify.faults import network as faults
from ops.verify.result import Check, CheckResult
from traffic import Host
from traffic.judge import isolates, selects

POLICY = Check("cluster", "policy")
POLICY_RULES = Check("cluster", "policy-rules")
Object = dict[str, Any]

DIRECTIONS = ("Egress", "Ingress")


def policies_of(api: KubernetesApi, engine: PolicyEngine, namespace: str) -> list[Object]:
    """The policies of an engine in a namespace; none where the cluster does not have the kind."""
    kind = {"apiVersion": engine.api_version, "kind": engine.kind}
    try:
        found = api.items(engine.path(namespace))
    except KubernetesApiError as error:
        if error.status == 404:
            return []
        raise
    return [{**policy, **kind, "metadata": {**policy["metadata"], "namespace": namespace}} for policy in found]


def selects_all(policies: list[Object], pods: list[Object], stack: str, labels: Mapping[str, str]) -> list[CheckResult]:
    """Whether a policy of the stack (label `app.kubernetes.io/instance`) denies by default, both ways, for each pod.

    `labels` are those that the pods were created with.
    """
    if not pods:
        return [POLICY.skipped(stack, "there are no pods to select")]
    own = [policy for policy in policies if is_own(policy, stack)]
    results = []
    for pod in pods:
        name = pod["metadata"]["name"]
        selecting = [policy for policy in own if _applies(policy, pod)]
        missing = [way for way in DIRECTIONS if not any(isolates(policy, way) for policy in selecting)]
        if not missing:
            results.append(POLICY.passed(name, "selected, for egress and ingress"))
            continue
        allowed = f"the stack's policy does not restrict {' and '.join(missing)}"
        labelled = labels.items() <= (pod["metadata"].get("labels") or {}).items()
        results.append(
            POLICY.finds(
                name,
                allowed if own else "the stack has no policy in this namespace",
                faults.POLICY_MISSING if labelled else faults.POD_UNLABELLED,
            )
        )
    return results


def allow_only(policies: list[Object], pods: list[Object], stack: str, expected: Object) -> list[CheckResult]:
    """Whether all policies together allow what is declared and no more: policies add up, none restricts another.

    One result for the stack's own policies, and one for each other policy that allows more.
    """
    own = [policy for policy in policies if is_own(policy, stack)]
    if not own:
        return [POLICY_RULES.skipped(stack, "the stack has no policy in this namespace")]
    declared = {way: rules_of(expected, way) for way in ("egress", "ingress")}
    differences = []
    for way, rules in declared.items():
        present = {rule for policy in own for rule in rules_of(policy["spec"], way)}
        if missing := len(rules - present):
            differences.append(f"{way}: {missing} of {len(rules)} rules declared are missing")
        if present - rules:
            differences.append(f"{way}: {len(present - rules)} rules are not declared")
    results = [POLICY_RULES.finds(stack, "; ".join(differences), faults.POLICY_CHANGED)] if differences else []
    for policy in policies:
        if is_own(policy, stack) or not any(_applies(policy, pod) for pod in pods):
            continue
        ways = [way for way, rules in declared.items() if allowing(policy, way) - rules]
        if ways:
            name, kind = policy["metadata"]["name"], _resource(policy)
            observed = "; ".join(f"{way}: policy {name} allows more for the same pods" for way in ways)
            results.append(POLICY_RULES.finds(stack, observed, faults.POLICY_ADDED, kind=kind, other=name))
    return results or [POLICY_RULES.passed(stack, "the policies allow what is declared, and nothing else")]


def is_own(policy: Object, stack: str) -> bool:
    labels = policy["metadata"].get("labels") or {}
    return labels.get("app.kubernetes.io/instance") == stack and labels.get("app.kubernetes.io/part-of") == "culvert"


def _resource(policy: Object) -> str:
    """The kind of a policy as kubectl names it."""
    return next(engine.resource for engine in ENGINES.values() if engine.api_version == policy["apiVersion"])


def _applies(policy: Object, pod: Object) -> bool:
    # Both are from the same namespace, which a pod's metadata does not always name.
    namespace = policy["metadata"].get("namespace") or "default"
    return selects({**policy, "metadata": {**policy["metadata"], "namespace": namespace}}, _host(pod, namespace))


def _host(pod: Object, namespace: str) -> Host:
    return Host("", namespace, tuple((pod["metadata"].get("labels") or {}).items()))


def allowing(policy: Object, way: str) -> set[str]:
    """The rules of a policy that allow traffic."""
    rules = [rule for rule in policy["spec"].get(way) or [] if rule.get("action", "Allow") != "Deny"]
    if policy["kind"].startswith("Cilium"):  # where an empty rule allows nothing
        rules = [rule for rule in rules if rule]
    return rules_of({way: rules}, way)


def rules_of(spec: Object, way: str) -> set[str]:
    """The rules of one direction, denials included, as comparable texts. Order within a rule has no meaning."""
    rules = [(key, rule) for key in (way, f"{way}Deny") for rule in spec.get(key) or []]
    return {json.dumps([key, _sorted(rule)], sort_keys=True) for key, rule in rules}


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_sorted(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    if isinstance(value, dict):
        # The API server drops empty values in some places and keeps them in others.
        return {key: inner for key, item in value.items() if (inner := _sorted(item)) not in ([], None)}
    return value

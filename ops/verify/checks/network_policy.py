"""The network policy in the cluster: it selects every connector's pod, and opens what is declared."""

import json
from dataclasses import asdict
from typing import Any

from components.network_policy.engines import engine_of
from components.network_policy.flows import egress, ingress
from ops.verify.expected_stack import Declared
from ops.verify.result import Check, Finding
from policy.network_policies import isolates
from policy.network_policies import selects as selects_pod
from policy.pods import Pod
from policy.stack import Resource

POLICY = Check("cluster", "policy")
OPENINGS = Check("cluster", "openings")
Object = dict[str, Any]

WAYS = ("Egress", "Ingress")
_EXPOSED = (
    "nothing; but whoever gets into the Cloudflare account can publish what the pod reaches: the LAN, the cluster's API"
)
_UP = "pulumi refresh, then pulumi up"


def wanted(declared: Declared) -> Object:
    """The spec of the policy that the stack declares."""
    options = declared.settings.network_policy
    destinations: list[Any] = [asdict(each) for each in declared.settings.destinations(declared.namespace)]
    resolvers: list[Any] = declared.settings.resolvers()
    outwards = egress(options.preset, declared.namespace, destinations, declared.settings.connector.region, resolvers)
    return engine_of(options.engine).write(declared.labels, outwards, ingress(options.metrics_from))


def selects(policies: list[Object], pods: list[Object], own: str) -> list[Finding]:
    """Whether a policy of the stack (label `app.kubernetes.io/instance` is `own`) shuts both ways for each pod."""
    if not pods:
        return [POLICY.skipped(own, "there are no pods to select")]
    fences = [each for each in policies if _is_own(each, own)]
    findings = []
    for pod in pods:
        name = pod["metadata"]["name"]
        types = {way for each in fences if _applies(each, pod) for way in WAYS if isolates(_resource(each), way)}
        if types >= set(WAYS):
            findings.append(POLICY.passed(name, "selected, both ways"))
            continue
        open_ways = " and ".join(way for way in WAYS if way not in types)
        gone = (
            "the stack has no policy in this namespace" if not fences else f"the stack's policy leaves {open_ways} open"
        )
        findings.append(
            POLICY.failed(
                name,
                gone,
                visitor=_EXPOSED,
                cause="the policy was deleted, or its selector or the pod's labels were changed by hand",
                remedy=_UP,
            )
        )
    return findings


def opens_only(policies: list[Object], pods: list[Object], own: str, wanted: Object) -> Finding:
    """Whether what policies open for the pods, all together, is what is declared: they add up, and none takes away."""
    ours = [each for each in policies if _is_own(each, own)]
    if not ours:
        return OPENINGS.skipped(own, "the stack has no policy in this namespace")
    others = [each for each in policies if not _is_own(each, own) and any(_applies(each, pod) for pod in pods)]
    differences = []
    for way in ("egress", "ingress"):
        declared = _rules(wanted, way)
        present = {rule for each in ours for rule in _rules(each["spec"], way)}
        if closed := len(declared - present):
            differences.append(f"{way}: {closed} of {len(declared)} rules declared are missing")
        if present - declared:
            differences.append(f"{way}: {len(present - declared)} rules are not declared")
        differences += [
            f"{way}: policy {each['metadata']['name']} opens more for the same pods"
            for each in others
            if _opening(each, way) - declared
        ]
    if differences:
        return OPENINGS.failed(
            own,
            "; ".join(differences),
            visitor=f"502 where a backend's rule is missing. Where more is open: {_EXPOSED}",
            cause="the policy was changed by hand, or another one of the namespace selects the connector's pods too",
            remedy=f"{_UP}; have the other policy leave out pods labelled app.kubernetes.io/name=cloudflared",
        )
    return OPENINGS.passed(own, "the policies open what is declared, and nothing else")


def _is_own(policy: Object, own: str) -> bool:
    labels = policy["metadata"].get("labels") or {}
    return labels.get("app.kubernetes.io/instance") == own and labels.get("app.kubernetes.io/part-of") == "culvert"


def _applies(policy: Object, pod: Object) -> bool:
    # Both are of one namespace, and pods do not always say of which.
    metadata = {**pod["metadata"], "namespace": policy["metadata"].get("namespace")}
    return selects_pod(_resource(policy), Pod(metadata["namespace"] or "default", metadata, pod["spec"]))


def _resource(policy: Object) -> Resource:
    return Resource(f"kubernetes:{policy['apiVersion']}:{policy['kind']}", policy["metadata"]["name"], policy, policy)


def _opening(policy: Object, way: str) -> set[str]:
    """The rules of a policy by which more may pass."""
    kept = [rule for rule in policy["spec"].get(way) or [] if rule.get("action", "Allow") != "Deny"]
    if policy["kind"] == "CiliumNetworkPolicy":  # where an empty rule only isolates
        kept = [rule for rule in kept if rule]
    return _rules({way: kept}, way)


def _rules(spec: Object, way: str) -> set[str]:
    """The rules of one direction, what they deny included, comparable; order within a rule says nothing."""
    rules = [(key, rule) for key in (way, f"{way}Deny") for rule in spec.get(key) or []]
    return {json.dumps([key, _sorted(rule)], sort_keys=True) for key, rule in rules}


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_sorted(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    if isinstance(value, dict):
        # The API server leaves out what is empty in some places and keeps it in others.
        return {key: inner for key, each in value.items() if (inner := _sorted(each)) not in ([], None)}
    return value

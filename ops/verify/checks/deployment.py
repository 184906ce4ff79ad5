"""The connector's Deployment and pods, as the cluster shows them."""

from collections.abc import Mapping
from typing import Any

from ops.verify.result import Check, Finding

WORKLOAD = Check("cluster", "workload")
PODS = Check("cluster", "pods")
Object = dict[str, Any]

_DOWN = "error 1033 (530) on every hostname"


def is_connector(pod: Object, labels: Mapping[str, str], name: str) -> bool:
    """Whether a pod is one of the stack's connectors: by its labels or, where somebody took these away, by its token."""
    carried = pod["metadata"].get("labels") or {}
    secrets = [(each.get("secret") or {}).get("secretName", "") for each in pod["spec"].get("volumes") or []]
    return labels.items() <= carried.items() or any(each.startswith(f"{name}-token") for each in secrets)


def as_declared(name: str, deployment: Object | None, replicas: int, image: str) -> Finding:
    """Whether the Deployment is there, with the replicas and the image declared."""
    if deployment is None:
        return WORKLOAD.failed(
            name,
            "there is no such Deployment",
            visitor=_DOWN,
            cause="it was deleted by hand, or the stack is in another cluster than the current context's",
            remedy="kubectl config current-context; then pulumi refresh and pulumi up",
        )
    spec = deployment["spec"]
    differences = []
    if (found := spec.get("replicas", 1)) != replicas:
        differences.append(f"{found} replicas, declared are {replicas}")
    containers = spec["template"]["spec"]["containers"]
    images = [each.get("image") for each in containers if each["name"] == "cloudflared"]
    if images != [image]:
        differences.append(f"image {', '.join(map(str, images)) or 'none'}, declared is {image}")
    if differences:
        return WORKLOAD.failed(
            name,
            "; ".join(differences),
            visitor=_DOWN if not found else "nothing yet, or an error 1033 (530) once the last good pod is gone",
            cause="the Deployment was changed by hand (kubectl scale, kubectl set image), or by an autoscaler",
            remedy="pulumi up --refresh puts it back",
        )
    return WORKLOAD.passed(name, f"{replicas} replicas of the image declared")


def are_ready(name: str, wanted: int, pods: list[Object]) -> list[Finding]:
    """Whether each pod is ready, and there are as many as the Deployment asks for."""
    staying = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    findings = [_ready(pod) for pod in staying]
    if len(staying) < wanted:
        findings.append(
            PODS.failed(
                name,
                f"{len(staying)} of {wanted} pods exist",
                visitor=_DOWN if not staying else "nothing yet: the others carry everything",
                cause="the cluster does not let them be made: a quota, Pod Security, or an admission webhook",
                remedy="kubectl describe replicaset names the refusal",
            )
        )
    return findings or [PODS.skipped(name, "there are no pods, and none are asked for")]


def _ready(pod: Object) -> Finding:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    conditions = {each["type"]: each for each in status.get("conditions") or []}
    containers = status.get("containerStatuses") or []
    restarts = sum(each.get("restartCount", 0) for each in containers)
    if conditions.get("Ready", {}).get("status") == "True":
        return PODS.passed(name, f"ready, {restarts} restarts")
    reasons = [_reason(each) for each in containers if not each.get("ready")]
    reasons = [reason for reason in reasons if reason]
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        reasons.append(f"not scheduled: {scheduled.get('message') or scheduled.get('reason')}")
    seen = f"{status.get('phase', 'Pending')}, not ready, {restarts} restarts"
    return PODS.failed(
        name,
        f"{seen}{'; ' if reasons else ''}{'; '.join(reasons)}",
        visitor=f"nothing while another pod is ready; else {_DOWN}",
        cause=_cause(" ".join(reasons)),
        remedy=f"kubectl describe pod {name}, and kubectl logs {name}",
    )


def _reason(container: Object) -> str:
    state = container.get("state") or {}
    held = state.get("waiting") or state.get("terminated") or {}
    return ": ".join(str(held[key]) for key in ("reason", "message") if held.get(key))


def _cause(reasons: str) -> str:
    for sign, cause in {
        "ImagePull": "the image cannot be had: no such tag, or the registry cannot be reached",
        "ErrImage": "the image cannot be had: no such tag, or the registry cannot be reached",
        "CreateContainerConfigError": "the Secret with the token is gone, or something else that the pod refers to",
        "CrashLoop": "cloudflared ends by itself: a token that is not this tunnel's, or settings that it refuses",
        "not scheduled": "no node takes it: too little room, or taints and selectors that none meets",
    }.items():
        if sign in reasons:
            return cause
    return (
        "cloudflared has no connection to the edge: port 7844 (UDP and TCP) is shut on the way, or it was just started"
    )

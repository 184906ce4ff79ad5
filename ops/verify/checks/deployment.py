"""Checks of the connector's Deployment and pods."""

from collections.abc import Mapping
from typing import Any

from components.connector import pod_status
from ops.verify.result import REDEPLOY_OBJECTS, Check, CheckResult

WORKLOAD = Check("cluster", "workload")
PODS = Check("cluster", "pods")
Object = dict[str, Any]

_DOWN = "error 1033 (530) on every hostname"
_CAUSES = {
    "ImagePull": "the image cannot be pulled: the tag does not exist, or the registry cannot be reached",
    "ErrImage": "the image cannot be pulled: the tag does not exist, or the registry cannot be reached",
    "CreateContainerConfigError": "the Secret with the token, or another object that the pod refers to, does not exist",
    "CrashLoop": "cloudflared exits: the token is not this tunnel's, or it rejects its settings",
    "not scheduled": "no node fits: not enough resources, or taints and selectors that no node satisfies",
}
"""Likely cause by a word in the reasons that the cluster gives."""


def is_connector(pod: Object, labels: Mapping[str, str], name: str) -> bool:
    """Whether a pod is a connector of the stack: by its labels or, without them, by the token that it mounts."""
    pod_labels = pod["metadata"].get("labels") or {}
    secrets = [(volume.get("secret") or {}).get("secretName", "") for volume in pod["spec"].get("volumes") or []]
    return labels.items() <= pod_labels.items() or any(secret.startswith(f"{name}-token") for secret in secrets)


def is_running(pod: Object) -> bool:
    """Whether a pod is neither being deleted nor finished."""
    phase = pod.get("status", {}).get("phase")
    return not pod["metadata"].get("deletionTimestamp") and phase not in ("Succeeded", "Failed")


def matches(name: str, deployment: Object | None, replicas: int | None, image: str) -> CheckResult:
    """Whether the Deployment exists, with the declared replicas and image. With None, others decide the replicas."""
    if deployment is None:
        return WORKLOAD.failed(
            name,
            "the Deployment does not exist",
            impact=_DOWN,
            cause="it was deleted manually, or the stack is in another cluster than the current context",
            remedy="kubectl config current-context; then pulumi refresh and pulumi up",
        )
    spec = deployment["spec"]
    differences = []
    present = spec.get("replicas", 1)
    if replicas is None and not present:
        return WORKLOAD.failed(
            name,
            "0 replicas, declared are external ones",
            impact=_DOWN,
            cause="an autoscaler or a person scaled it to none",
            remedy="kubectl scale deployment, or raise the autoscaler's minimum",
        )
    if replicas not in (None, present):
        differences.append(f"{present} replicas, declared are {replicas}")
    containers = spec["template"]["spec"]["containers"]
    images = [container.get("image") for container in containers if container["name"] == "cloudflared"]
    if images != [image]:
        differences.append(f"image {', '.join(map(str, images)) or 'none'}, declared is {image}")
    if differences:
        return WORKLOAD.failed(
            name,
            "; ".join(differences),
            impact="none yet, or error 1033 (530) once the last working pod is gone" if present else _DOWN,
            cause="the Deployment was changed manually (kubectl scale, kubectl set image), or by an autoscaler",
            remedy=f"{REDEPLOY_OBJECTS} restores it",
        )
    return WORKLOAD.passed(name, f"{present} replicas of the declared image")


def are_ready(name: str, replicas: int, pods: list[Object]) -> list[CheckResult]:
    """Whether each pod is ready, and there are as many as the Deployment's `replicas`."""
    staying = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    results = [_is_ready(pod) for pod in staying]
    if len(staying) < replicas:
        results.append(
            PODS.failed(
                name,
                f"{len(staying)} of {replicas} pods exist",
                impact="none yet: the other pods carry all requests" if staying else _DOWN,
                cause="the cluster does not admit them: a quota, Pod Security, or an admission webhook",
                remedy="kubectl describe replicaset names the refusal",
            )
        )
    return results or [PODS.skipped(name, "the Deployment has no replicas, and there are no pods")]


def _is_ready(pod: Object) -> CheckResult:
    name, restarts, reasons = pod["metadata"]["name"], pod_status.restarts(pod), pod_status.reasons(pod)
    if pod_status.is_ready(pod):
        return PODS.passed(name, f"ready, {restarts} restarts")
    observed = f"{(pod.get('status') or {}).get('phase', 'Pending')}, not ready, {restarts} restarts"
    return PODS.failed(
        name,
        "; ".join([observed, *reasons]),
        impact=f"none while another pod is ready; otherwise {_DOWN}",
        cause=_cause(" ".join(reasons)),
        remedy=f"kubectl describe pod {name}, and kubectl logs {name}",
    )


def _cause(reasons: str) -> str:
    default = (
        "cloudflared has no connection to the edge: port 7844 (UDP and TCP) is blocked, or the pod has just started"
    )
    return next((cause for word, cause in _CAUSES.items() if word in reasons), default)

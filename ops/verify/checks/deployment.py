"""Checks of the connector's Deployment and pods."""

from collections.abc import Mapping
from typing import Any

from clients import pod_status
from ops.verify.faults import cluster as faults
from ops.verify.faults.cloudflare import DOWN
from ops.verify.faults.fault import Fault
from ops.verify.result import Check, CheckResult

WORKLOAD = Check("cluster", "workload")
PODS = Check("cluster", "pods")
Object = dict[str, Any]

_FAULTS = {
    "ImagePull": faults.IMAGE_NOT_PULLED,
    "ErrImage": faults.IMAGE_NOT_PULLED,
    "CreateContainerConfigError": faults.CONTAINER_NOT_CREATED,
    "CrashLoop": faults.CRASH_LOOP,
    "not scheduled": faults.NOT_SCHEDULED,
}
"""The fault by a word in the reasons that the cluster gives."""


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
        return WORKLOAD.finds(name, "the Deployment does not exist", faults.DEPLOYMENT_MISSING)
    spec = deployment["spec"]
    differences = []
    present = spec.get("replicas", 1)
    if replicas is None and not present:
        return WORKLOAD.finds(name, "replicas: 0, declared: external", faults.SCALED_TO_NONE)
    if replicas not in (None, present):
        differences.append(f"replicas: {present}, declared: {replicas}")
    containers = spec["template"]["spec"]["containers"]
    images = [container.get("image") for container in containers if container["name"] == "cloudflared"]
    if images != [image]:
        differences.append(f"image {', '.join(map(str, images)) or 'none'}, declared is {image}")
    if differences:
        impact = "" if present else DOWN
        return WORKLOAD.finds(name, "; ".join(differences), faults.DEPLOYMENT_CHANGED, impact=impact)
    return WORKLOAD.passed(name, f"{present} replicas of the declared image")


def are_ready(name: str, replicas: int, pods: list[Object]) -> list[CheckResult]:
    """Whether each pod is ready, and there are as many as the Deployment's `replicas`."""
    staying = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    results = [_is_ready(pod) for pod in staying]
    if len(staying) < replicas:
        results.append(
            PODS.finds(
                name,
                f"{len(staying)} of {replicas} pods exist",
                faults.PODS_MISSING,
                impact="" if staying else DOWN,
            )
        )
    return results or [PODS.skipped(name, "the Deployment has no replicas, and there are no pods")]


def _is_ready(pod: Object) -> CheckResult:
    name, restarts, reasons = pod["metadata"]["name"], pod_status.restarts(pod), pod_status.reasons(pod)
    if pod_status.is_ready(pod):
        return PODS.passed(name, f"ready, {restarts} restarts")
    observed = f"{(pod.get('status') or {}).get('phase', 'Pending')}, not ready, {restarts} restarts"
    return PODS.finds(name, "; ".join([observed, *reasons]), _fault(" ".join(reasons)))


def _fault(reasons: str) -> Fault:
    return next((fault for word, fault in _FAULTS.items() if word in reasons), faults.NOT_READY)

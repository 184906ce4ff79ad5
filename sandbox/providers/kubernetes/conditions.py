"""Readiness conditions of each kind.

Source: the awaiters of pulumi-kubernetes 4.34 (`provider/pkg/await`) and `kubectl rollout status`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.providers.interface import ProviderError
from sandbox.providers.kubernetes.api import Api

NOT_OBSERVED = "its controller has not observed it yet"


class NeverReady(ProviderError):
    """The object will not become ready by waiting."""


def _condition(manifest: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    conditions = manifest.get("status", {}).get("conditions") or []
    return next((one for one in conditions if one["type"] == kind), {})


def _namespace(manifest: Mapping[str, Any], _: Api) -> str:
    phase = manifest.get("status", {}).get("phase")
    return "" if phase == "Active" else f"its phase is {phase}"


def _is_outdated(manifest: Mapping[str, Any]) -> bool:
    """Whether the status is that of an earlier generation."""
    return manifest.get("status", {}).get("observedGeneration", 0) < manifest["metadata"].get("generation", 0)


def _deployment(manifest: Mapping[str, Any], _: Api) -> str:
    if _is_outdated(manifest):
        return NOT_OBSERVED
    progress, failure = _condition(manifest, "Progressing"), _condition(manifest, "ReplicaFailure")
    # Rejected pods (by Pod Security, by a quota) may be accepted later: a reason, but not final.
    refused = f"; {failure['message']}" if failure.get("status") == "True" else ""
    if progress.get("reason") == "ProgressDeadlineExceeded":
        raise NeverReady(f"{progress.get('message')}{refused}")
    lacks = _replicas(manifest, "availableReplicas")
    return f"{lacks}{refused}" if lacks else ""


def _stateful_set(manifest: Mapping[str, Any], _: Api) -> str:
    return NOT_OBSERVED if _is_outdated(manifest) else _replicas(manifest, "readyReplicas")


def _replicas(manifest: Mapping[str, Any], available: str) -> str:
    status, wanted = manifest["status"], manifest["spec"].get("replicas", 1)
    if status.get("updatedReplicas", 0) < wanted:
        return f"{status.get('updatedReplicas', 0)} of {wanted} replicas are updated"
    if status.get("replicas", 0) > wanted:
        return f"{status['replicas'] - wanted} old replicas have not terminated"
    if status.get(available, 0) < wanted:
        return f"{status.get(available, 0)} of {wanted} replicas are available"
    return ""


def _daemon_set(manifest: Mapping[str, Any], _: Api) -> str:
    if _is_outdated(manifest):
        return NOT_OBSERVED
    status = manifest["status"]
    wanted, done = status.get("desiredNumberScheduled", 0), status.get("numberAvailable", 0)
    updated = status.get("updatedNumberScheduled", 0)
    return "" if min(done, updated) >= wanted else f"{done} of {wanted} pods are available, {updated} updated"


def _pod(manifest: Mapping[str, Any], _: Api) -> str:
    status = manifest.get("status", {})
    if status.get("phase") == "Failed":
        raise NeverReady(status.get("message", "it failed"))
    ready = status.get("phase") == "Succeeded" or _condition(manifest, "Ready").get("status") == "True"
    return "" if ready else f"its phase is {status.get('phase')}"


def _job(manifest: Mapping[str, Any], _: Api) -> str:
    failed = _condition(manifest, "Failed")
    if failed.get("status") == "True":
        raise NeverReady(failed.get("message", "it failed"))
    return "" if _condition(manifest, "Complete").get("status") == "True" else "it is not complete"


def _service(manifest: Mapping[str, Any], api: Api) -> str:
    """The official plugin waits ten seconds more, from the last change of the endpoints (`pkg/await/service.go`); here
    none is late."""
    spec = manifest["spec"]
    if spec.get("type") == "LoadBalancer" and not manifest.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return "it has no IP address"
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return ""
    namespace, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
    slices = api.call(
        "GET",
        f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices",
        query={"labelSelector": f"kubernetes.io/service-name={name}"},
    )["items"]
    if not slices:
        return "it has no endpoints yet"
    ends = [end for one in slices for end in one.get("endpoints") or []]
    pending = [end for end in ends if not end["conditions"].get("ready")]
    return f"{len(pending)} of its {len(ends)} endpoints are not ready" if pending else ""


def _definition(manifest: Mapping[str, Any], _: Api) -> str:
    return "" if _condition(manifest, "Established").get("status") == "True" else "it is not established"


def wait_for(expression: str) -> Callable[[Mapping[str, Any], Api], str]:
    """The condition of `pulumi.com/waitFor`: `condition=Ready`, or with a status as in `condition=Ready=False`.

    A condition of an earlier generation does not count, if it has an `observedGeneration`.
    """
    kind, _, wanted = expression.removeprefix("condition=").partition("=")
    if not expression.startswith("condition=") or not kind:
        raise ProviderError(f"pulumi.com/waitFor must be condition=… for the stand-in, got {expression!r}")

    def lacks(manifest: Mapping[str, Any], _: Api) -> str:
        found = _condition(manifest, kind)
        seen = found.get("observedGeneration", manifest.get("status", {}).get("observedGeneration"))
        if seen is not None and seen < manifest["metadata"].get("generation", 0):
            return NOT_OBSERVED
        if found.get("status") == (wanted or "True"):
            return ""
        reason = found.get("message") or found.get("reason")
        return f"its condition {kind} is {found.get('status', 'not set')}{f': {reason}' if reason else ''}"

    return lacks


CONDITIONS: Mapping[str, Callable[[Mapping[str, Any], Api], str]] = {
    "Namespace": _namespace,
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Pod": _pod,
    "Job": _job,
    "Service": _service,
    "CustomResourceDefinition": _definition,
}
"""Kind → what the object lacks to be ready, empty if nothing."""

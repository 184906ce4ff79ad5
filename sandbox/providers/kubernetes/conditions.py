"""What an object of each kind must have become to count as ready.

Source: the awaiters of pulumi-kubernetes 4.34 (`provider/pkg/await`) and `kubectl rollout status`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.providers.interface import ProviderError
from sandbox.providers.kubernetes.api import Api

UNSEEN = "its controller has not seen it yet"


class Hopeless(ProviderError):
    """It will not become ready by waiting."""


def _condition(thing: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    conditions = thing.get("status", {}).get("conditions") or []
    return next((one for one in conditions if one["type"] == kind), {})


def _namespace(thing: Mapping[str, Any], _: Api) -> str:
    phase = thing.get("status", {}).get("phase")
    return "" if phase == "Active" else f"its phase is {phase}"


def _unseen(thing: Mapping[str, Any]) -> bool:
    """The status still speaks of what the object was before."""
    return thing.get("status", {}).get("observedGeneration", 0) < thing["metadata"].get("generation", 0)


def _deployment(thing: Mapping[str, Any], _: Api) -> str:
    if _unseen(thing):
        return UNSEEN
    progress, failure = _condition(thing, "Progressing"), _condition(thing, "ReplicaFailure")
    # That pods are refused (by Pod Security, by a quota) may pass, so it is a reason and no end.
    refused = f"; {failure['message']}" if failure.get("status") == "True" else ""
    if progress.get("reason") == "ProgressDeadlineExceeded":
        raise Hopeless(f"{progress.get('message')}{refused}")
    lacks = _replicas(thing, "availableReplicas")
    return f"{lacks}{refused}" if lacks else ""


def _stateful_set(thing: Mapping[str, Any], _: Api) -> str:
    return UNSEEN if _unseen(thing) else _replicas(thing, "readyReplicas")


def _replicas(thing: Mapping[str, Any], available: str) -> str:
    status, wanted = thing["status"], thing["spec"].get("replicas", 1)
    if status.get("updatedReplicas", 0) < wanted:
        return f"{status.get('updatedReplicas', 0)} of {wanted} replicas are updated"
    if status.get("replicas", 0) > wanted:
        return f"{status['replicas'] - wanted} old replicas have not ended"
    if status.get(available, 0) < wanted:
        return f"{status.get(available, 0)} of {wanted} replicas are available"
    return ""


def _daemon_set(thing: Mapping[str, Any], _: Api) -> str:
    if _unseen(thing):
        return UNSEEN
    status = thing["status"]
    wanted, done = status.get("desiredNumberScheduled", 0), status.get("numberAvailable", 0)
    updated = status.get("updatedNumberScheduled", 0)
    return "" if min(done, updated) >= wanted else f"{done} of {wanted} pods are available, {updated} updated"


def _pod(thing: Mapping[str, Any], _: Api) -> str:
    status = thing.get("status", {})
    if status.get("phase") == "Failed":
        raise Hopeless(status.get("message", "it failed"))
    ready = status.get("phase") == "Succeeded" or _condition(thing, "Ready").get("status") == "True"
    return "" if ready else f"its phase is {status.get('phase')}"


def _job(thing: Mapping[str, Any], _: Api) -> str:
    failed = _condition(thing, "Failed")
    if failed.get("status") == "True":
        raise Hopeless(failed.get("message", "it failed"))
    return "" if _condition(thing, "Complete").get("status") == "True" else "it is not complete"


def _service(thing: Mapping[str, Any], api: Api) -> str:
    """The real plugin waits ten seconds more, for stragglers among the endpoints; nothing is late here."""
    spec = thing["spec"]
    if spec.get("type") == "LoadBalancer" and not thing.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return "it was not allocated an IP address"
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return ""
    namespace, name = thing["metadata"]["namespace"], thing["metadata"]["name"]
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


def _definition(thing: Mapping[str, Any], _: Api) -> str:
    return "" if _condition(thing, "Established").get("status") == "True" else "it is not established"


def asked(expression: str) -> Callable[[Mapping[str, Any], Api], str]:
    """What `pulumi.com/waitFor` asks for: `condition=Ready`, true or as in `condition=Ready=False`.

    A status that still speaks of an earlier generation does not count, where it says which one it speaks of.
    """
    kind, _, wanted = expression.removeprefix("condition=").partition("=")
    if not expression.startswith("condition=") or not kind:
        raise ProviderError(f"the stand-in waits for condition=…, not for {expression!r} (pulumi.com/waitFor)")

    def lacks(thing: Mapping[str, Any], _: Api) -> str:
        found = _condition(thing, kind)
        seen = found.get("observedGeneration", thing.get("status", {}).get("observedGeneration"))
        if seen is not None and seen < thing["metadata"].get("generation", 0):
            return UNSEEN
        if found.get("status") == (wanted or "True"):
            return ""
        said = found.get("message") or found.get("reason")
        return f"its condition {kind} is {found.get('status', 'not set')}{f': {said}' if said else ''}"

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
"""Kind → what the object still lacks, empty when nothing."""

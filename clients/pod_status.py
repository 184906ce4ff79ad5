"""Why a pod is not ready, by its status."""

from typing import Any

Object = dict[str, Any]


def restarts(pod: Object) -> int:
    return sum(container.get("restartCount", 0) for container in _containers(pod))


def is_ready(pod: Object) -> bool:
    return _conditions(pod).get("Ready", {}).get("status") == "True"


def reasons(pod: Object) -> list[str]:
    """What the cluster says of a pod that is not ready: `CrashLoopBackOff: back-off 5m0s …`, `not scheduled: …`."""
    found = [reason for each in _containers(pod) if not each.get("ready") and (reason := _state(each.get("state")))]
    scheduled = _conditions(pod).get("PodScheduled", {})
    if scheduled.get("status") == "False":
        found.append(f"not scheduled: {scheduled.get('message') or scheduled.get('reason')}")
    return found


def last_end(pod: Object) -> str:
    """How a container of the pod last ended, with the message that it left, if any; empty if none has."""
    return next((end for each in _containers(pod) if (end := _state(each.get("lastState")))), "")


def _state(state: Object | None) -> str:
    current = (state or {}).get("waiting") or (state or {}).get("terminated") or {}
    return ": ".join(str(current[key]) for key in ("reason", "message") if current.get(key))


def _containers(pod: Object) -> list[Object]:
    return (pod.get("status") or {}).get("containerStatuses") or []


def _conditions(pod: Object) -> dict[str, Object]:
    return {condition["type"]: condition for condition in (pod.get("status") or {}).get("conditions") or []}

"""What each connector says of itself on its metrics port, asked through the API server."""

import json
from collections.abc import Callable
from typing import Any

from components.network_policy.flows import METRICS_PORT
from ops.verify.result import Check, Finding, Unread

READY = Check("cluster", "connected")
RUNS = Check("cluster", "configuration")
Object = dict[str, Any]
Ask = Callable[[str], str]
"""Path → what the pod answers; raises Unread."""

EACH = 4


def simulated(node: Object | None) -> bool:
    """Whether a node is one of KWOK's, or has no container runtime: its pods are entries in the API and run nothing."""
    if node is None:
        return False
    meta = node["metadata"]
    marked = any("kwok.x-k8s.io/node" in (meta.get(kind) or {}) for kind in ("labels", "annotations"))
    runtime = node.get("status", {}).get("nodeInfo", {}).get("containerRuntimeVersion", "")
    return marked or runtime.startswith("none:")


def speaks_for_itself(namespace: str, pod: str, ask: Ask, version: int | None) -> list[Finding]:
    """Both checks on one pod. `version` is the API's, None where nobody knows."""
    try:
        ready, running = ask("/ready"), ask("/config")
    except Unread as why:
        how = (
            "the policy lets nobody in, and some network plugins count the API server among them; ask by hand: "
            f"kubectl port-forward -n {namespace} {pod} {METRICS_PORT} & curl localhost:{METRICS_PORT}/ready localhost:{METRICS_PORT}/config"
        )
        return [check.unknown(pod, f"could not be asked: {why.why}", how) for check in (READY, RUNS)]
    return [holds_four(pod, ready), runs_version(pod, running, version)]


def holds_four(pod: str, ready: str) -> Finding:
    """`ready` is the answer of /ready, which is JSON with either status."""
    count = _read(ready).get("readyConnections")
    if not isinstance(count, int):
        return READY.unknown(
            pod, "the answer of /ready is none that cloudflared gives", "is the image cloudflared's own?"
        )
    if count < EACH:
        return READY.failed(
            pod,
            f"{count} of {EACH} connections",
            visitor="nothing while others are connected; else error 1033 (530)",
            cause="port 7844 (UDP and TCP) is shut towards some of the edge's addresses, or it was just started",
            remedy=f"kubectl logs {pod}; the node's firewall must let 7844 out",
        )
    return READY.passed(pod, f"{count} connections")


def runs_version(pod: str, running: str, version: int | None) -> Finding:
    """`running` is the answer of /config: `{"version": n, "config": …}`."""
    found = _read(running).get("version")
    if not isinstance(found, int):
        return RUNS.unknown(pod, "the answer of /config names no version", "is the image cloudflared's own?")
    if version is None:
        return RUNS.unknown(pod, f"runs version {found}; which one the API holds is not known")
    if found != version:
        return RUNS.failed(
            pod,
            f"runs version {found}, and the API holds {version}",
            visitor="the rules of before the last change, on the requests that this pod gets",
            cause="it refused the new rules (it keeps the old ones), or has not been told yet",
            remedy=f"kubectl logs {pod} names the rule that it refuses; else restart the Deployment",
        )
    return RUNS.passed(pod, f"runs version {found}")


def _read(text: str) -> Object:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}

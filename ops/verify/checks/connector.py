"""Checks of each connector by its metrics port: connected, and with the current configuration."""

import json
from collections.abc import Callable
from typing import Any

from clients.errors import CheckUnavailable
from components.monitoring.metrics import CONNECTIONS_PER_CONNECTOR
from components.network_policy.flows import METRICS_PORT
from ops.verify.faults import cluster as faults
from ops.verify.result import Check, CheckResult

CONNECTED = Check("cluster", "connected")
CONFIGURATION = Check("cluster", "configuration")
Object = dict[str, Any]
Get = Callable[[str], str]
"""Path → the pod's answer. Raises CheckUnavailable."""


def is_simulated(node: Object | None) -> bool:
    """Whether a node is KWOK's or has no container runtime: its pods exist only in the API."""
    if node is None:
        return False
    metadata = node["metadata"]
    marked = any("kwok.x-k8s.io/node" in (metadata.get(kind) or {}) for kind in ("labels", "annotations"))
    runtime = node.get("status", {}).get("nodeInfo", {}).get("containerRuntimeVersion", "")
    return marked or runtime.startswith("none:")


def check_connector(namespace: str, pod: str, get: Get, version: int | None) -> list[CheckResult]:
    """Both checks of one pod. `version` is the API's version of the configuration, None if it is not known."""
    try:
        ready, config = get("/ready"), get("/config")
    except CheckUnavailable as error:
        remedy = (
            "the network policy admits no client, which some network plugins apply to the API server too; "
            "check manually: "
            f"kubectl port-forward -n {namespace} {pod} {METRICS_PORT} & "
            f"curl localhost:{METRICS_PORT}/ready localhost:{METRICS_PORT}/config"
        )
        reason = f"the pod could not be reached: {error.reason}"
        return [check.unknown(pod, reason, remedy) for check in (CONNECTED, CONFIGURATION)]
    return [has_all_connections(pod, ready), version_is_current(pod, config, version)]


def has_all_connections(pod: str, ready: str) -> CheckResult:
    """`ready` is the answer of /ready, which is JSON whatever its status."""
    count = _json(ready).get("readyConnections")
    if not isinstance(count, int):
        return CONNECTED.unknown(pod, "the answer of /ready is not cloudflared's", "is the image cloudflared's own?")
    if count < CONNECTIONS_PER_CONNECTOR:
        return CONNECTED.finds(
            pod,
            f"{count} of {CONNECTIONS_PER_CONNECTOR} connections",
            faults.NOT_CONNECTED,
        )
    return CONNECTED.passed(pod, f"{count} connections")


def version_is_current(pod: str, config: str, version: int | None) -> CheckResult:
    """`config` is the answer of /config: `{"version": n, "config": …}`."""
    running = _json(config).get("version")
    if not isinstance(running, int):
        return CONFIGURATION.unknown(pod, "the answer of /config has no version", "is the image cloudflared's own?")
    if version is None:
        return CONFIGURATION.unknown(pod, f"runs version {running}; the API's version is not known")
    if running != version:
        observed = f"runs version {running}, but the API has {version}"
        return CONFIGURATION.finds(pod, observed, faults.CONFIGURATION_BEHIND)
    return CONFIGURATION.passed(pod, f"runs version {running}")


def _json(text: str) -> Object:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
